"""Where a training job runs, over a small catalog of its own in which every price can be reckoned by hand."""

from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from infra.catalog import Accelerator, Capacity, Catalog, CatalogError, Offer, PricesTooOld, Region, Tariff, check_age
from infra.kubernetes.job import TO_END_S
from infra.kubernetes.nodes import GRACE_S, Kind
from infra.placement.errors import Infeasible, PlacementError
from infra.placement.training import TrainingPlan, place, saved_on_notice
from infra.settings import TrainingWork

TODAY = date(2026, 11, 23)
OLD = date(2025, 1, 1)
RESTART_H = 0.2
SOURCE = {"source": "this test", "date": date(2026, 11, 1)}


def region(provider: str, name: str) -> Region:
    return Region(
        provider=provider,
        region=name,
        city="",
        country="US",
        continent="north_america",
        latitude=0,
        longitude=0,
        cloud_run_tier=None,
        **SOURCE,
    )


def offer(where: str, capacity: str, usd_per_hour: float | None, **changes: Any) -> Offer:
    provider, name = where.split("/")
    row = Offer(
        provider=provider,
        region=name,
        machine="big",
        accelerator="H100",
        accelerators=8,
        accelerator_memory_gib=80,
        vcpus=192,
        memory_gib=2048,
        capacity=Capacity(capacity),
        zones=("a", "b"),
        offered=True,
        usd_per_hour=usd_per_hour,
        estimated=False,
        interruption_per_month_low=0.05,
        interruption_per_month_high=0.1,
        note="",
        **SOURCE,
    )
    return replace(row, **changes)


def egress(origin: str, usd: float) -> Tariff:
    provider, name = origin.split("/")
    return Tariff(
        provider=provider,
        service="egress",
        region=name,
        item="to:any",
        unit="GB",
        from_quantity=0,
        usd=usd,
        estimated=False,
        note="",
        **SOURCE,
    )


EAST, SOUTH = "aws/us-east-1", "aws/ap-south-1"
OFFERS = (
    offer(EAST, "on_demand", 50.0),
    offer(EAST, "spot", 20.0),
    offer(SOUTH, "on_demand", 60.0),
    offer(SOUTH, "spot", 15.0),
)


def catalog(*offers: Offer) -> Catalog:
    return Catalog(
        offers=offers or OFFERS,
        tariffs=(egress(EAST, 0.02), egress(SOUTH, 0.09)),
        regions=(region("aws", "us-east-1"), region("aws", "ap-south-1"), region("gcp", "us-central1")),
        accelerators=tuple(
            Accelerator(name=name, peak_tflops=1, memory_gib=1, watts=1, note="", **SOURCE)
            for name in ("H100", "A100-40GB", "A100-80GB")
        ),
        digest="d",
    )


def work(**changes: Any) -> TrainingWork:
    base = {"accelerator": "H100", "accelerators": 8, "hours": 40, "deadline_h": 50, "checkpoint_s": 0}
    return TrainingWork.model_validate(base | {"restart_s": RESTART_H * 3600, "providers": ["aws"]} | changes)


def placed(job: TrainingWork, *offers: Offer) -> TrainingPlan:
    return place(job, catalog(*offers))


def refusal(job: TrainingWork, *offers: Offer) -> Infeasible:
    with pytest.raises(Infeasible) as caught:
        placed(job, *offers)
    return caught.value


def test_on_demand_costs_its_hours_and_one_start():
    plan = placed(work(capacity=["on_demand"]))
    assert plan.chosen.usd.expected == pytest.approx((40 + RESTART_H) * 50.0)
    assert plan.chosen.usd.relative_width == 0


def test_the_time_for_checkpoints_is_paid():
    plan = placed(work(capacity=["on_demand"], checkpoint_s=60, checkpoint_every_s=600))
    assert plan.chosen.usd.expected == pytest.approx((44 + RESTART_H) * 50.0)


def test_the_band_on_spot_reaches_from_spot_alone_to_little_more_than_on_demand():
    chosen = placed(work()).chosen
    assert chosen.usd.low == pytest.approx((40 + RESTART_H) * 15.0)
    assert chosen.usd.low < chosen.usd.expected < chosen.usd.high <= (40 + RESTART_H) * 60.0 * 1.02 + 10


def test_the_lines_add_up_to_what_is_expected():
    chosen = placed(work(data_gib=500, data_region=EAST)).chosen
    assert sum(line.usd for line in chosen.lines) == pytest.approx(chosen.usd.expected)


def test_data_that_is_dear_to_move_keeps_the_job_where_it_lies():
    assert placed(work()).chosen.key == SOUTH
    assert placed(work(data_gib=40_000, data_region=EAST)).chosen.key == EAST


def test_a_move_of_data_is_said_to_be_why_a_region_lost():
    plan = placed(work(data_gib=40_000, data_region=EAST))
    loser = next(one for one in plan.losers if one.key == SOUTH and one.capacity is Capacity.SPOT)
    assert "bringing data there costs" in loser.reason


def test_several_machines_are_paid_and_lost_together():
    one, two = placed(work()).chosen, placed(work(accelerators=16)).chosen
    assert (one.machines, two.machines) == (1, 2)
    assert two.usd_per_hour == 2 * one.usd_per_hour
    assert two.interruptions > one.interruptions


def test_spot_that_saves_nothing_is_finished_on_demand_at_its_price():
    plan = placed(work(), offer(EAST, "on_demand", 50.0), offer(EAST, "spot", 50.0))
    assert plan.chosen.usd.expected == pytest.approx((40 + RESTART_H) * 50.0)


def test_spot_without_an_on_demand_machine_behind_it_is_no_candidate():
    loser = refusal(work(), offer(EAST, "spot", 20.0))
    assert "no on-demand machine" in loser.message


def test_spot_may_be_finished_in_another_region():
    plan = placed(work(checkpoint_gib=100), offer(SOUTH, "spot", 15.0), offer(EAST, "on_demand", 50.0))
    assert plan.chosen.fallback == f"{EAST} big"
    assert any(line.kind == "checkpoints" for line in plan.chosen.lines)


def test_the_order_starts_with_the_choice_zone_by_zone_and_ends_with_a_mode_that_is_kept():
    order = placed(work()).order
    assert [(step.key, step.zone) for step in order[:2]] == [(SOUTH, "a"), (SOUTH, "b")]
    assert order[-1].capacity is Capacity.ON_DEMAND


def test_the_order_puts_spot_elsewhere_before_dearer_on_demand_at_home():
    modes = [(step.key, step.capacity) for step in placed(work()).order[::2]]
    assert modes == [(SOUTH, "spot"), (EAST, "spot"), (EAST, "on_demand"), (SOUTH, "on_demand")]


def test_a_checkpoint_that_fits_into_the_notice_loses_no_work():
    fits = placed(work(checkpoint_s=10, checkpoint_every_s=1000)).chosen
    late = placed(work(checkpoint_s=130, checkpoint_every_s=13_000)).chosen  # the same share of time for checkpoints
    assert late.overhead_hours > fits.overhead_hours


@pytest.mark.parametrize(("provider", "kind"), [("aws", "eks"), ("gcp", "gke")])
def test_a_checkpoint_is_saved_on_notice_while_a_trainers_pod_has_the_time_for_it(provider: str, kind: Kind):
    has_s = GRACE_S[kind] - TO_END_S
    assert saved_on_notice(work(checkpoint_s=has_s), provider)
    assert not saved_on_notice(work(checkpoint_s=has_s + 1), provider)


def test_the_best_interval_is_youngs():
    job = work(checkpoint_s=10)
    plan = placed(job)
    between_s = job.machine_hours * 3600 / plan.chosen.interruptions
    assert plan.checkpoint_every_s == pytest.approx((2 * 10 * between_s) ** 0.5)


def test_a_machine_without_an_offering_is_not_chosen_for_its_price():
    plan = placed(work(), *OFFERS[:2], replace(OFFERS[3], offered=False))
    assert plan.chosen.key == EAST
    assert any("no offering was seen" in one.reason for one in plan.losers)


def test_accelerators_spread_over_more_machines_than_measured_are_refused():
    small = [replace(one, accelerators=1) for one in OFFERS]
    refused = refusal(work(), *small)
    assert "the work was measured on 8" in refused.message
    assert refused.binds == ("accelerators_per_machine",)
    assert placed(work(accelerators_per_machine=1), *small).chosen.machines == 8


def test_an_old_price_is_no_reason_for_another_choice():
    dated = [replace(one, date=OLD) if one is OFFERS[1] else one for one in OFFERS]
    assert placed(work(), *dated).chosen.label == placed(work()).chosen.label


@pytest.mark.parametrize("old", range(2), ids=["on demand behind it", "spot"])
def test_a_plan_rests_on_the_price_of_the_choice_and_of_what_finishes_it(old: int):
    offers = [replace(one, date=OLD) if at == old else one for at, one in enumerate(OFFERS[:2])]
    with pytest.raises(PricesTooOld, match="allows 400"):
        check_age(catalog(), TODAY, 400, placed(work(), *offers).prices)


def test_an_old_price_of_moving_data_is_named_with_the_file_that_holds_it():
    here = catalog()
    old = Catalog(
        offers=here.offers(),
        tariffs=[replace(row, date=OLD) for row in here.tariffs],
        regions=here.regions.values(),
        accelerators=here.accelerators.values(),
    )
    plan = place(work(regions=["us-east-1"], data_gib=10, data_region=SOUTH), old)
    with pytest.raises(PricesTooOld, match="the price of egress to:any in aws/ap-south-1") as refused:
        check_age(old, TODAY, 400, plan.prices)
    assert "tariffs.csv" in refused.value.hint


def test_data_in_a_region_that_does_not_exist_is_refused_by_its_setting():
    with pytest.raises(CatalogError, match=r"slipway:work\.data_region: .*aws/nope-east-1") as refused:
        placed(work(data_gib=10, data_region="aws/nope-east-1"))
    assert refused.value.exit_code == 7
    assert refused.value.hint


def test_a_region_without_the_machine_names_the_nearest_that_is_feasible():
    refused = refusal(work(regions=["us-east-1"]), *OFFERS[2:])
    assert refused.binds == ("regions",)
    assert SOUTH in refused.nearest[0]


def test_a_region_that_does_not_exist_is_refused_by_name():
    with pytest.raises(CatalogError, match="no region aws/us-east-9"):
        placed(work(regions=["us-east-9"]))


def test_an_accelerator_that_may_be_two_is_asked_back():
    with pytest.raises(PlacementError, match="A100-40GB or A100-80GB"):
        placed(work(accelerator="a100"))


def test_an_accelerator_that_nobody_rents_out_is_refused_with_those_known():
    with pytest.raises(PlacementError, match="no accelerator 'V100'"):
        placed(work(accelerator="V100"))


@pytest.mark.parametrize("spelling", ["h100", "nvidia-h100-80gb", "NVIDIA H100 SXM5", "H100 80GB", "tesla_h100"])
def test_spellings_of_an_accelerator_are_one(spelling: str):
    assert placed(work(accelerator=spelling)).chosen.machine == "big"


prices = st.tuples(*[st.floats(1, 100)] * 4)


@settings(max_examples=25, deadline=None)
@given(prices, st.integers(0, 3), st.floats(0.1, 1))
def test_a_cheaper_price_never_makes_a_region_lose(usd: tuple[float, ...], which: int, factor: float):
    offers = [replace(one, usd_per_hour=price) for one, price in zip(OFFERS, usd, strict=True)]
    before = placed(work(), *offers).chosen
    won = offers[which]
    offers[which] = replace(won, usd_per_hour=usd[which] * factor)
    after = placed(work(), *offers).chosen
    if (before.key, before.capacity) == (f"{won.provider}/{won.region}", won.capacity):
        assert after.key == before.key


@settings(max_examples=25, deadline=None)
@given(prices, st.floats(41, 200), st.floats(41, 200))
def test_a_tighter_deadline_never_lowers_the_cost(usd: tuple[float, ...], one: float, other: float):
    offers = [replace(row, usd_per_hour=price) for row, price in zip(OFFERS, usd, strict=True)]
    tight, loose = (placed(work(deadline_h=hours), *offers).chosen.usd.expected for hours in sorted((one, other)))
    assert tight >= loose * (1 - 1e-9)


@settings(max_examples=25, deadline=None)
@given(prices)
def test_a_new_candidate_never_raises_the_cost(usd: tuple[float, ...]):
    offers = [replace(row, usd_per_hour=price) for row, price in zip(OFFERS, usd, strict=True)]
    assert placed(work(), *offers).chosen.usd.expected <= placed(work(), *offers[:2]).chosen.usd.expected * (1 + 1e-9)


def test_the_same_question_has_the_same_answer():
    assert placed(work()) == placed(work())


def test_the_shipped_catalog_places_a_job():
    job = work(accelerator="A10G", accelerators=1, providers=["aws", "gcp"])
    plan = place(job, Catalog.load())
    assert plan.chosen.usd.low > 0
    assert plan.catalog_digest == Catalog.load().digest
