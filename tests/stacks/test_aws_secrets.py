"""A secret in settings, planted, is nowhere in clear: not in what is registered, not in what is shown."""

import pytest

from infra.settings import Settings
from slipway.errors import SlipwayError
from tests.stacks.aws_cloud import MADE_BY_AWS
from tests.stacks.graph import Graph
from tests.stacks.programs import cloud_graph, config_of, graph

PLANTED = "planted-secret-0123456789abcdefghijklmnop"


@pytest.fixture(scope="module")
def planted() -> Graph:
    return cloud_graph(Settings.parse(config_of("aws-dev") | {"slipway:origin_token": PLANTED}), "aws-dev")


def test_a_planted_secret_is_used(planted: Graph):
    assert PLANTED in str(planted.named("edge").inputs) or PLANTED in str(
        planted.of("aws:cloudfront/distribution:Distribution")[0].inputs
    )


def test_a_planted_secret_stands_in_no_resource_in_clear(planted: Graph):
    assert [resource.name for resource in planted if PLANTED in resource.open_text] == []


def test_a_secret_that_cloud_made_stands_in_no_resource_in_clear():
    assert [resource.name for resource in graph("aws-prod") if MADE_BY_AWS in resource.open_text] == []


def test_a_secret_of_ones_own_makes_aws_make_none(planted: Graph):
    assert not planted.of("aws:apigateway/apiKey:ApiKey")


def test_an_error_about_a_stack_with_a_secret_does_not_show_it():
    wrong = config_of("aws-prod") | {
        "slipway:origin_token": PLANTED,
        "slipway:gone": [{"region": "us-east-1"}, {"region": "ap-south-1"}],
    }
    with pytest.raises(SlipwayError) as caught:
        cloud_graph(Settings.parse(wrong), "aws-prod")
    assert PLANTED not in str(caught.value)
