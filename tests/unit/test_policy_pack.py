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
def pack(monkeypatch: pytest.MonkeyPatch) -> Pack:
    """A pack that answers the engine, with the part of the SDK replaced for the length of a test."""
    monkeypatch.setattr(SDK, "_PolicyAnalyzerServicer", SDK._PolicyAnalyzerServicer)
    made = Pack(RULES, TODAY)
    wire.listen(made.policies, made.hear)
    return made


def servicer(pack: Pack) -> Any:
    """What the SDK would answer the engine with."""
    return SDK._PolicyAnalyzerServicer("pack", "0", [*pack.policies], EnforcementLevel.ADVISORY)


def request(**properties: Any) -> Any:
    found = analyzer_pb2.AnalyzeRequest(type="aws:lambda/function:Function", name="f", urn="urn:pulumi:a::b::c::f")
    found.properties.update(properties)
    return found


def told(response: Any) -> dict[str, str]:
    return {one.policyName: one.message for one in response.diagnostics}


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
    marked = wire.plain({"a": secret("x"), "b": {"c": [secret({"d": ["y", 1]})]}, "e": "z"})
    assert marked == {"a": "x", "b": {"c": [{"d": ["y", 1]}]}, "e": "z"}
    assert isinstance(marked["a"], Sealed)
    assert isinstance(marked["b"]["c"][0]["d"][0], Sealed)
    assert not isinstance(marked["e"], Sealed)


def test_a_secret_inside_a_secret_is_marked_too():
    assert isinstance(wire.plain(secret({"a": secret("x")}))["a"], Sealed)


def test_what_is_not_known_is_so_wherever_it_stands():
    assert wire.plain({"a": NOT_KNOWN, "b": [{"c": NOT_KNOWN}], "d": secret(NOT_KNOWN)}) == {
        "a": UNKNOWN,
        "b": [{"c": UNKNOWN}],
        "d": UNKNOWN,
    }


def test_the_engine_is_told_of_a_plain_secret_and_not_of_a_sealed_one(pack: Pack):
    variables = {"A_TOKEN": secret("c4Vz9pQ2mT7w"), "B_TOKEN": "c4Vz9pQ2mT7w"}
    message = told(servicer(pack).Analyze(request(environment={"variables": variables}), None))[
        "no-secret-in-plain-text"
    ]
    assert "environment.variables.B_TOKEN" in message
    assert "A_TOKEN" not in message


def test_the_pack_judges_by_the_configuration_that_the_engine_tells(pack: Pack):
    answering = servicer(pack)
    answering.ConfigureStack(analyzer_pb2.AnalyzerStackConfigureRequest(config=config(environment="dev")), None)
    (ceiling,) = [
        one for one in answering.Analyze(request(), None).diagnostics if one.policyName == "functions-have-a-ceiling"
    ]
    assert ceiling.enforcementLevel == analyzer_pb2.ADVISORY


def test_the_pack_never_holds_a_secret_of_the_configuration(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(SDK, "_PolicyAnalyzerServicer", SDK._PolicyAnalyzerServicer)
    heard: list[Any] = []
    quiet = Pack(RULES, TODAY)
    wire.listen(quiet.policies, heard.append)
    servicer(quiet).ConfigureStack(
        analyzer_pb2.AnalyzerStackConfigureRequest(
            config={"slipway:target": "aws", "slipway:origin_token": "hunter2"},
            config_secret_keys=["slipway:origin_token"],
        ),
        None,
    )
    assert heard == [{"slipway:target": "aws"}]


def test_a_policy_that_an_operator_turned_off_is_not_asked(pack: Pack):
    answering = servicer(pack)
    off = analyzer_pb2.ConfigureAnalyzerRequest()
    off.policyConfig["functions-have-a-ceiling"].enforcementLevel = analyzer_pb2.DISABLED
    answering.Configure(off, None)
    assert "functions-have-a-ceiling" not in told(answering.Analyze(request(), None))


def test_the_pack_starts_without_a_clouds_sdk():
    """It is started for every preview; pulumi_aws alone takes longer to import than all of it."""
    listed = "import json, sys, infra.policy.pack; print(json.dumps(sorted(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", listed], capture_output=True, text=True, check=True)
    heavy = ("pulumi_aws", "pulumi_gcp", "numpy", "highspy", "boto3")
    assert not set(heavy) & set(json.loads(done.stdout))
