"""What the simulated AWS says of a registration before anything is made: no engine, one call for a sentence."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.engine.simulated.aws import api
from tests.engine.simulated.aws.cloud import Aws
from tests.engine.simulated.aws.description import descriptions
from tests.engine.simulated.core.cloud import Place
from tests.engine.simulated.core.problem import RefusedError
from tests.engine.simulated.core.published import follow
from tests.engine.simulated.core.wire import UNKNOWN
from tests.stacks.programs import AWS_STACKS

SNAPSHOTS = Path(__file__).parents[1] / "stacks" / "snapshots"
AWS = Aws()
PLACE = Place(account="123456789012", region="ap-south-1")
QUEUE, BUCKET, ROLE = "aws:sqs/queue:Queue", "aws:s3/bucket:Bucket", "aws:iam/role:Role"
GROUP: dict[str, Any] = {
    "nodeGroupName": "train",
    "clusterName": "main",
    "nodeRoleArn": "arn:aws:iam::123456789012:role/node",
    "subnetIds": ["subnet-0123456789abcdef0"],
    "scalingConfig": {"minSize": 0, "maxSize": 4, "desiredSize": 0},
}


def problems(token: str, inputs: dict[str, Any]) -> str:
    return "\n".join(f"{problem.path}: {problem.reason}" for problem in AWS.problems(token, inputs))


def trust(**statement: Any) -> dict[str, Any]:
    whole = {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": "ec2.amazonaws.com"}}
    document = {"Version": "2012-10-17", "Statement": [{**whole, **statement}]}
    return {"name": "node", "assumeRolePolicy": json.dumps(document)}


def test_what_is_right_is_accepted():
    assert not problems("aws:eks/nodeGroup:NodeGroup", GROUP)
    assert not problems(ROLE, trust())


def test_an_unknown_property_is_named_with_the_one_that_was_meant():
    found = problems(QUEUE, {"name": "tasks", "visibilityTimeoutSecond": 30})
    assert found.startswith(
        "visibilityTimeoutSecond: QueueArgs has no such property; visibilityTimeoutSeconds is meant"
    )


def test_a_missing_property_is_named():
    given = {name: value for name, value in GROUP.items() if name != "nodeRoleArn"}
    assert problems("aws:eks/nodeGroup:NodeGroup", given) == "nodeRoleArn: is required by NodeGroupArgs"


def test_a_missing_property_below_another_is_named_by_its_path():
    found = problems("aws:eks/nodeGroup:NodeGroup", GROUP | {"taints": [{"key": "gpu"}]})
    assert found == "taints[0].effect: is required by NodeGroupTaintArgs"


def test_a_value_of_the_wrong_type_is_refused_without_showing_it():
    assert (
        problems(QUEUE, {"name": "tasks", "delaySeconds": "5"}) == "delaySeconds: must be a whole number, and is text"
    )


def test_a_wrong_member_of_a_closed_enum_is_refused():
    statement = {"Effect": "Perhaps", "Action": "s3:GetObject"}
    found = problems("aws:iam/policy:Policy", {"policy": {"Version": "2012-10-17", "Statement": [statement]}})
    assert found == "policy.Statement[0].Effect: 'Perhaps' is none of Allow, Deny"


def test_a_wrong_member_of_an_open_enum_is_refused_by_the_service_model():
    found = problems("aws:eks/nodeGroup:NodeGroup", GROUP | {"capacityType": "SPOTTY"})
    assert found == "capacityType: 'SPOTTY' is none of ON_DEMAND, SPOT, CAPACITY_BLOCK"


def test_an_unknown_value_of_a_preview_is_not_judged():
    assert not problems("aws:eks/nodeGroup:NodeGroup", GROUP | {"capacityType": UNKNOWN, "scalingConfig": UNKNOWN})


def test_a_type_that_the_sdk_does_not_have_is_refused():
    assert "has no aws:sqs/queues:Queues" in problems("aws:sqs/queues:Queues", {})


@pytest.mark.parametrize("name", ["Releases", "a", "releases_", "-releases", "a" * 64])
def test_a_bucket_name_that_dns_would_not_take_is_refused(name: str):
    assert "is no name for a bucket" in problems(BUCKET, {"bucket": name})


def test_a_description_of_a_security_group_with_an_apostrophe_is_refused():
    inputs = {"name": "nodes", "description": "the pool's nodes"}
    assert "does not match" in problems("aws:ec2/securityGroup:SecurityGroup", inputs)


def test_a_range_that_the_service_model_does_not_state_is_kept():
    assert problems(QUEUE, {"name": "tasks", "visibilityTimeoutSeconds": 43_201}).endswith("43201 is not in 0..43200")


def test_a_retention_that_cloudwatch_does_not_know_is_refused():
    assert "42 is none of" in problems("aws:cloudwatch/logGroup:LogGroup", {"name": "flows", "retentionInDays": 42})


def test_a_trust_policy_without_a_principal_is_refused():
    bare = json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole"}]})
    assert problems(ROLE, {"name": "node", "assumeRolePolicy": bare}).endswith("Statement[0] needs a Principal")


def test_a_trust_policy_that_is_too_long_is_refused():
    assert "at most 2048 are allowed" in problems(ROLE, trust(Sid="x" * 2048))


def test_a_document_that_is_no_json_is_refused():
    assert "is no JSON" in problems(ROLE, {"name": "node", "assumeRolePolicy": "{"})


def test_every_description_speaks_of_a_call_and_members_that_there_are():
    for description in descriptions().values():
        if description.call:
            shape = api.call(description.call)
            for member in (*description.members.values(), *filter(None, [description.within])):
                assert follow(shape, member)


def test_every_type_of_the_stacks_is_described():
    used = {
        line.split()[0]
        for stack in AWS_STACKS
        for line in (SNAPSHOTS / f"{stack}.txt").read_text().splitlines()
        if line.startswith("aws:")
    }
    assert not used - descriptions().keys()


def test_a_policy_document_is_rendered_as_iam_reads_it():
    statement = {
        "actions": ["s3:GetObject"],
        "resources": ["a", "b"],
        "principals": [{"type": "*", "identifiers": ["*"]}],
    }
    token = "aws:iam/getPolicyDocument:getPolicyDocument"
    answer = AWS.invoke(token, {"statements": [statement]}, PLACE, lambda _: None)
    assert json.loads(answer["json"])["Statement"] == [
        {"Effect": "Allow", "Action": "s3:GetObject", "Resource": ["a", "b"], "Principal": "*"}
    ]


def test_zones_have_the_ids_of_their_region():
    zones = AWS.invoke("aws:index/getAvailabilityZones:getAvailabilityZones", {}, PLACE, lambda _: None)
    assert zones["zoneIds"] == ["aps1-az1", "aps1-az2", "aps1-az3"]


def test_a_question_that_is_not_simulated_is_not_answered():
    with pytest.raises(RefusedError, match="is not answered here"):
        AWS.invoke("aws:ec2/getInstances:getInstances", {}, PLACE, lambda _: None)


def test_a_provider_for_another_account_is_refused(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("SLIPWAY_SIMULATED_ACCOUNT", "999999999999")
    with pytest.raises(RefusedError, match="AWS account ID not allowed: 999999999999"):
        AWS.place({"region": "us-east-1", "allowedAccountIds": ["123456789012"]})


def test_a_change_of_capacity_replaces_a_node_group_and_a_change_of_size_does_not():
    replacing = AWS.replaces("aws:eks/nodeGroup:NodeGroup")
    assert "capacityType" in replacing
    assert "scalingConfig" not in replacing
