"""Which users go where, once it is decided what runs: a linear program over the few options that were chosen.

Least cost first; among assignments of equal cost, the least latency over all requests.
"""

from collections.abc import Mapping

from infra.placement.serving.problem import Option, Problem, Run, Solution
from infra.placement.serving.program import Program

_NOTHING = 1e-9  # part of a user's load that is rounding


def assigned(problem: Problem, chosen: Mapping[Option, int], slopes: Mapping[str, float]) -> Solution | None:
    """The best assignment to options with so many replicas each; None when there is none. Its gap is not known here.

    Its columns are parts of each user's load, so that the few requests of a small group are no rounding of all others'.

    slopes: by region, usd_per_rps of the line of `Problem.volume` that its load is priced at; the rest of the regions
    is not told apart by it.
    """
    standing = _standing_usd(problem, chosen)
    nearness = problem.nearness_usd
    program = Program()
    pairs: dict[tuple[int, int], int] = {}
    options = sorted(chosen, key=lambda option: option.name)
    for number, option in enumerate(options):
        room: list[tuple[int, float]] = []
        for index in sorted(option.serves):
            load = problem.users[index].requests_per_s
            usd_per_rps = option.usd_per_rps + slopes.get(option.region, 0.0) + nearness * option.serves[index]
            column = program.column(cost=load * usd_per_rps)
            pairs[index, number] = column
            room.append((column, load))
        high = option.replica_rps * chosen[option] if option.bounded else float("inf")
        program.row(room, low=option.min_rps, high=high)
    for index in range(len(problem.users)):
        ways = [(pairs[index, number], 1.0) for number in range(len(options)) if (index, number) in pairs]
        if not ways:
            return None
        program.row(ways, low=1.0, high=1.0)
    answer = program.run()
    if answer is None:
        return None
    loads = [0.0] * len(options)
    assignment: list[tuple[tuple[str, float], ...]] = []
    for index, user in enumerate(problem.users):
        parts: list[tuple[str, float]] = []
        for number, option in enumerate(options):
            part = answer.values[pairs[index, number]] if (index, number) in pairs else 0.0
            if part > _NOTHING:
                loads[number] += part * user.requests_per_s
                parts.append((option.name, part))
        assignment.append(tuple(sorted(parts, key=lambda part: (-part[1], part[0]))))
    runs = tuple(
        Run(option=option, replicas=chosen[option], load_rps=load)
        for option, load in sorted(zip(options, loads, strict=True), key=lambda pair: pair[0].region)
    )
    usd = standing + sum(
        run.option.usd_per_rps * run.load_rps + problem.volume_usd(run.option.region, run.load_rps) for run in runs
    )
    return Solution(runs=runs, assignment=tuple(assignment), usd_per_month=usd, gap=0.0, rounds=0, seconds=0.0)


def _standing_usd(problem: Problem, chosen: Mapping[Option, int]) -> float:
    providers = {option.provider for option in chosen}
    return sum(option.fixed_usd + option.replica_usd * count for option, count in chosen.items()) + sum(
        usd for provider, usd in problem.shared_usd.items() if provider in providers
    )
