"""Resources of further types that rules look at, each as it should be: for tests that change a part of one."""

from tests.policy_twins.gcp.network import ACCOUNT
from tests.policy_twins.twin import Made

TEMPLATE = Made(
    type="gcp:compute/instanceTemplate:InstanceTemplate",
    name="bastion",
    props={
        "machineType": "e2-small",
        "networkInterfaces": [{"subnetwork": "slipway"}],
        "serviceAccount": {"email": ACCOUNT, "scopes": ["cloud-platform"]},
        "shieldedInstanceConfig": {"enableSecureBoot": True},
    },
)
DATABASE = Made(
    type="gcp:sql/databaseInstance:DatabaseInstance",
    name="runs",
    props={
        "databaseVersion": "POSTGRES_17",
        "region": "us-central1",
        "settings": {"tier": "db-custom-2-8192", "ipConfiguration": {"ipv4Enabled": False}},
    },
    protect=True,
)
SECURE_PROXY = Made(
    type="gcp:compute/targetHttpsProxy:TargetHttpsProxy",
    name="secure",
    props={"urlMap": "edge", "sslPolicy": "modern"},
)
JOB = Made(
    type="gcp:cloudrunv2/job:Job",
    name="batch",
    props={
        "location": "us-central1",
        "template": {
            "template": {"serviceAccount": ACCOUNT, "containers": [{"image": f"example/worker@sha256:{'0' * 64}"}]}
        },
    },
)
POLICY = Made(
    type="gcp:storage/bucketIAMPolicy:BucketIAMPolicy",
    name="policy",
    props={
        "bucket": "example-models",
        "policyData": '{"bindings": [{"role": "roles/storage.objectViewer", "members": ["group:us@example.com"]}]}',
    },
)
BINDING = Made(
    type="gcp:projects/iAMBinding:IAMBinding",
    name="binding",
    props={
        "project": "example-models",
        "role": "roles/resourcemanager.projectIamAdmin",
        "members": ["serviceAccount:deployer@example-models.iam.gserviceaccount.com"],
        "condition": {
            "title": "known roles",
            "expression": "api.getAttribute('iam.googleapis.com/modifiedGrantsByRole', [])"
            ".hasOnly(['roles/run.invoker'])",
        },
    },
)
INVOKER = Made(
    type="gcp:cloudrunv2/serviceIamMember:ServiceIamMember",
    name="invoker",
    props={"name": "predictor", "location": "us-central1", "role": "roles/run.invoker", "member": "allUsers"},
)

OTHERS: tuple[Made, ...] = (TEMPLATE, DATABASE, SECURE_PROXY, JOB, POLICY, BINDING, INVOKER)
