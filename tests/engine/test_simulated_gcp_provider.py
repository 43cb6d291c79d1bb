"""The simulated GCP under the real engine, alone and beside AWS; what both share is tested with AWS."""

import pytest

from tests.engine.conftest import CloudProject

pytestmark = pytest.mark.engine

# without the SDK's classes, which take longer to load than all the rest takes to run
_HEAD = """
import json
import pulumi

labels = json.dumps({"owner": "ml-platform"})
provider = {"project": "acme-vision-dev", "region": "asia-south1", "defaultLabels": labels}
here = pulumi.ResourceOptions(provider=pulumi.ProviderResource("gcp", "gcp", provider))

def gcp(kind, called, **inputs):
    return pulumi.CustomResource(f"gcp:{kind}", called, inputs, here)
"""
TASKS = f"""{_HEAD}
gcp("compute/network:Network", "network", autoCreateSubnetworks=False)
gcp("pubsub/topic:Topic", "tasks", labels={{"queue": "tasks"}})
"""
BOTH = f"""{TASKS}
there = pulumi.ResourceOptions(provider=pulumi.ProviderResource("aws", "aws", {{"region": "us-east-1"}}))
pulumi.CustomResource("aws:sqs/queue:Queue", "queue", {{"visibilityTimeoutSeconds": 60}}, there)
"""
REFUSED = f"""{_HEAD}
gcp("pubsub/topic:Topic", "tasks", name="1st", labels={{"Queue": "tasks"}})
"""


@pytest.fixture(autouse=True)
def well(cloud: CloudProject) -> None:
    cloud.faults.write()


def test_what_is_made_looks_like_google(cloud: CloudProject):
    cloud.settle(TASKS)
    topic, network = cloud.state("tasks"), cloud.state("network")["outputs"]
    assert topic["id"] == f"projects/acme-vision-dev/topics/{topic['outputs']['name']}"
    assert network["selfLink"].startswith("https://www.googleapis.com/compute/v1/projects/acme-vision-dev/global/")
    assert topic["outputs"]["effectiveLabels"] == {
        "goog-pulumi-provisioned": "true",
        "owner": "ml-platform",
        "queue": "tasks",
    }


def test_another_label_of_the_provider_updates_what_carries_labels(cloud: CloudProject):
    cloud.settle(TASKS)
    assert "2 updated" in cloud.up(TASKS.replace("ml-platform", "serving"))  # and the provider itself
    assert cloud.state("tasks")["outputs"]["effectiveLabels"]["owner"] == "serving"


def test_nothing_changes_where_nothing_changed(cloud: CloudProject):
    cloud.settle(TASKS)
    assert "4 unchanged" in cloud.up(TASKS, "--refresh")


def test_problems_are_told_at_preview_with_their_paths(cloud: CloudProject):
    cloud.write(REFUSED)
    report = cloud.pulumi("preview", fails=True)
    assert "name: '1st' does not match" in report
    assert "labels.Queue: 'Queue' is no key of a label" in report


def test_two_clouds_come_and_go_together(cloud: CloudProject):
    cloud.up(BOTH)
    assert sorted(holding.token.split(":")[0] for holding in cloud.holdings.all()) == ["aws", "gcp", "gcp"]
    cloud.destroy()
    assert not cloud.holdings.all()
