"""The jobs that benches replay over a folder of spot traces: every trace alone, and every folder's traces together.

Work, deadlines, restart and prices are those of the published measurements: 48 h, 1.1 to 1.5 times the work, 12
minutes, spot at 0.3 of on-demand. Folders are as they come: what cannot be replayed is left out with the reason, and
the rest is replayed.
"""

import argparse
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from infra.placement.errors import PlacementError
from infra.placement.spot import Job, Trace, Zone, read_trace
from infra.placement.spot.simulate import ticks_of

DEADLINES = (1.1, 1.25, 1.5)
RESTART_S = 720.0
SPOT, ON_DEMAND = 0.3, 1.0


@dataclass(frozen=True, kw_only=True)
class Case:
    """One zone, or all of a folder, with one deadline, as a multiple of the work."""

    name: str
    traces: Mapping[str, Trace]
    deadline: float
    hours: float
    checkpoint_every_s: float
    starts: int

    @property
    def gap_s(self) -> float:
        return next(iter(self.traces.values())).gap_s

    @property
    def job(self) -> Job:
        return Job(
            work_s=self.hours * 3600,
            deadline_s=self.deadline * self.hours * 3600,
            restart_s=RESTART_S,
            zones=tuple(Zone(name=zone, usd_per_hour=SPOT) for zone in self.traces),
            on_demand_usd_per_hour=ON_DEMAND,
            checkpoint_every_s=self.checkpoint_every_s,
        )


@dataclass(frozen=True, kw_only=True)
class Cases:
    """left_out: what was found and cannot be replayed, in words."""

    alone: tuple[Case, ...]
    together: tuple[Case, ...]
    left_out: tuple[str, ...]


def parser(description: str | None, *, starts: int) -> argparse.ArgumentParser:
    """With the options that say what is replayed."""
    made = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    made.add_argument("--starts", type=_count, default=starts, help=f"random starts a trace, else {starts}")
    made.add_argument("--hours", type=amount, default=48.0, help="of work, else 48")
    return made


def cases(folder: Path, *, hours: float, starts: int, checkpoint_every_s: float = 0.0, record_s: float = 0.0) -> Cases:
    """record_s: how much of a trace lies before the earliest start. Raises PlacementError where nothing is left."""
    alone: list[Case] = []
    together: list[Case] = []
    left_out: list[str] = []

    def case(name: str, traces: Mapping[str, Trace], deadline: float) -> Case:
        return Case(
            name=name,
            traces=traces,
            deadline=deadline,
            hours=hours,
            checkpoint_every_s=checkpoint_every_s,
            starts=starts,
        )

    possible = [deadline for deadline in DEADLINES if (deadline - 1) * hours * 3600 >= RESTART_S]
    left_out += [
        f"{deadline} x {hours:g} h: on-demand would miss it" for deadline in DEADLINES if deadline not in possible
    ]
    for place in sorted({file.parent for file in folder.resolve().rglob("*.json")}):
        traces = dict(_readable(place, left_out))
        one_clock = len({trace.gap_s for trace in traces.values()}) < 2
        if not one_clock:
            left_out.append(f"{place.name}, all zones: its traces have different gap_seconds")
        for deadline in possible:
            deadline_s = deadline * hours * 3600
            long = {zone: trace for zone, trace in traces.items() if _holds(trace, deadline_s, record_s)}
            alone += [case(f"{place.name}/{zone}", {zone: trace}, deadline) for zone, trace in long.items()]
            if one_clock and len(long) > 1:
                together.append(case(place.name, long, deadline))
            left_out += [
                f"{place.name}/{zone} at {deadline} x the work: a trace of {_hours(traces[zone]):.1f} h is too short"
                for zone in sorted(traces.keys() - long.keys())
            ]
    if not alone:
        found = "".join(f"\n  {one}" for one in left_out) or ": it has no .json file, or is not there"
        raise PlacementError(f"{folder} holds no trace that can be replayed{found}")
    return Cases(alone=tuple(alone), together=tuple(together), left_out=tuple(left_out))


def _readable(place: Path, left_out: list[str]) -> Iterator[tuple[str, Trace]]:
    for file in sorted(place.glob("*.json")):
        try:
            yield file.stem, read_trace(file)
        except PlacementError as error:
            left_out.append(error.message)


def _holds(trace: Trace, deadline_s: float, record_s: float) -> bool:
    """Whether at least one run fits behind the record."""
    return len(trace.nodes) - int(record_s / trace.gap_s) >= ticks_of(deadline_s, trace.gap_s)


def _hours(trace: Trace) -> float:
    return len(trace.nodes) * trace.gap_s / 3600


def _count(text: str) -> int:
    if int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text} is not at least 1")
    return int(text)


def amount(text: str) -> float:
    """An option above 0. Raises ArgumentTypeError."""
    if not 0 < float(text) < math.inf:
        raise argparse.ArgumentTypeError(f"{text} is not above 0")
    return float(text)
