"""The simulator: all policies on the same random starts of some traces, as a library and as `slipway simulate`."""

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from infra.placement.errors import PlacementError
from infra.placement.spot import Trace
from infra.placement.spot.simulate import GREEDY, POLICIES, SLIPWAY, gives, scores, simulate
from slipway.cli.app import app
from slipway.paths import PROJECT
from tests.spot import GAP_S, job

ZONES = PROJECT / "docs" / "examples" / "zones"
BRIEF = ("--hours", "6", "--starts", "2")


def trace(nodes: Sequence[int], gap_s: float = GAP_S) -> Trace:
    return Trace(gap_s=gap_s, nodes=np.array(nodes))


def test_a_zone_that_never_gives_is_no_zone_that_always_does():
    runs = list(simulate(job(), {"a": trace([0] * 200)}, starts=2, seed=0))
    assert scores(runs, job())[GREEDY].of_on_demand == pytest.approx(1)


def test_zones_that_give_fewer_instances_than_another_ever_did_give_none():
    assert gives({"a": trace([4, 3]), "b": trace([2, 2])})["b"].tolist() == [False, False]


def test_how_many_instances_are_needed_may_be_said():
    assert gives({"a": trace([4, 3]), "b": trace([2, 2])}, 2)["b"].tolist() == [True, True]


def test_every_policy_has_the_same_starts_and_the_same_seed_the_same_ones():
    zones = {"a": trace([1, 1, 0] * 100)}
    once, again = (list(simulate(job(), zones, starts=2, seed=5)) for _ in range(2))
    assert [run.least_usd for run in once] == [run.least_usd for run in again]


def test_a_trace_as_long_as_the_deadline_has_one_start():
    ticks = int(job().deadline_s / GAP_S) + 1
    assert len(list(simulate(job(), {"a": trace([1] * ticks)}, starts=2, seed=0))) == 2


def test_a_trace_that_is_shorter_than_the_deadline_is_refused():
    with pytest.raises(PlacementError, match=r"a is a trace of 1\.7 h, too short for a deadline after 15\.0 h"):
        simulate(job(), {"a": trace([1] * 10)}, starts=1, seed=0)


def test_traces_on_different_clocks_are_not_replayed_together():
    with pytest.raises(PlacementError, match="different gap_seconds"):
        simulate(job(zones=("a", "b")), {"a": trace([1]), "b": trace([1], 300)}, starts=1, seed=0)


def test_work_lost_is_counted_where_no_notice_saves_it():
    asked = job(checkpoint_every_s=1800)
    runs = list(simulate(asked, {"a": trace(([1] * 20 + [0]) * 20)}, starts=2, seed=0))
    assert scores(runs, asked)[GREEDY].lost_h > 0


# --- the command


def command(*arguments: str | Path):
    return CliRunner().invoke(app, ["simulate", *map(str, arguments)])


def test_the_command_prints_the_policy_beside_its_baselines_and_the_optimum():
    said = command(ZONES, *BRIEF).output
    assert all(
        name in said for name in ("on demand alone", "greedy spot", "uniform progress", "Slipway", "the optimum")
    )


def test_scripts_get_cost_misses_lost_work_and_moves_of_each_policy():
    document = json.loads(command(ZONES, *BRIEF, "--json").output)
    assert document["policies"].keys() == POLICIES.keys()
    assert {"usd", "missed", "lost_h", "moves"} < document["policies"][SLIPWAY].keys()
    assert document["optimum_usd"] <= document["policies"][SLIPWAY]["usd"]


def test_egress_and_checkpoints_are_counted():
    plain, dear = (
        json.loads(command(ZONES, *BRIEF, "--json", *more).output)["policies"][GREEDY]
        for more in ((), ("--checkpoint-minutes", "30", "--move-usd", "1"))
    )
    assert dear["usd"] >= plain["usd"] + dear["moves"]


@pytest.mark.parametrize(
    "wrong", [("--hours", "nan"), ("--move-usd", "inf"), ("--starts", "0"), ("--deadline", "1e308")]
)
def test_a_number_that_is_no_amount_is_refused(wrong: tuple[str, str]):
    assert command(ZONES, *wrong).exit_code == 2
