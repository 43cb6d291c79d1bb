import itertools
import json
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings

from infra.placement.errors import PlacementError
from infra.placement.spot import (
    Action,
    Job,
    Kind,
    Outcome,
    State,
    Window,
    decide,
    least_usd,
    read_trace,
    read_zones,
    replay,
)
from infra.placement.spot.baselines import always_on_demand, greedy, uniform_progress
from tests.spot import GAP_S, HOUR_S, job, seen, spells

POLICIES = (always_on_demand, greedy, uniform_progress, decide)
RESTART_H = 0.2


def test_on_demand_alone_costs_the_work_and_one_start():
    outcome = replay(job(), seen({"a": [0] * 100}), always_on_demand)
    assert (outcome.usd, outcome.restarts) == (pytest.approx(12 + RESTART_H), 0)


def test_a_zone_that_always_gives_costs_the_spot_price():
    assert replay(job(), seen({"a": [1] * 100}), greedy).usd == pytest.approx(0.3 * (12 + RESTART_H))


def test_a_lost_instance_costs_a_restart():
    outcome = replay(job(), seen({"a": [1] * 20 + [0] + [1] * 100}), greedy)
    assert (outcome.restarts, outcome.usd) == (1, pytest.approx(0.3 * (12 + 2 * RESTART_H)))


def test_with_notice_no_work_is_lost():
    assert replay(job(), seen({"a": [1] * 20 + [0] + [1] * 100}), greedy).lost_s == 0


def test_without_notice_work_since_the_checkpoint_is_done_again():
    outcome = replay(job(checkpoint_every_s=HOUR_S), seen({"a": [1] * 20 + [0] + [1] * 100}), greedy)
    assert outcome.lost_s == pytest.approx(20 * GAP_S - 720 - 3 * HOUR_S)


def test_a_move_to_another_zone_pays_for_the_checkpoint():
    moving = job(zones=("a", "b"))
    dear = Job(
        work_s=moving.work_s,
        deadline_s=moving.deadline_s,
        restart_s=moving.restart_s,
        zones=tuple(type(zone)(name=zone.name, usd_per_hour=0.3, move_usd=2.0) for zone in moving.zones),
        on_demand_usd_per_hour=1.0,
    )
    trace = seen({"a": [1] * 20 + [0] * 100, "b": [1] * 120})
    assert replay(dear, trace, greedy).usd == pytest.approx(replay(moving, trace, greedy).usd + 2.0)


def test_a_restart_where_the_checkpoint_is_pays_for_no_move():
    asked = job()
    dear = replace(asked, zones=tuple(replace(zone, move_usd=2.0) for zone in asked.zones))
    outcome = replay(dear, seen({"a": [1] * 20 + [0] + [1] * 100}), greedy)
    assert (outcome.restarts, outcome.moves, outcome.usd) == (1, 0, pytest.approx(0.3 * (12 + 2 * RESTART_H)))


def test_a_policy_that_takes_what_no_zone_gives_is_stopped():
    def blind(state: State) -> Action:
        return Action(kind=Kind.SPOT, zone="a")

    with pytest.raises(PlacementError, match="which gives none"):
        replay(job(), seen({"a": [0] * 10}), blind)


def test_a_policy_that_never_works_is_stopped():
    with pytest.raises(PlacementError, match="never finished"):
        replay(job(), seen({"a": [0] * 10}), lambda state: Action(kind=Kind.WAIT))


@settings(max_examples=25, deadline=None)
@given(spells(), spells())
def test_who_knows_the_trace_never_pays_more(one: list[int], other: list[int]):
    asked, trace = job(zones=("a", "b")), seen({"a": one, "b": other})
    least = least_usd(asked, trace)
    assert all(least <= replay(asked, trace, policy).usd + 1e-6 for policy in POLICIES)


@pytest.mark.parametrize(("gives", "usd_per_hour"), [(0, 1.0), (1, 0.3)])
def test_the_optimum_is_exact_where_a_zone_never_or_always_gives(gives: int, usd_per_hour: float):
    assert least_usd(job(), seen({"a": [gives] * 100})) == pytest.approx(usd_per_hour * (12 + RESTART_H))


@pytest.mark.parametrize("given_", [[1] * 8, [0] * 8, [1, 1, 1, 0, 0, 1, 1, 1], [0, 1, 1, 1, 1, 0, 1, 0]])
def test_the_optimum_is_that_of_trying_everything(given_: list[int]):
    asked = Job(
        work_s=4 * GAP_S,
        deadline_s=8 * GAP_S,
        restart_s=GAP_S,
        zones=job().zones,
        on_demand_usd_per_hour=1.0,
        look_s=GAP_S,
    )
    trace = seen({"a": given_})
    tried = [schedule for schedule in _all_schedules(asked, trace) if schedule.in_time]
    least = least_usd(asked, trace)
    cheapest = min(schedule.usd for schedule in tried)
    assert cheapest - GAP_S / 3600 <= least <= cheapest + 1e-6  # below it by less than one stretch


def _all_schedules(asked: Job, trace: Window) -> list[Outcome]:
    outcomes: list[Outcome] = []
    for choices in itertools.product(Kind, repeat=8):

        def planned(state: State, choices: tuple[Kind, ...] = choices) -> Action:
            tick = int(state.now_s / GAP_S)
            kind = choices[tick] if tick < len(choices) else Kind.ON_DEMAND
            if kind is Kind.SPOT and not state.visible:
                kind = Kind.WAIT
            return Action(kind=kind, zone="a" if kind is Kind.SPOT else "")

        outcomes.append(replay(asked, trace, planned))
    return outcomes


def test_a_trace_is_read_with_its_clock(tmp_path: Path):
    file = tmp_path / "zone.json"
    file.write_text(json.dumps({"metadata": {"gap_seconds": 300}, "data": [4, 3, 0]}))
    trace = read_trace(file)
    assert (trace.gap_s, trace.gives(4).tolist()) == (300, [True, False, False])


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[", "is no spot trace"),
        ("{}", "missing required field `metadata`"),
        ('{"metadata": {"gap_seconds": 0}, "data": [1]}', "gap_seconds"),
        ('{"metadata": {"gap_seconds": 60}, "data": []}', "data"),
        ('{"metadata": {"gap_seconds": 60}, "data": [1, -1]}', r"\$\.data\["),
        ('{"metadata": {"gap_seconds": 60}, "data": [1, true]}', r"\$\.data\["),
    ],
)
def test_a_file_that_is_no_trace_is_named_with_what_is_wrong(tmp_path: Path, text: str, said: str):
    file = tmp_path / "zone.json"
    file.write_text(text)
    with pytest.raises(PlacementError, match=said) as caught:
        read_trace(file)
    assert str(file) in caught.value.message


def test_a_folder_stands_for_its_traces(tmp_path: Path):
    for name in ("a", "b"):
        (tmp_path / f"{name}.json").write_text(json.dumps({"metadata": {"gap_seconds": 60}, "data": [1]}))
    assert sorted(read_zones([tmp_path, tmp_path / "a.json"])) == ["a", "b"]


def test_two_traces_called_alike_are_two_zones(tmp_path: Path):
    for place in ("one", "other"):
        (tmp_path / place).mkdir()
        (tmp_path / place / "a.json").write_text(json.dumps({"metadata": {"gap_seconds": 60}, "data": [1]}))
    assert len(read_zones([tmp_path / "one", tmp_path / "other"])) == 2


def test_an_empty_folder_is_named(tmp_path: Path):
    with pytest.raises(PlacementError, match="holds no trace"):
        read_zones([tmp_path])
