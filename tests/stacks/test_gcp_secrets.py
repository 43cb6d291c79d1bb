"""A stack on Google holds no secret at all; one that is planted for the other cloud of two stays there."""

from typing import Any

import pytest

from infra.settings import Settings
from slipway.errors import SettingsError, SlipwayError
from tests.stacks.graph import Graph
from tests.stacks.programs import cloud_graph, config_of

PLANTED = "planted-secret-0123456789abcdefghijklmnop"


@pytest.fixture(scope="module")
def planted() -> Graph:
    """Both clouds, with a secret that only AWS' edge shows to its regions."""
    return cloud_graph(Settings.parse(config_of("multi-prod") | {"slipway:origin_token": PLANTED}), "multi-prod")


def test_no_resource_takes_a_secret(gcp: Graph):
    assert [resource.name for resource in gcp if resource.secrets] == []


def test_nobody_has_a_key_that_lasts(gcp: Graph):
    keys = ("gcp:serviceaccount/key:", "gcp:storage/hmacKey:", "gcp:apikeys/", "gcp:projects/apiKey:")
    assert [resource.name for resource in gcp if resource.type.startswith(keys)] == []


def test_a_secret_of_the_other_cloud_reaches_no_resource_of_google(planted: Graph):
    holding = {resource.type.split(":")[0] for resource in planted if PLANTED in str(resource.inputs)}
    assert holding == {"aws"}


def test_a_planted_secret_stands_in_no_resource_in_clear(planted: Graph):
    assert [resource.name for resource in planted if PLANTED in resource.open_text] == []


def test_a_secret_that_would_protect_nothing_is_refused_and_not_repeated():
    with pytest.raises(SettingsError, match="slipway:origin_token: means nothing on the gcp target") as caught:
        Settings.parse(config_of("gcp-dev") | {"slipway:origin_token": PLANTED})
    assert PLANTED not in str(caught.value)


def test_an_error_about_a_stack_with_a_secret_does_not_show_it():
    wrong: dict[str, Any] = config_of("multi-prod") | {"slipway:origin_token": PLANTED}
    wrong["slipway:clouds"]["gcp"]["gone"] = [{"region": "us-central1"}, {"region": "asia-south1"}]
    with pytest.raises(SlipwayError) as caught:
        cloud_graph(Settings.parse(wrong), "multi-prod")
    assert PLANTED not in str(caught.value)
