"""What a plan says: its trades, its rows and its table, made from the catalog that ships or from a plan by hand."""

import csv
from dataclasses import replace
from datetime import date
from io import StringIO
from pathlib import Path

import pytest
from rich.console import Console

from infra.catalog import Catalog, PricesTooOld
from infra.placement import PlacementError
from infra.placement.placement import placed
from infra.settings import Settings, TrainingWork
from slipway.errors import SettingsError
from slipway.paths import PROJECT
from slipway.plan.csv_rows import csv_text, rows
from slipway.plan.table import show
from slipway.plan.view import Overview, overview
from slipway.plan.view import trades as trades_of
from slipway.plan.wanted import Wanted
from tests import overviews

TODAY = date(2026, 11, 23)
EXAMPLES = PROJECT / "docs" / "examples"
BY_HAND = overviews.overview()


def wanted(name: str) -> Wanted:
    return Wanted.of_goal(EXAMPLES / f"{name}.yaml")


@pytest.fixture(scope="module")
def mumbai() -> Overview:
    return overview(wanted("mumbai"), Catalog.load(), today=TODAY)


def printed(view: Overview, width: int = 80) -> str:
    text = StringIO()
    show(view, Console(file=text, width=width, highlight=False))
    return text.getvalue()


def test_every_candidate_that_lost_has_a_reason(mumbai: Overview):
    assert mumbai.serving
    lost = {row.key for row in mumbai.serving.alternatives if not row.chosen}
    assert lost <= {f"{loser.provider}/{loser.region}" for loser in mumbai.losers if loser.reason}


def test_no_trade_is_beaten_by_another_or_by_the_plan(mumbai: Overview):
    goal = wanted("mumbai").serving
    assert mumbai.serving
    assert goal
    trades = [(point.usd_per_month, point.p95_ms) for point in trades_of(mumbai.serving, goal, Catalog.load())]
    trades = sorted([*trades, (mumbai.serving.usd_per_month, mumbai.serving.p95_ms)])
    waits = [ms for _, ms in trades]
    assert len(trades) > 1
    assert waits == sorted(set(waits), reverse=True)


def test_what_takes_seconds_is_computed_only_when_asked_for(mumbai: Overview):
    assert (mumbai.pareto, mumbai.flips) == ((), ())


def test_prices_older_than_allowed_are_refused_by_name():
    with pytest.raises(PricesTooOld, match=r"is \d+ days old, and slipway:prices.max_age_days allows 400"):
        overview(replace(wanted("mumbai"), max_age_days=400), Catalog.load(), today=date(2030, 1, 1))


def test_a_refused_price_of_moving_data_is_not_said_to_be_renewed_by_a_refresh():
    with pytest.raises(PricesTooOld, match="egress to the internet") as refused:
        overview(replace(wanted("mumbai"), max_age_days=30), Catalog.load(), today=TODAY)
    assert "tariffs.csv" in refused.value.hint


def test_old_prices_of_training_are_refused_and_lead_to_no_other_plan():
    asked = replace(wanted("two-clouds"), serving=None, max_age_days=1)
    with pytest.raises(PricesTooOld, match="max_age_days allows 1"):
        overview(asked, Catalog.load(), today=TODAY)


def test_the_age_is_of_the_oldest_price_of_both_plans():
    view = overview(wanted("two-clouds"), Catalog.load(), today=TODAY)
    assert view.serving
    assert view.training
    oldest = min(view.serving.oldest_price, view.training.oldest_price)
    assert view.price_age_days == (TODAY - oldest).days


def test_a_stacks_plan_is_the_one_that_its_program_makes(tmp_path: Path):
    file = tmp_path / "Pulumi.dev.yaml"
    goal = "\n".join(f"  {line}" for line in (EXAMPLES / "two-clouds.yaml").read_text().splitlines())
    file.write_text(f"config:\n  slipway:target: local\n{goal}\n")
    view = overview(Wanted.of_stack(file), Catalog.load(), today=TODAY)
    programs = placed(Settings.read(file), Catalog.load())
    assert programs
    assert (view.serving, view.training) == (programs.serving, programs.training)


ON_T4 = Wanted(
    serving=None,
    work=TrainingWork(accelerator="T4", hours=10, deadline_h=15),
    max_age_days=3650,
    provider="gcp",
    regions=("us-central1",),
)


def test_work_on_machines_that_a_stack_has_no_pools_of_is_refused_as_its_program_does():
    with pytest.raises(PlacementError, match=r"slipway:work: the plan takes n1-standard-4\+T4x1 in us-central1"):
        overview(ON_T4, Catalog.load(), today=TODAY)


def test_work_in_a_stack_with_pools_by_hand_is_planned_whatever_they_are_of():
    assert overview(replace(ON_T4, has_pools=True), Catalog.load(), today=TODAY).training


@pytest.mark.parametrize("view", [BY_HAND, replace(BY_HAND, training=None), replace(BY_HAND, serving=None)])
def test_no_line_of_the_table_is_wider_than_the_terminal(view: Overview):
    assert max(len(line) for line in printed(view).splitlines()) <= 80


def test_the_choice_is_marked_in_the_table():
    marked = [line.split()[1] for line in printed(BY_HAND).splitlines() if line.startswith("✓")]
    assert marked == ["aws/us-east-1", "gcp/asia-south1"]


@pytest.mark.parametrize("name", ["mumbai", "two-clouds", "three-continents"])
def test_no_figure_and_no_name_is_cut_off_at_80_columns(name: str):
    assert "…" not in printed(overview(wanted(name), Catalog.load(), today=TODAY))


def test_zones_that_are_tried_at_one_price_share_a_row():
    order = printed(BY_HAND, width=120).split("in the order in which it is tried")[1]
    assert "us-central1-a" in order
    assert len([line for line in order.splitlines() if "spot" in line and line[:1].isdigit()]) == 2


def test_availability_is_not_rounded_up():
    assert "available 99.994%" in printed(BY_HAND)


def test_a_name_is_never_read_as_markup():
    assert BY_HAND.serving
    odd = replace(BY_HAND, serving=replace(BY_HAND.serving, assumed=("[red]odd[/red]",)))
    assert "[red]odd[/red]" in printed(odd)


def test_a_row_for_each_way_that_was_looked_at(mumbai: Overview):
    assert mumbai.serving
    made = list(rows(mumbai))
    told = {(row.region, row.machine) for row in made}
    assert told >= {(row.region, row.machine) for row in (*mumbai.serving.alternatives, *mumbai.serving.rejected)}
    assert all(row.chosen or row.reason for row in made)


def test_the_rows_are_csv_with_a_header():
    (first, *_) = csv.DictReader(StringIO(csv_text(BY_HAND)))
    assert (first["purpose"], first["region"], first["chosen"]) == ("serving", "us-east-1", "True")


def test_wrong_keys_of_a_goal_are_named_by_their_paths(tmp_path: Path):
    file = tmp_path / "goal.yaml"
    file.write_text("slipway:serving: {users: [{plaec: 'city:Mumbai', share: 1}], requests_per_s: 0}")
    with pytest.raises(SettingsError) as caught:
        Wanted.of_goal(file)
    assert "slipway:serving.users[0].plaec: unknown key" in caught.value.message
    assert "slipway:serving.requests_per_s: " in caught.value.message


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("serving: {}", "serving: unknown key; a goal has slipway:serving"),
        ("slipway:regions: [us-east-1]", "slipway:regions: unknown key"),
        ("slipway:prices: {max_age_days: 30}", "sets neither slipway:serving nor slipway:work"),
        ("[1, 2]", "holds no keys"),
        ("a: [", "is not YAML"),
    ],
)
def test_a_file_that_is_no_goal_is_refused(tmp_path: Path, text: str, said: str):
    file = tmp_path / "goal.yaml"
    file.write_text(text)
    with pytest.raises(SettingsError) as caught:
        Wanted.of_goal(file)
    assert said in caught.value.message


@pytest.mark.parametrize("file", sorted(EXAMPLES.glob("*.yaml")), ids=lambda file: file.stem)
def test_every_example_is_a_goal(file: Path):
    assert Wanted.of_goal(file).serving
