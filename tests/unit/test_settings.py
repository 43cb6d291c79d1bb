import contextlib
from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infra.settings import Settings
from slipway.errors import SettingsError
from slipway.paths import PROJECT

MINIMAL = {"slipway:target": "local", "slipway:regions": ["us-east-1", "ap-south-1"]}


def refusal(config: Mapping[str, object]) -> str:
    with pytest.raises(SettingsError) as caught:
        Settings.parse(config)
    return caught.value.message


def test_every_stack_file_of_the_project_is_accepted():
    for file in (PROJECT / "stacks").glob("Pulumi.*.yaml"):
        Settings.read(file)


def test_a_stack_file_needs_only_what_differs():
    assert Settings.parse(MINIMAL).predictor.replicas.min == 2


def test_an_unknown_key_is_named_by_its_path():
    assert refusal(MINIMAL | {"slipway:predictor": {"replcas": {}}}) == "slipway:predictor.replcas: unknown key"


def test_a_wrong_type_says_what_was_given():
    assert "slipway:edge.port" in refusal(MINIMAL | {"slipway:edge": {"port": "many"}})
    assert "'many'" in refusal(MINIMAL | {"slipway:edge": {"port": "many"}})


def test_a_missing_key_is_named():
    assert refusal({"slipway:regions": ["us-east-1"]}) == "slipway:target: is required"


def test_a_stack_that_is_nowhere_is_refused():
    assert "regions: give regions, or serving" in refusal({"slipway:target": "local"})


def test_replicas_that_can_never_be_in_bounds_are_refused():
    said = refusal(MINIMAL | {"slipway:predictor": {"replicas": {"min": 3, "max": 2}}})
    assert said.startswith("slipway:predictor.replicas: min 3 is above max 2")


def test_a_region_may_stand_only_once():
    assert "each region may stand once" in refusal(MINIMAL | {"slipway:regions": ["us-east-1", "us-east-1"]})


def test_two_services_on_one_port_are_refused():
    assert "the same port" in refusal(MINIMAL | {"slipway:edge": {"port": 6390}})


def test_a_privileged_port_is_refused():
    assert "slipway:edge.port" in refusal(MINIMAL | {"slipway:edge": {"port": 80}})


def test_config_of_a_default_provider_is_refused():
    assert "providers are explicit" in refusal(MINIMAL | {"aws:region": "us-east-1"})


def test_all_wrong_keys_are_named_at_once():
    said = refusal({"slipway:target": "moon", "slipway:regions": ["here"], "slipway:nonsense": 1})
    assert [line.split(": ")[0] for line in said.splitlines()] == [
        "slipway:target",
        "slipway:regions[0]",
        "slipway:nonsense",
    ]


def test_the_engine_hands_over_the_same_settings_as_the_file(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv(
        "PULUMI_CONFIG", '{"slipway:target":"local","slipway:regions":"[\\"us-east-1\\",\\"ap-south-1\\"]"}'
    )
    assert Settings.load() == Settings.parse(MINIMAL)


@given(st.dictionaries(st.text(max_size=8), st.one_of(st.none(), st.integers(), st.text(max_size=8)), max_size=4))
def test_whatever_the_file_holds_the_answer_is_settings_or_a_refusal(section: dict[str, object]):
    with contextlib.suppress(SettingsError):
        Settings.parse(MINIMAL | {"slipway:predictor": section})
