"""What a stack is judged by, from the configuration that the engine hands over."""

import json
from datetime import date
from typing import Any

import yaml

from infra.policy.terms import Terms, terms_of
from slipway.paths import PROJECT
from tests.policy_twins.settings import SETTINGS

TODAY = date(2026, 11, 23)


def config(**changed: Any) -> dict[str, str]:
    """The production stack's configuration as the engine hands it over: objects and lists as JSON text."""
    document = yaml.safe_load((PROJECT / "stacks" / "Pulumi.aws-prod.yaml").read_text())["config"]
    whole = {**document, **{f"slipway:{key}": value for key, value in changed.items()}}
    return {
        key: value if isinstance(value, str) else json.dumps(value) for key, value in whole.items() if value is not None
    }


def serving(*countries: str) -> dict[str, Any]:
    return {
        "users": [{"place": "city:Mumbai", "share": 1, "countries": list(countries)}],
        "requests_per_s": 10,
        "p95_ms": 300,
        "model": {"service_ms": {"cpu": 5}},
    }


def test_a_stack_is_judged_by_its_own_settings():
    assert terms_of(config(), TODAY) == Terms(
        today=TODAY,
        environment="prod",
        regions=frozenset({"us-east-1", "ap-south-1"}),
        budget_usd_per_month=25_000,
    )


def test_a_program_without_settings_is_judged_as_production():
    assert terms_of({"aws:region": "us-east-1"}, TODAY) == Terms(today=TODAY, environment="prod")


def test_settings_that_are_wrong_are_judged_as_production():
    assert terms_of(config(environment="dev", budget=None), TODAY).environment == "prod"


def test_users_who_must_be_answered_at_home_keep_resources_at_home():
    regions = terms_of(config(regions=None, serving=serving("IN")), TODAY).regions
    assert "ap-south-1" in regions
    assert "us-east-1" not in regions


def test_users_who_may_be_answered_anywhere_leave_regions_open():
    assert terms_of(config(regions=None, serving=serving()), TODAY).regions == frozenset()


def test_regions_that_a_goal_names_bound_it():
    goal = {**serving("IN", "US"), "regions": ["ap-south-1", "eu-west-1"]}
    assert terms_of(config(regions=None, serving=goal), TODAY).regions == {"ap-south-1"}


def test_a_stack_of_two_clouds_may_be_where_each_of_them_may_and_cost_what_both_may():
    told = {key: value if isinstance(value, str) else json.dumps(value) for key, value in SETTINGS.items()}
    assert terms_of(told, TODAY) == Terms(
        today=TODAY,
        environment="prod",
        regions=frozenset({"us-east-1", "us-central1"}),
        budget_usd_per_month=25_000,
    )


def test_the_pair_of_regions_that_holds_a_bucket_is_allowed_and_where_its_key_must_be():
    google = {
        "slipway:target": "gcp",
        "slipway:environment": "prod",
        "slipway:ownership": SETTINGS["slipway:ownership"],
        **{f"slipway:{key}": value for key, value in SETTINGS["slipway:clouds"]["gcp"].items()},
        "slipway:network": {"nat": "per_zone"},
        "slipway:domain": SETTINGS["slipway:domain"],
        "slipway:storage": {"dual_region": ["us-central1", "us-east1"]},
    }
    told = {key: value if isinstance(value, str) else json.dumps(value) for key, value in google.items()}
    assert terms_of(told, TODAY).regions == {"nam4", "us-central1", "us-east1"}
