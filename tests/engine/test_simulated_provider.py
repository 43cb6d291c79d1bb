"""The simulated AWS under the real engine: what it makes, keeps and refuses as the engine passes it on."""

import pytest

from tests.engine.conftest import CloudProject
from tests.engine.simulated.core.faults import Crash

pytestmark = pytest.mark.engine

SECRET = "c1f7-never-in-clear"
# without the SDK's classes, which take longer to load than all the rest takes to run
_HEAD = """
import json
import pulumi

provider = {"region": "us-east-1", "allowedAccountIds": '["123456789012"]'}
provider["defaultTags"] = json.dumps({"tags": {"owner": "ml-platform"}})
here = pulumi.ResourceOptions(provider=pulumi.ProviderResource("aws", "aws", provider))

def aws(kind, called, **inputs):
    return pulumi.CustomResource(f"aws:{kind}", called, inputs, here)
"""
NETWORK = f"""{_HEAD}
network = aws("ec2/vpc:Vpc", "network", cidrBlock="10.20.0.0/16").id
aws("ec2/subnet:Subnet", "zone", vpcId=network, cidrBlock="10.20.0.0/18")
"""
QUEUE = f"""{_HEAD}
aws("sqs/queue:Queue", "tasks", visibilityTimeoutSeconds=60)
"""
NAMED = f"""{_HEAD}
aws("sqs/queue:Queue", "tasks", name="tasks")
"""
REFUSED = f"""{_HEAD}
aws("sqs/queue:Queue", "tasks", delaySeconds=901, name=pulumi.Output.secret("{SECRET} !"))
"""
HIDDEN = f"""{_HEAD}
aws("kms/key:Key", "key", description=pulumi.Output.secret("{SECRET}"))
"""


@pytest.fixture(autouse=True)
def well(cloud: CloudProject) -> None:
    cloud.faults.write()


def names(cloud: CloudProject) -> list[str]:
    return sorted(holding.name for holding in cloud.holdings.all())


def test_what_is_made_looks_like_aws(cloud: CloudProject):
    cloud.settle(QUEUE)
    queue = cloud.state("tasks")["outputs"]
    assert queue["url"] == f"https://sqs.us-east-1.amazonaws.com/123456789012/{queue['name']}"
    assert queue["arn"] == f"arn:aws:sqs:us-east-1:123456789012:{queue['name']}"
    assert queue["tagsAll"] == {"owner": "ml-platform"}


def test_a_change_behind_the_engine_is_seen_by_a_refresh_and_mended(cloud: CloudProject):
    cloud.settle(QUEUE)
    cloud.holdings.drift("tasks", visibilityTimeoutSeconds=5)
    assert "1 updated" in cloud.pulumi("refresh", "--yes", "--skip-preview")
    assert "1 updated" in cloud.up(QUEUE)
    assert cloud.holdings.named("tasks").plain_inputs["visibilityTimeoutSeconds"] == 60


def test_what_was_deleted_behind_the_engine_is_made_again(cloud: CloudProject):
    cloud.settle(QUEUE)
    cloud.holdings.remove(cloud.holdings.named("tasks").number)
    assert "1 created" in cloud.up(QUEUE, "--refresh")
    assert names(cloud) == ["tasks"]


def test_a_resource_with_a_drawn_name_is_made_anew_before_it_is_deleted(cloud: CloudProject):
    cloud.settle(QUEUE)
    former = cloud.state("tasks")["id"]
    report = cloud.up(QUEUE.replace("visibilityTimeoutSeconds=60", "fifoQueue=True"))
    assert report.index("created replacement") < report.index("deleted original")
    assert cloud.state("tasks")["id"] != former


def test_a_resource_with_a_given_name_is_deleted_before_it_is_made_anew(cloud: CloudProject):
    cloud.settle(NAMED)
    report = cloud.up(NAMED.replace('name="tasks"', 'name="tasks", fifoQueue=True'))
    assert report.index("deleted original") < report.index("created replacement")


def test_a_problem_is_told_at_preview_with_its_path_and_without_a_secret(cloud: CloudProject):
    cloud.write(REFUSED)
    report = cloud.pulumi("preview", fails=True)
    assert "delaySeconds: 901 is not in 0..900" in report
    assert "name: '[secret]' does not match" in report
    assert SECRET not in report


def test_a_secret_stays_one_also_after_a_refresh(cloud: CloudProject):
    cloud.up(HIDDEN)
    cloud.pulumi("refresh", "--yes", "--skip-preview")
    assert SECRET not in cloud.exported()


def test_what_another_uses_is_not_deleted(cloud: CloudProject):
    """The subnet names its network by a text, so that the engine knows nothing of it."""
    cloud.settle(NETWORK)
    vpc = cloud.state("network")["id"]
    lone = f'{_HEAD}\naws("ec2/subnet:Subnet", "zone", vpcId={vpc!r}, cidrBlock="10.20.0.0/18")\n'
    report = cloud.up(lone, fails=True)
    assert f"DependencyViolation: aws:ec2/vpc:Vpc {vpc} is used by zone (aws:ec2/subnet:Subnet, vpcId)" in report
    cloud.settle(NETWORK)  # or the two would be deleted at the same time


def test_what_a_dying_provider_made_is_there_and_its_name_is_taken(cloud: CloudProject):
    cloud.up(_HEAD)
    cloud.faults.write(Crash(type="sqs", when="after"))
    cloud.up(NAMED, fails=True)
    assert "AlreadyExistsException" in cloud.up(NAMED, fails=True)
    cloud.holdings.remove(cloud.holdings.named("tasks").number)


def test_nothing_is_left_after_a_destroy(cloud: CloudProject):
    cloud.settle(NETWORK)
    cloud.destroy()
    assert names(cloud) == []
