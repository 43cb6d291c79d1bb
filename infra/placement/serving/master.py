"""The mixed-integer program over options, replicas and loads, and the rows it learns from answers that do not hold.

Which users go where is not in it: `cut` finds, after an answer, users who do not fit, and adds a row that says so.
"""

import math
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from infra.placement.serving.cuts import Coverage
from infra.placement.serving.flow import overloaded
from infra.placement.serving.problem import Option, Problem
from infra.placement.serving.program import Answer, Program
from infra.placement.serving.reduce import replica_bounds, replicas_for, smallest

_WORTH = 1e-4  # of the bound: what some rounds of rows must raise it by to be followed by another
_PATIENCE = 6  # rounds: those that raise it by nothing are often followed by one that does
_MANY = 64  # classes of users; with more, crowds are looked for in whole answers only
_MOST_SPREAD = 12  # regions; beyond, one more changes what all must carry by less than a hundredth


@dataclass(frozen=True, kw_only=True, slots=True)
class Cuts:
    """made: how many. standing: whether what runs cannot carry all users, however they are assigned."""

    made: int
    standing: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class _Columns:
    on: int
    replicas: int | None
    load: int


class Master:
    """The program over options, and the cuts it has learned.

    paying: providers whose shared cost is paid, each of which runs a region; nobody else's options are among these.
    """

    def __init__(self, problem: Problem, options: Sequence[Option], paying: Collection[str]) -> None:
        self.program = Program()
        self._problem, self._options = problem, options
        self._nearness = problem.nearness_usd
        self._loads: dict[frozenset[int], float] = defaultdict(float)
        for index, user in enumerate(problem.users):
            serving = frozenset(number for number, option in enumerate(options) if index in option.serves)
            self._loads[serving] += user.requests_per_s
        rankings = ([self._per_rps(option, whole=whole) for option in options] for whole in (False, True))
        self._coverages = [Coverage(self._loads, ranking) for ranking in rankings]
        self._regions: dict[str, list[int]] = defaultdict(list)
        for number, option in enumerate(options):
            self._regions[option.region].append(number)
        bounds = replica_bounds(options)
        self._columns = [self._column(option, *bounds.get(option.name, (0, 0.0))) for option in options]
        self._lines: dict[str, tuple[int, ...]] = {}
        self._survived: list[set[frozenset[int]]] = []
        self.considers_all = True
        self._rows()
        self._pay(paying)

    # --- the program

    def _column(self, option: Option, least: int, most_replicas: float) -> _Columns:
        """least, most_replicas: that are worth considering, where they are counted."""
        program, most = self.program, self._problem.load_rps
        served = sum(self._problem.users[index].requests_per_s for index in option.serves)
        on = program.column(cost=option.fixed_usd, upper=1, whole=True)
        lines = self._problem.volume.get(option.region, ())
        single = lines[0].usd_per_rps if len(lines) == 1 else 0.0
        load = program.column(cost=option.usd_per_rps + single + self._nearness * self._mean_ms(option))
        program.row([(load, 1), (on, -served)], high=0)
        if option.min_rps:
            program.row([(load, 1), (on, -option.min_rps)], low=0)
        if not option.bounded:
            return _Columns(on=on, replicas=None, load=load)
        ceiling = max(least, min(most_replicas, replicas_for(option, min(most, served))))
        replicas = program.column(cost=option.replica_usd, upper=ceiling, whole=True)
        program.row([(load, 1), (replicas, -option.replica_rps)], high=0)
        program.row([(replicas, 1), (on, -least)], low=0)
        if (
            self._problem.survive_region_loss or ceiling == most_replicas
        ):  # else more than the load needs is never worth it
            program.row([(replicas, 1), (on, -ceiling)], high=0)
        return _Columns(on=on, replicas=replicas, load=load)

    def _mean_ms(self, option: Option) -> float:
        users = self._problem.users
        load = sum(users[index].requests_per_s for index in option.serves)
        return sum(users[index].requests_per_s * ms for index, ms in option.serves.items()) / load

    def _rows(self) -> None:
        program, problem = self.program, self._problem
        total = problem.load_rps
        program.row([(columns.load, 1) for columns in self._columns], low=total, high=total)
        for region, numbers in self._regions.items():
            low = 1.0 if region in problem.required else -math.inf
            program.row([(self._columns[number].on, 1) for number in numbers], low=low, high=1)
        most = math.inf if problem.most_regions is None else problem.most_regions
        program.row([(columns.on, 1) for columns in self._columns], low=problem.min_regions, high=most)
        for region, numbers in self._regions.items():
            self._volume(region, numbers)
        needed = 2 if problem.survive_region_loss else 1
        for serving in smallest(list(self._loads)):
            program.row([(self._columns[number].on, 1) for number in sorted(serving)], low=needed)
        everyone = set(self._loads)
        self._need(everyone, lost=None)
        if problem.survive_region_loss:
            self._survive(everyone)

    def _pay(self, paying: Collection[str]) -> None:
        """Whole, as the relaxation would else pay as much of it as it opens of a region, and be far off."""
        for provider in sorted(paying):
            shared = self.program.column(cost=self._problem.shared_usd[provider], upper=1)
            self.program.row([(shared, 1)], low=1)
            theirs = [number for number, option in enumerate(self._options) if option.provider == provider]
            self.program.row([(self._columns[number].on, 1) for number in theirs], low=1)

    def _volume(self, region: str, numbers: Sequence[int]) -> None:
        """One of the region's lines is on, and all of its load is priced at it. A single line is in the load's cost."""
        lines = self._problem.volume.get(region, ())
        if len(lines) < 2:
            return
        program, most = self.program, self._problem.load_rps
        on = tuple(program.column(cost=line.usd_at_zero, upper=1, whole=True) for line in lines)
        priced = [program.column(cost=line.usd_per_rps) for line in lines]
        for line_on, load in zip(on, priced, strict=True):
            program.row([(load, 1), (line_on, -most)], high=0)
        program.row([*((one, 1) for one in on), *((self._columns[number].on, -1) for number in numbers)], low=0, high=0)
        loads = [(self._columns[number].load, -1.0) for number in numbers]
        program.row([*((load, 1.0) for load in priced), *loads], low=0, high=0)
        self._lines[region] = on

    def slopes(self, values: Sequence[float]) -> dict[str, float]:
        """What a request per second costs by the line that is on in each region."""
        chosen = {region: max(range(len(on)), key=lambda line: values[on[line]]) for region, on in self._lines.items()}
        return {
            region: lines[chosen.get(region, 0)].usd_per_rps for region, lines in self._problem.volume.items() if lines
        }

    def _need(self, users: set[frozenset[int]], lost: str | None) -> None:
        """What serves any of these users carries all they bring; standing capacity counts, not today's load."""
        load = sum(self._loads[kind] for kind in users)
        self.program.row(self._standing(users, load, lost), low=load)

    def _standing(self, users: set[frozenset[int]], load: float, lost: str | None = None) -> list[tuple[int, float]]:
        """The sum of what everything that serves any of these users can carry of this load."""
        terms: list[tuple[int, float]] = []
        for number in sorted(frozenset[int]().union(*users)):
            option, columns = self._options[number], self._columns[number]
            if option.region == lost:
                continue
            if columns.replicas is None:
                terms.append((columns.on, load))
            else:
                terms.append((columns.replicas, option.replica_rps))
        return terms

    def _survive(self, users: set[frozenset[int]]) -> None:
        """The same for each region that may be lost: else the next answer only lacks another one."""
        if users in self._survived:
            return
        self._survived.append(users)
        self._spread(users)
        if len(self._loads) > _MANY:  # then rows of all options are dear, and few of them bind
            return
        for lost in sorted({self._options[number].region for number in frozenset[int]().union(*users)}):
            self._need(users, lost)

    def _spread(self, users: set[frozenset[int]]) -> None:
        """With k regions, what is left without the largest carries the load, so all carry k / (k - 1) of it.

        That is convex in k, so the lines through neighbouring whole numbers are rows. Without them the relaxation
        opens a little of every region, where losing one costs next to nothing, and its bound is far off.
        """
        load = sum(self._loads[kind] for kind in users)
        numbers = sorted(frozenset[int]().union(*users))
        standing = self._standing(users, load)
        most = len({self._options[number].region for number in numbers})
        for count in range(2, min(most, _MOST_SPREAD)):
            here, next_one = load * count / (count - 1), load * (count + 1) / count
            slope = next_one - here
            opened = [(self._columns[number].on, -slope) for number in numbers]
            self.program.row([*standing, *opened], low=here - slope * count)

    def _carry(self, crowd: set[frozenset[int]]) -> None:
        """Who serves these users carries their load today."""
        load = sum(self._loads[kind] for kind in crowd)
        serving = sorted(frozenset[int]().union(*crowd))
        self.program.row([(self._columns[number].load, 1) for number in serving], low=load)

    # --- its answers

    def tighten(self) -> Answer | None:
        """Rows from answers with broken replicas, which cost milliseconds each. None when even these are none."""
        bounds, first = [-math.inf] * _PATIENCE, self.program.rows
        while True:
            answer = self.program.run(relaxed=True)
            if answer is None:
                return None
            raised = answer.objective - bounds[-_PATIENCE] >= _WORTH * answer.objective
            if not raised or not self._cover(answer.values) + self._crowd(answer.values):
                self.program.drop_loose(first)
                self._survived.clear()
                return answer
            bounds.append(answer.objective)

    def _crowd(self, values: Sequence[float]) -> int:
        """Rows for users whom what stands, broken as it is, cannot carry when a region is lost; how many."""
        if not self._problem.survive_region_loss or len(self._loads) > _MANY:
            return 0
        room: dict[int, float] = {}
        for number, (option, columns) in enumerate(zip(self._options, self._columns, strict=True)):
            of = self._problem.load_rps * values[columns.on]
            if columns.replicas is not None:
                of = option.replica_rps * values[columns.replicas]
            if of > 0:
                room[number] = of
        made = 0
        for lost in sorted({self._options[number].region for number in room}):
            left = {number: size for number, size in room.items() if self._options[number].region != lost}
            if (crowd := overloaded(self._loads, left)) is not None:
                self._survive(crowd)
                made += 1
        return made

    def _cover(self, values: Sequence[float]) -> int:
        """Rows for load that what is open cannot carry; how many."""
        on = [values[columns.on] for columns in self._columns]
        load = [values[columns.load] for columns in self._columns]
        rows = [row for coverage in self._coverages for row in coverage.broken(on, load)]
        rows = rows or self._coverages[-1].mixed(on, load)
        for dear, cheap, least in rows:
            terms = [(self._columns[number].load, factor) for number, factor in dear.items()]
            terms += [(self._columns[number].on, factor) for number, factor in cheap.items()]
            self.program.row(terms, low=least)
        return len(rows)

    def consider(self, relaxed: Answer, margin: float) -> None:
        """Only options without which nothing is known to be dearer than the relaxed answer by the margin."""
        kept = [relaxed.reduced[columns.on] <= margin for columns in self._columns]
        self.considers_all = all(kept)
        self.program.limit({columns.on: float(keep) for columns, keep in zip(self._columns, kept, strict=True)})

    def _per_rps(self, option: Option, *, whole: bool) -> float:
        """What one more request costs: with its part of a replica while these are broken, without once they stand."""
        lines = self._problem.volume.get(option.region, ())
        egress = lines[0].usd_per_rps if lines else 0.0
        replica = option.replica_usd / option.replica_rps if option.bounded and not whole else 0.0
        return option.usd_per_rps + egress + replica

    def chosen(self, values: Sequence[float]) -> dict[int, int]:
        """Replicas by the options that run."""
        return {
            number: 0 if columns.replicas is None else round(values[columns.replicas])
            for number, columns in enumerate(self._columns)
            if values[columns.on] > 0.5
        }

    def cut(self, chosen: Mapping[int, int], values: Sequence[float]) -> Cuts:
        """Rows that this answer breaks, for users who do not fit with all regions standing or with one of them lost."""
        room = {
            number: self._options[number].replica_rps * count if self._options[number].bounded else math.inf
            for number, count in chosen.items()
        }
        made = 0
        lost_regions = {self._options[number].region for number in chosen} if self._problem.survive_region_loss else ()
        for lost in (None, *sorted(lost_regions)):
            left = {number: size for number, size in room.items() if self._options[number].region != lost}
            if (crowd := overloaded(self._loads, left)) is not None:
                self._need(crowd, lost)
                if lost is not None:
                    self._survive(crowd)
                made += 1
        standing = made > 0
        loads = {number: values[self._columns[number].load] for number in chosen}
        if (crowd := overloaded(self._loads, loads)) is not None:
            self._carry(crowd)
            made += 1 + self._cover(values)
        return Cuts(made=made, standing=standing)
