"""Jobs, windows and made-up traces for the tests of the spot policy."""

from collections.abc import Mapping, Sequence

import numpy as np
from hypothesis import strategies as st

from infra.placement.spot import Job, Window, Zone

HOUR_S = 3600.0
GAP_S = 600.0


def job(
    *, hours: float = 12, deadline: float = 1.25, zones: Sequence[str] = ("a",), checkpoint_every_s: float = 0
) -> Job:
    """Work of `hours`, a deadline as a multiple of it, restart 12 minutes, spot at 0.3 of on-demand."""
    return Job(
        work_s=hours * HOUR_S,
        deadline_s=hours * HOUR_S * deadline,
        restart_s=720,
        zones=tuple(Zone(name=zone, usd_per_hour=0.3) for zone in zones),
        on_demand_usd_per_hour=1.0,
        checkpoint_every_s=checkpoint_every_s,
    )


def seen(given: Mapping[str, Sequence[int]], gap_s: float = GAP_S) -> Window:
    return Window(gap_s=gap_s, zones=tuple(given), gives=np.array(list(given.values()), dtype=bool))


@st.composite
def spells(draw: st.DrawFn, *, ticks: int = 120) -> list[int]:
    """A zone that is up and down for geometric or heavy-tailed times, between hardly ever and nearly always up."""
    lengths = draw(st.lists(st.sampled_from([1, 1, 2, 3, 5, 8, 20, 60]), min_size=1, max_size=60))
    up = draw(st.booleans())
    trace: list[int] = []
    for length in lengths:
        trace += [int(up)] * length
        up = not up
    return (trace * (ticks // len(trace) + 1))[:ticks]
