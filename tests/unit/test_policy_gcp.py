"""Where Google says things in more than one way: each way is seen, and what is well is left alone."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from infra.policy.gcp.account import TAGGABLE, budgets
from infra.policy.gcp.taggable import content
from infra.policy.ideas import Budgets
from tests.policy_twins import Made, Ref, stack
from tests.policy_twins.gcp.data import bucket, subscription
from tests.policy_twins.gcp.identity import POD, bound, provider
from tests.policy_twins.gcp.network import ARMOUR, backend, cluster, container, service, subnet, template
from tests.policy_twins.gcp.others import (
    BINDING,
    DATABASE,
    INVOKER,
    JOB,
    OTHERS,
    POLICY,
    SECURE_PROXY,
    TEMPLATE,
)
from tests.policy_twins.gcp.running import pool
from tests.policy_twins.judging import TERMS, other, refused

CLUSTER, POOL, BUCKET, SERVICE, SUBNET = cluster("c"), pool("p", "p"), bucket("b"), service("s"), subnet("n")
FIREWALL = Made(
    type="gcp:compute/firewall:Firewall",
    name="f",
    props={"network": "n", "sourceTags": ["balancer"], "allows": [{"protocol": "tcp"}]},
)
_POOLS = "iam.googleapis.com/projects/1/locations/global/workloadIdentityPools"
_PRIVATE = {"enablePrivateNodes": True, "enablePrivateEndpoint": False}


@pytest.mark.parametrize(
    "made", [*OTHERS, CLUSTER, POOL, BUCKET, SERVICE, SUBNET, FIREWALL], ids=lambda made: made.type
)
def test_what_is_as_it_should_be_is_not_refused(made: Made):
    assert refused(made) == set()


def _config(**changed: Any) -> dict[str, Any]:
    return {"nodeConfig": {**POOL.props["nodeConfig"], **changed}}


@pytest.mark.parametrize(
    ("rule", "made", "changed"),
    [
        ("no-public-ingress", FIREWALL, {"sourceTags": None}),
        ("no-public-ingress", FIREWALL, {"sourceRanges": ["10.0.0.0/8", "::/0"]}),
        ("no-public-api-server", CLUSTER, {"privateClusterConfig": _PRIVATE}),
        (
            "no-public-api-server",
            CLUSTER,
            {
                "privateClusterConfig": _PRIVATE,
                "masterAuthorizedNetworksConfig": {"cidrBlocks": [], "gcpPublicCidrsAccessEnabled": True},
            },
        ),
        ("no-public-addresses", POOL, {"networkConfig": {"enablePrivateNodes": False}}),
        ("no-public-addresses", TEMPLATE, {"networkInterfaces": [{"network": "slipway", "accessConfigs": [{}]}]}),
        ("no-public-addresses", DATABASE, {"settings": {"tier": "db-f1-micro"}}),
        ("no-public-function-url", SERVICE, {"ingress": None}),
        ("networks-have-flow-logs", SUBNET, {"purpose": "PRIVATE", "logConfig": None}),
        ("no-wildcard-principal", POLICY, {"policyData": '{"bindings": [{"role": "r", "members": ["allUsers"]}]}'}),
        ("no-wildcard-principal", BINDING, {"members": ["group:us@example.com", "allAuthenticatedUsers"]}),
        ("no-wildcard-principal", INVOKER, {"role": "roles/run.viewer"}),
        ("no-all-powerful-role", BINDING, {"condition": None}),
        ("no-all-powerful-role", BINDING, {"role": "roles/owner"}),
        ("no-passing-any-role", BINDING, {"role": "roles/iam.serviceAccountTokenCreator"}),
        ("secrets-are-read-by-name", BINDING, {"role": "roles/secretmanager.secretAccessor", "condition": None}),
        ("identities-are-not-shared", JOB, {"template": {"template": {"containers": []}}}),
        ("identities-are-not-shared", TEMPLATE, {"serviceAccount": None}),
        ("identities-are-not-shared", POOL, _config(serviceAccount="1-compute@developer.gserviceaccount.com")),
        ("machines-boot-what-was-signed", TEMPLATE, {"shieldedInstanceConfig": None}),
        ("machines-boot-what-was-signed", CLUSTER, {"enableShieldedNodes": False}),
        (
            "machines-boot-what-was-signed",
            POOL,
            _config(shieldedInstanceConfig={"enableSecureBoot": True, "enableIntegrityMonitoring": False}),
        ),
        ("machines-keep-their-credentials", POOL, _config(workloadMetadataConfig=None)),
        ("machines-keep-their-credentials", POOL, _config(metadata={"disable-legacy-endpoints": "false"})),
        ("node-images-are-maintained", POOL, _config(imageType="cos")),
        ("clusters-follow-a-channel", CLUSTER, {"releaseChannel": None}),
        ("control-plane-keeps-logs", CLUSTER, {"loggingConfig": {"enableComponents": ["SYSTEM_COMPONENTS"]}}),
        ("network-policies-have-effect", CLUSTER, {"datapathProvider": None}),
        ("no-old-ways-in", CLUSTER, {"masterAuth": {"clientCertificateConfig": {"issueClientCertificate": True}}}),
        ("no-old-ways-in", CLUSTER, {"rbacBindingConfig": {"enableInsecureBindingSystemAuthenticated": True}}),
        ("spot-has-a-fallback", POOL, _config(preemptible=True)),
        ("accelerators-scale-to-zero", POOL, {"autoscaling": {"minNodeCount": 1, "maxNodeCount": 2}}),
        ("accelerators-scale-to-zero", POOL, {"autoscaling": None, "nodeCount": 1}),
        ("accelerators-carry-taints", POOL, _config(guestAccelerators=None, machineType="a3-highgpu-8g", taints=[])),
        ("stores-are-encrypted", BUCKET, {"encryption": {}}),
        ("stores-keep-versions", BUCKET, {"versioning": {"enabled": False}}),
        ("no-public-store", BUCKET, {"publicAccessPrevention": None}),
        ("stores-have-one-way-in", BUCKET, {"uniformBucketLevelAccess": None}),
        ("state-is-guarded", BUCKET, {"forceDestroy": True}),
        ("state-is-guarded", DATABASE, {"deletionProtection": False}),
        ("state-is-protected", replace(DATABASE, protect=False), {}),
        ("tls-1.2-at-least", SECURE_PROXY, {"sslPolicy": None}),
        ("images-by-digest", JOB, {"template": {"template": {"containers": [{"image": "example/worker:latest"}]}}}),
        ("containers-are-watched", SERVICE, {"template": template(containers=[container(startupProbe=None)])}),
        ("resources-stay-in-their-regions", BUCKET, {"location": "EU"}),
        ("resources-stay-in-their-regions", CLUSTER, {"location": "europe-west4-a"}),
        (
            "resources-stay-in-their-regions",
            BUCKET,
            {"location": "US", "customPlacementConfig": {"dataLocations": ["US-CENTRAL1", "US-EAST1"]}},
        ),
        ("resources-have-an-owner", replace(CLUSTER, provider="unlabelled"), {"resourceLabels": {"owner": "me"}}),
    ],
)
def test_each_way_to_break_a_rule_is_seen(rule: str, made: Made, changed: Mapping[str, Any]):
    assert rule in refused(other(made, changed))


@pytest.mark.parametrize(
    ("made", "changed"),
    [
        (FIREWALL, {"sourceTags": None, "direction": "EGRESS"}),
        (FIREWALL, {"sourceTags": None, "disabled": True}),
        (FIREWALL, {"sourceTags": None, "allows": None, "denies": [{"protocol": "all"}]}),
        (CLUSTER, {"privateClusterConfig": _PRIVATE, "masterAuthorizedNetworksConfig": {"cidrBlocks": []}}),
        (SUBNET, {"purpose": "REGIONAL_MANAGED_PROXY", "logConfig": None, "privateIpGoogleAccess": False}),
        (SERVICE, {"ingress": "INGRESS_TRAFFIC_ALL", "defaultUriDisabled": True}),
        (POOL, {"autoscaling": None, "nodeCount": 0}),
        (
            POOL,
            _config(reservationAffinity={"consumeReservationType": "SPECIFIC_RESERVATION"})
            | {"location": "us-central1-a", "autoscaling": None, "nodeCount": 1},
        ),
        (BUCKET, {"softDeletePolicy": None}),
        (CLUSTER, {"location": "us-central1-b", "deletionProtection": None}),
        (SERVICE, {"template": template(scaling=None), "scaling": {"maxInstanceCount": 5}}),
        (JOB, {"location": "global"}),
    ],
)
def test_what_only_looks_like_a_fault_is_left_alone(made: Made, changed: Mapping[str, Any]):
    assert refused(other(made, changed)) == set()


def test_a_balancer_that_only_allows_does_not_limit_the_edge():
    edge = backend("edge", securityPolicy=Ref("armour"))
    assert refused(ARMOUR, edge) == set()
    assert refused(other(ARMOUR, {"rules": ARMOUR.props["rules"][1:]}), edge) == {"edge-limits-rates"}


def test_a_rule_of_a_policy_may_stand_by_itself():
    apart = Made(
        type="gcp:compute/securityPolicyRule:SecurityPolicyRule",
        name="rate",
        props={"securityPolicy": Ref("armour"), "priority": 1, "action": "rate_based_ban"},
    )
    assert refused(other(ARMOUR, {"rules": None}), apart, backend("edge", securityPolicy=Ref("armour"))) == set()


def test_an_inner_balancer_is_no_edge():
    assert refused(backend("inside", loadBalancingScheme="INTERNAL_MANAGED")) == set()


def test_a_subscription_to_dead_letters_needs_none_itself():
    topics = [Made(type="gcp:pubsub/topic:Topic", name=name, props={"kmsKeyName": "k"}) for name in ("tasks", "dead")]
    kept = subscription("kept", "dead")
    taken = subscription("taken", "tasks", deadLetterPolicy={"deadLetterTopic": Ref("dead")})
    assert refused(*topics, taken, kept) == set()
    assert refused(*topics, kept) == {"queues-have-dead-letters"}


def test_news_that_is_dead_within_an_hour_needs_no_dead_letters():
    topic = Made(type="gcp:pubsub/topic:Topic", name="news", props={"kmsKeyName": "k"})
    assert refused(topic, subscription("taken", "news", messageRetentionDuration="600s")) == set()


@pytest.mark.parametrize(
    "condition",
    [
        "assertion.repository == 'example/models'",
        "assertion.repository_id=='1' && assertion.environment=='prod'",
        "assertion.sub.startsWith('repo:example/models:')",
        "attribute.repository in ['example/models']",
    ],
)
def test_a_condition_on_the_repository_or_the_subject_names_it(condition: str):
    assert refused(provider("github", condition)) == set()


@pytest.mark.parametrize("condition", ["", "true", "assertion.repository_owner == 'example'", "assertion.ref != ''"])
def test_another_condition_does_not(condition: str):
    assert refused(provider("github", condition)) == {"federation-names-its-subject"}


@pytest.mark.parametrize(
    ("member", "well"),
    [
        (POD, True),
        (f"principal://{_POOLS}/github/subject/repo:example/models:environment:prod", True),
        (f"principalSet://{_POOLS}/github/attribute.environment/prod", True),
        (f"principalSet://{_POOLS}/github/*", False),
        (f"principalSet://{_POOLS}/example.svc.id.goog/*", False),
        (f"principalSet://{_POOLS}/github/attribute.repository_owner/example", False),
    ],
)
def test_a_binding_names_one_of_those_whom_a_provider_vouches_for(member: str, well: bool):
    found = refused(bound("binding", "roles/logging.logWriter", member))
    assert found == (set() if well else {"federation-names-its-subject"})


def test_a_key_in_the_provider_lasts():
    made = Made(type="pulumi:providers:gcp", name="gcp", props={"project": "p", "credentials": "c4Vz9pQ2mT7wX1kL"})
    assert "no-long-lived-keys" in refused(made)


def test_a_channel_for_old_versions_is_paid_for():
    assert refused(other(CLUSTER, {"releaseChannel": {"channel": "EXTENDED"}})) == {"no-extended-support"}


def test_a_budget_that_nobody_is_told_of_is_none():
    budget = Made(
        type="gcp:billing/budget:Budget",
        name="budget",
        props={
            "billingAccount": "01AB23-45CD67-89EF01",
            "thresholdRules": [{"thresholdPercent": 1}],
            "allUpdatesRule": {"disableDefaultIamRecipients": True},
        },
    )
    (found,) = budgets(stack([budget]))
    assert found.idea == Budgets(cloud="Google", count=1, alerting=0)


def test_development_may_delete_what_it_made():
    made = other(BUCKET, {"forceDestroy": True, "softDeletePolicy": {"retentionDurationSeconds": 0}})
    assert refused(replace(made, protect=False), terms=replace(TERMS, environment="dev")) == set()


def test_the_list_of_types_with_labels_is_that_of_the_installed_sdk():
    assert TAGGABLE.read_text() == content()
