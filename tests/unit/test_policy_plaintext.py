"""Where a secret stands in plain text, and what only looks like one."""

import base64
import random
import re
from typing import Any

import pytest

from infra.policy.aws.account import TAGGABLE
from infra.policy.plaintext import Text, in_plain_text, looks_random, texts
from infra.policy.stack import UNKNOWN, Resource, Sealed
from infra.policy.terms import STRICTEST, Terms
from slipway.paths import PROJECT
from tests.unit.test_policy_terms import TODAY

TERMS = Terms(today=TODAY, environment=STRICTEST)


def told(**props: Any) -> list[str]:
    """Paths at which a resource with these properties holds a secret."""
    resource = Resource(type="aws:a/b:C", name="c", props=props)
    return [text.path for text in texts(resource) if list(in_plain_text(text, TERMS))]


@pytest.mark.parametrize(
    "secret",
    [
        "AKIA" + "IOSFODNN7EXAMPLE",
        "-----BEGIN RSA " + "PRIVATE KEY-----\nMIIE",
        "ghp_" + "a1" * 18,
        "xoxb-" + "123456789012",
        "hf_" + "aB3" * 11,
        "eyJ" + "hbGciOiJIUzI1NiJ9.eyJ" + "zdWIiOiIxMjM0NTY3ODkwIn0.c2lnbmF0dXJl",
        "redis://:" + "hunter22" + "@cache:6379",
        "postgres://app:" + "hunter22" + "@db/slipway",
    ],
)
def test_a_secret_is_known_by_its_shape(secret: str):
    found = told(note=f"use {secret}") if "://" not in secret else told(note=secret)
    assert found == (["note"] if "redis" not in secret else [])


@pytest.mark.parametrize(
    "name", ["password", "DB_PASSWORD", "originToken", "apiKey", "secretString", "AWS_SECRET_ACCESS_KEY"]
)
def test_a_secret_is_known_by_its_name(name: str):
    assert told(environment={"variables": {name: "correct-horse-9"}}) == [f"environment.variables.{name}"]


def test_a_header_is_known_by_the_name_beside_its_value():
    assert told(headers=[{"name": "x-origin-token", "value": "c4Vz9pQ2mT7w"}]) == ["headers[0].value"]


def test_a_private_key_is_found_inside_base64():
    armoured = "-----BEGIN EC " + "PRIVATE KEY-----\nMHcCAQ"
    assert told(key=base64.b64encode(armoured.encode()).decode()) == ["key"]


@pytest.mark.parametrize("broken", ["LS0tLS1CRUdJTi", "LS0tLS1CRUdJTiBDR", "LS0tLS1CRUdJTiB" + "é" * 9])
def test_what_is_no_base64_after_all_is_left_alone(broken: str):
    assert told(note=broken) == []


def test_a_secret_is_found_inside_a_document():
    assert told(definition='[{"environment": [{"name": "DB_PASSWORD", "value": "c4Vz9pQ2mT7w"}]}]') == [
        "definition[0].environment[0].value"
    ]


def test_what_the_engine_keeps_encrypted_is_passed_over():
    assert told(password=Sealed("correct-horse-9"), note=Sealed("AKIA" + "IOSFODNN7EXAMPLE")) == []


def test_what_is_not_known_yet_is_passed_over():
    assert told(password=UNKNOWN) == []


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("httpTokens", "required"),
        ("token", "optional"),
        ("password", "arn:aws:secretsmanager:us-east-1:123456789012:secret:db-a1b2c3"),
        ("secret", "/slipway/prod/origin-token"),
        ("imagePullSecret", "registry-credentials"),
        ("sslPolicy", "ELBSecurityPolicy-TLS13-1-2-2021-06"),
        ("policyArn", "arn:aws:iam::aws:policy/AmazonEC2ContainerRegistryPullOnly"),
        ("predefinedMetricType", "LambdaProvisionedConcurrencyUtilization"),
        ("codeSha256", "q1MKE+RZFJgrefm34+uplM/R8/si9xzqGvvwK0YMbR0="),
        ("zoneId", "Z08123456ABCDEFGHIJK"),
        ("thumbprint", "990f4193972f2becf12ddeda5237f9c952f20d9e"),
        ("image", "example/worker@sha256:67281734261d15d009899a05d35d095726ecc8d25aac7dbe32ff3ed68ed43042"),
        ("certificate", "LS0tLS1CRUdJTiBDRVJUSUZJQ0FURS0tLS0t"),
        ("certificate", "-----BEGIN CERTIFICATE-----\nMIIDdzCCAl+gAwIBAgIEAgAAuTANBgkqhkiG9w0BAQUFADBa"),
    ],
)
def test_what_only_looks_like_a_secret_is_left_alone(name: str, value: str):
    assert told(**{name: value}) == []


def test_most_keys_that_chance_made_look_random():
    """A heuristic: it is held to what it is good for, and shapes and names do the rest."""
    chance = random.Random(7)
    keys = [base64.b64encode(chance.randbytes(30)).decode() for _ in range(500)]
    assert sum(map(looks_random, keys)) > 0.75 * len(keys)


def test_no_name_or_type_of_ours_looks_random():
    listed = [TAGGABLE, *(PROJECT / "tests" / "stacks" / "snapshots").glob("*.txt")]
    names = [part for file in listed for part in re.split(r"[ :/]", file.read_text())]
    assert len(names) > 1000
    assert not [name for name in names if looks_random(name)]


def test_a_message_says_where_and_never_what():
    (message,) = in_plain_text(Text(path="a.b", name="password", value="correct-horse-9"), TERMS)
    assert message.startswith("a.b ")
    assert "correct-horse-9" not in message
