"""How rules become policies, and what the engine's wire holds that the SDK keeps from them."""

import json
import subprocess
import sys
from datetime import date
from typing import Any

import pytest
from pulumi.runtime.proto import analyzer_pb2
from pulumi_policy import EnforcementLevel, policy

from infra.policy import wire
from infra.policy.pack import Pack
from infra.policy.rules import RULES
from infra.policy.stack import UNKNOWN, Sealed
from tests.unit.test_policy_terms import config

TODAY = date(2026, 11, 23)
SIGNATURE = "4dabf18193072939515e22adb298388d"
SECRET = "1b47061264138c4ac30d75fd1eb44270"
SDK: Any = policy  # its parts are named here as wire.py replaces them
NOT_KNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"


@pytest.fixture
def listening(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """Configurations that the pack has heard, with the parts of the SDK replaced for the length of a test."""
    for part in ("_PolicyAnalyzerServicer", "deserialize_properties"):
        monkeypatch.setattr(SDK, part, getattr(SDK, part))
    heard: list[Any] = []
    wire.listen(heard.append)
    return heard


def secret(value: Any) -> dict[str, Any]:
    return {SIGNATURE: SECRET, "value": value}


def levels(pack: Pack) -> dict[str, EnforcementLevel | None]:
    return {policy.name: policy.enforcement_level for policy in pack.policies}


def test_every_rule_is_one_policy():
    assert [policy.name for policy in Pack(RULES, TODAY).policies] == [rule.name for rule in RULES]


def test_before_it_has_heard_of_a_stack_all_is_mandatory():
    assert set(levels(Pack(RULES, TODAY)).values()) == {EnforcementLevel.MANDATORY}


@pytest.mark.parametrize("environment", ["dev", "staging", "prod"])
def test_a_policy_is_as_strict_as_its_rule_in_the_stacks_environment(environment: str):
    pack = Pack(RULES, TODAY)
    pack.hear(config(environment=environment, deletion_protection=True))
    mandatory = {name for name, level in levels(pack).items() if level is EnforcementLevel.MANDATORY}
    assert mandatory == {rule.name for rule in RULES if rule.mandatory_in(environment)}


def test_a_secret_is_marked_wherever_it_stands():
    marked = wire.marked({"a": secret("x"), "b": {"c": [secret({"d": ["y", 1]})]}, "e": "z"})
    assert marked == {"a": "x", "b": {"c": [{"d": ["y", 1]}]}, "e": "z"}
    assert isinstance(marked["a"], Sealed)
    assert isinstance(marked["b"]["c"][0]["d"][0], Sealed)
    assert not isinstance(marked["e"], Sealed)


def test_a_secret_inside_a_secret_is_marked_too():
    assert isinstance(wire.marked(secret({"a": secret("x")}))["a"], Sealed)


def test_what_is_not_known_is_so_wherever_it_stands():
    assert wire.plain({"a": NOT_KNOWN, "b": [{"c": NOT_KNOWN}]}) == {"a": UNKNOWN, "b": [{"c": UNKNOWN}]}


@pytest.mark.usefixtures("listening")
def test_the_sdk_lets_secrets_and_unknowns_through_to_a_rule():
    given = SDK.unknown_checking_proxy(SDK.deserialize_properties({"a": secret("x"), "b": NOT_KNOWN, "c": {"d": 1}}))
    properties = wire.Properties(given)
    assert isinstance(properties["a"], Sealed)
    assert properties["b"] is UNKNOWN
    assert dict(properties) == {"a": "x", "b": UNKNOWN, "c": {"d": 1}}


def test_the_pack_hears_the_stacks_configuration_without_its_secrets(listening: list[Any]):
    servicer = SDK._PolicyAnalyzerServicer("pack", "0", [*Pack(RULES, TODAY).policies], EnforcementLevel.ADVISORY)
    servicer.ConfigureStack(
        analyzer_pb2.AnalyzerStackConfigureRequest(
            config={"slipway:target": "aws", "slipway:origin_token": "hunter2"},
            config_secret_keys=["slipway:origin_token"],
        ),
        None,
    )
    assert listening == [{"slipway:target": "aws"}]


def test_the_pack_starts_without_a_clouds_sdk_or_the_catalog():
    """It is started for every preview; pulumi_aws alone takes longer to import than all of it."""
    listed = "import json, sys, infra.policy.pack; print(json.dumps(sorted(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", listed], capture_output=True, text=True, check=True)
    heavy = ("pulumi_aws", "pulumi_gcp", "infra.catalog", "infra.cost", "numpy", "highspy", "boto3")
    assert not set(heavy) & set(json.loads(done.stdout))
