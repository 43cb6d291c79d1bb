"""What the policy is told of a job, from a stack's settings and the catalog."""

from datetime import date
from typing import Any

import pytest
import yaml
from typer.testing import CliRunner

from infra.catalog import Capacity, Catalog, Offer
from infra.catalog.errors import PricesTooOld
from infra.placement.errors import PlacementError
from infra.placement.placement import placed
from infra.settings import Settings
from slipway.cli.app import app
from slipway.errors import SettingsError
from slipway.paths import stack_file
from slipway.steward import Terms, terms

TODAY = date(2026, 11, 29)
WORK = {"accelerator": "H100", "accelerators": 8, "hours": 20, "deadline_h": 30, "checkpoint_s": 0}

POOL = {"name": "train", "accelerator": "H100", "machines": ["p5.48xlarge"]}


def stack(**sections: Any) -> Settings:
    """The example on EKS in us-east-1, with work."""
    config = yaml.safe_load(stack_file("kubernetes").read_text())["config"]
    said = {key.removeprefix("slipway:"): value for key, value in config.items()} | {"work": WORK} | sections
    return Settings.model_validate({key: value for key, value in said.items() if value is not None})


def told(deadline_h: float = 25, **sections: Any) -> Terms:
    return terms(stack(**sections), Catalog.load(), deadline_h=deadline_h, today=TODAY)


def offer(capacity: Capacity) -> Offer:
    """Of the pool's machine where the cluster is."""
    (found,) = Catalog.load().offers("aws", "us-east-1", "p5.48xlarge", capacity=capacity)
    return found


def test_the_work_of_a_cluster_that_is_there_is_not_placed_elsewhere():
    assert placed(stack(), Catalog.load()) is None


def test_the_work_and_the_deadline_are_the_policys():
    job = told().job
    assert (job.work_s, job.deadline_s) == (20 * 3600, 25 * 3600)


def test_spot_and_on_demand_are_priced_where_the_cluster_is():
    prices = {kind: offer(kind).usd_per_hour for kind in (Capacity.SPOT, Capacity.ON_DEMAND)}
    job = told().job
    assert (job.zones[0].usd_per_hour, job.on_demand_usd_per_hour) == (*prices.values(),)


def test_the_pool_is_that_of_the_works_accelerator():
    assert told().pool == "train"


def test_the_job_has_a_worker_for_each_accelerator_that_the_work_was_measured_on():
    assert told().workers == 8


def test_a_checkpoint_that_fits_into_the_notice_loses_no_work():
    assert told(work=WORK | {"checkpoint_s": 60}).job.checkpoint_every_s == 0


def test_a_checkpoint_that_does_not_fit_into_the_notice_may_lose_what_came_since_the_last():
    job = told(work=WORK | {"checkpoint_s": 300, "checkpoint_every_s": 3600}).job
    assert job.checkpoint_every_s == 3600


def test_a_deadline_that_on_demand_would_miss_is_refused():
    with pytest.raises(PlacementError, match="even on-demand would miss it"):
        told(deadline_h=20)


def test_prices_that_are_too_old_are_refused():
    with pytest.raises(PricesTooOld):
        told(prices={"max_age_days": 1})


@pytest.mark.parametrize(
    ("sections", "said"),
    [
        ({"work": None}, "slipway:work: says how much there is to do"),
        ({"gpu_pools": []}, "slipway:gpu_pools: none has H100"),
        ({"gpu_pools": [POOL | {"capacity": ["on_demand"]}]}, "on both spot and on_demand"),
        ({"gpu_pools": [POOL | {"machines": ["p5.nothing"]}]}, "no spot price of p5.nothing in aws/us-east-1"),
        ({"gpu_pools": [POOL | {"max": 1}]}, "train has at most 1 nodes, and beside 1 on demand as many spot nodes"),
        ({"training": {"workers": 16, "batch_size": 1024}}, "16 are not the 8 accelerators"),
    ],
)
def test_what_stands_in_the_way_of_a_deadline_is_named(sections: dict[str, Any], said: str):
    with pytest.raises(SettingsError, match=said):
        told(**sections)


def test_a_stack_without_nodes_on_spot_keeps_no_deadline():
    local = Settings.read(stack_file("local"))
    with pytest.raises(SettingsError, match="local has no nodes on spot"):
        terms(local, Catalog.load(), deadline_h=9, today=TODAY)


def test_a_cluster_whose_prices_nobody_knows_keeps_no_deadline():
    cluster = yaml.safe_load(stack_file("kubernetes").read_text())["config"]["slipway:kubernetes"]
    with pytest.raises(SettingsError, match="kind and region say what nodes cost"):
        told(kubernetes=cluster | {"kind": "other", "images": {}})


@pytest.mark.parametrize("hours", ["inf", "nan", "0", "1e308"])
def test_a_deadline_that_is_no_amount_is_refused(hours: str):
    assert CliRunner().invoke(app, ["train", "--deadline-h", hours]).exit_code == 2
