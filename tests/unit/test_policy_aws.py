"""Where AWS says things in more than one way: each way is seen, and what is well is left alone."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from infra.policy.aws.account import TAGGABLE
from infra.policy.aws.cluster import ends
from infra.policy.aws.taggable import content
from infra.settings.eks_versions import EKS_ENDS
from tests.policy_twins import Made, Ref, policy
from tests.policy_twins.aws.data import TLS_ONLY
from tests.policy_twins.aws.others import (
    API_DOMAIN,
    DATABASE,
    DISTRIBUTION,
    FILES,
    FIREWALL,
    INSTANCE,
    NOTEBOOK,
    OTHERS,
    PERMISSION,
    QUEUE,
    ROLE,
    SCALED,
    SECURITY_GROUP,
    SECURITY_GROUP_RULE,
    TASK,
    TEMPLATE,
    TRACKING,
    VOLUME,
)
from tests.policy_twins.judging import TERMS, other, refused


@pytest.mark.parametrize("made", OTHERS, ids=lambda made: made.type)
def test_what_is_as_it_should_be_is_not_refused(made: Made):
    assert refused(made) == set()


_ROLES = "arn:aws:iam::123456789012:role/*"


def _trust(**condition: Mapping[str, str]) -> str:
    return policy(Action="sts:AssumeRole", Principal={"AWS": "*"}, Condition=condition)


def _github(subject: str) -> str:
    return policy(
        Action="sts:AssumeRoleWithWebIdentity",
        Principal={"Federated": "arn:aws:iam::123456789012:oidc-provider/token.actions.githubusercontent.com"},
        Condition={"StringLike": {"token.actions.githubusercontent.com:sub": subject}},
    )


_ALL_SPOT = {"instancesDistribution": {"onDemandBaseCapacity": 0, "onDemandPercentageAboveBaseCapacity": 0}}
_OPEN = [{"protocol": "-1", "fromPort": 0, "toPort": 0, "ipv6CidrBlocks": ["::/0"]}]
_HTTP_ORIGIN = {"originId": "a", "customOriginConfig": {"originProtocolPolicy": "match-viewer"}}
_OLD_ORIGIN = {
    "originId": "a",
    "customOriginConfig": {"originProtocolPolicy": "https-only", "originSslProtocols": ["TLSv1"]},
}
_MUTABLE_TASK = '[{"name": "main", "image": "example/worker:latest"}]'


@pytest.mark.parametrize(
    ("rule", "made", "changed"),
    [
        ("no-public-ingress", SECURITY_GROUP, {"ingress": _OPEN}),
        ("no-public-ingress", SECURITY_GROUP_RULE, {"cidrBlocks": ["10.0.0.0/16", "0.0.0.0/0"]}),
        ("no-public-ingress", SECURITY_GROUP_RULE, {"cidrBlocks": ["0.0.0.0/1", "128.0.0.0/1"]}),
        ("no-public-addresses", INSTANCE, {"associatePublicIpAddress": True}),
        ("no-public-addresses", DATABASE, {"publiclyAccessible": True}),
        ("no-wildcard-principal", PERMISSION, {"principal": "*", "sourceArn": None}),
        ("no-wildcard-action", ROLE, {"assumeRolePolicy": policy(NotAction="iam:*", Principal={"AWS": "1"})}),
        ("no-wildcard-action", ROLE, {"inlinePolicies": [{"policy": policy(Action="*")}]}),
        ("no-wildcard-action", ROLE, {"inlinePolicies": [{"policy": policy(Action="*:*")}]}),
        ("no-wildcard-action", ROLE, {"inlinePolicies": [{"policy": policy(Action="iam:Put*")}]}),
        ("no-wildcard-action", ROLE, {"inlinePolicies": [{"policy": policy(Action="sts:Assume*")}]}),
        ("no-wildcard-action", ROLE, {"inlinePolicies": [{"policy": policy(Action="kms:D?crypt")}]}),
        ("federation-names-its-subject", ROLE, {"assumeRolePolicy": _github("repo:o/r:pull_request")}),
        ("federation-names-its-subject", ROLE, {"assumeRolePolicy": _github("repo:o/r:ref:refs/heads/main")}),
        ("federation-names-its-subject", ROLE, {"assumeRolePolicy": _github("repo:o/?:environment:prod")}),
        ("federation-names-its-subject", ROLE, {"assumeRolePolicy": _github("repo:o/r:environment:pro?")}),
        ("no-passing-any-role", ROLE, {"inlinePolicies": [{"policy": policy(Action="iam:Pass*", Resource="*")}]}),
        ("no-passing-any-role", ROLE, {"inlinePolicies": [{"policy": policy(Action="iam:PassRole", Resource=_ROLES)}]}),
        ("no-wildcard-principal", ROLE, {"assumeRolePolicy": _trust(StringLike={"aws:PrincipalArn": "*"})}),
        ("no-wildcard-principal", ROLE, {"assumeRolePolicy": _trust(StringNotEquals={"aws:SourceAccount": "1"})}),
        ("no-wildcard-principal", ROLE, {"assumeRolePolicy": _trust(StringEqualsIfExists={"aws:SourceAccount": "1"})}),
        ("no-all-powerful-role", ROLE, {"managedPolicyArns": ["arn:aws:iam::aws:policy/AdministratorAccess"]}),
        ("disks-are-encrypted", INSTANCE, {"rootBlockDevice": None}),
        ("disks-are-encrypted", INSTANCE, {"ebsBlockDevices": [{"encrypted": False}]}),
        ("disks-are-encrypted", VOLUME, {"encrypted": None}),
        ("disks-are-encrypted", FILES, {"encrypted": False}),
        ("disks-are-encrypted", DATABASE, {"storageEncrypted": False}),
        ("disks-are-encrypted", TEMPLATE, {"blockDeviceMappings": None}),
        ("messages-are-encrypted", QUEUE, {"kmsMasterKeyId": None}),
        ("spot-has-a-fallback", SCALED, {"mixedInstancesPolicy": _ALL_SPOT}),
        ("state-is-protected", replace(TRACKING, protect=False), {}),
        ("stores-refuse-plain-text", QUEUE, {"policy": None}),
        ("stores-refuse-plain-text", QUEUE, {"policy": (TLS_ONLY % "sqs").replace('"AWS": "*"', '"AWS": "1"')}),
        ("state-is-guarded", DATABASE, {"deletionProtection": False}),
        (
            "tls-1.2-at-least",
            DISTRIBUTION,
            {"viewerCertificate": {"acmCertificateArn": "arn:aws:acm::1:certificate/a"}},
        ),
        ("tls-1.2-at-least", DISTRIBUTION, {"defaultCacheBehavior": {"viewerProtocolPolicy": "allow-all"}}),
        ("tls-1.2-at-least", DISTRIBUTION, {"orderedCacheBehaviors": [{"viewerProtocolPolicy": "allow-all"}]}),
        ("tls-1.2-at-least", DISTRIBUTION, {"origins": [_HTTP_ORIGIN]}),
        ("tls-1.2-at-least", DISTRIBUTION, {"origins": [_OLD_ORIGIN]}),
        ("tls-1.2-at-least", API_DOMAIN, {"domainNameConfiguration": {"securityPolicy": "TLS_1_0"}}),
        ("edge-limits-rates", DISTRIBUTION, {"webAclId": None}),
        ("machines-keep-their-credentials", INSTANCE, {"metadataOptions": {}}),
        ("machines-keep-their-credentials", NOTEBOOK, {"instanceMetadataServiceConfiguration": None}),
        ("images-by-digest", TASK, {"containerDefinitions": _MUTABLE_TASK}),
        ("node-images-are-maintained", INSTANCE, {"ami": "amzn2-ami-hvm-x86_64-gp2"}),
        ("resources-have-an-owner", replace(VOLUME, provider="unlabelled"), {"tags": {"owner": "me"}}),
    ],
)
def test_each_way_to_break_a_rule_is_seen(rule: str, made: Made, changed: Mapping[str, Any]):
    assert rule in refused(other(made, changed))


def test_a_firewall_without_a_rate_rule_does_not_limit_the_edge():
    edge = other(DISTRIBUTION, {"webAclId": Ref("wall")})
    assert refused(FIREWALL, edge) == set()
    assert refused(other(FIREWALL, {"rules": [{"statement": {"geoMatchStatement": {}}}]}), edge) == {
        "edge-limits-rates"
    }


def test_the_edges_own_name_is_accepted_because_aws_has_no_switch_for_it():
    assert refused(other(DISTRIBUTION, {"viewerCertificate": {"cloudfrontDefaultCertificate": True}})) == set()


def test_a_redirect_is_no_plain_answer():
    listener = Made(
        type="aws:lb/listener:Listener",
        name="http",
        props={"protocol": "HTTP", "defaultActions": [{"type": "redirect"}]},
    )
    assert refused(listener) == set()
    assert refused(other(listener, {"defaultActions": [{"type": "forward"}]})) == {"tls-1.2-at-least"}


def test_news_that_is_dead_within_an_hour_needs_no_dead_letters():
    assert refused(other(QUEUE, {"redrivePolicy": None})) == {"queues-have-dead-letters"}
    assert refused(other(QUEUE, {"redrivePolicy": None, "messageRetentionSeconds": 300})) == set()


def test_a_queue_that_takes_a_functions_failures_needs_no_dead_letters():
    function = Made(
        type="aws:lambda/function:Function",
        name="predictor",
        props={"deadLetterConfig": {"targetArn": Ref("whole")}, "reservedConcurrentExecutions": 1},
    )
    assert refused(other(QUEUE, {"redrivePolicy": None}), function) == set()


def test_a_pool_that_was_bought_ahead_may_keep_its_nodes():
    pool = Made(
        type="aws:eks/nodeGroup:NodeGroup",
        name="block",
        props={
            "amiType": "AL2023_x86_64_NVIDIA",
            "capacityType": "CAPACITY_BLOCK",
            "scalingConfig": {"minSize": 2, "maxSize": 2},
            "taints": [{"key": "nvidia.com/gpu", "effect": "NO_SCHEDULE"}],
        },
    )
    assert refused(pool) == set()
    assert refused(other(pool, {"capacityType": "ON_DEMAND"})) == {"accelerators-scale-to-zero"}


def test_what_aws_manages_in_one_region_for_the_world_may_be_there():
    terms = replace(TERMS, regions=frozenset({"ap-south-1"}))
    assert refused(DISTRIBUTION, terms=terms) == set()
    assert refused(VOLUME, terms=terms) == {"resources-stay-in-their-regions"}


def test_a_resource_says_its_region_over_its_providers():
    assert refused(other(VOLUME, {"region": "eu-west-1"})) == {"resources-stay-in-their-regions"}


def test_a_region_that_is_not_known_yet_is_its_providers():
    """Of a whole stack the engine gives outputs, and what AWS fills in is among them."""
    abroad = replace(other(VOLUME, {"region": Ref("itself")}), provider="elsewhere", name="itself")
    assert refused(abroad) == {"resources-stay-in-their-regions"}


def test_development_may_delete_what_it_made():
    terms = replace(TERMS, environment="dev")
    assert refused(replace(DATABASE, protect=False), terms=terms) == set()


def test_a_version_ends_on_its_day():
    plane = Made(type="aws:eks/cluster:Cluster", name="plane", props={"version": "1.35"})
    last = EKS_ENDS["1.35"]
    assert "kubernetes-is-supported" not in refused(plane, terms=replace(TERMS, today=date(2027, 3, 26)))
    assert "kubernetes-is-supported" in refused(plane, terms=replace(TERMS, today=last))


@pytest.mark.parametrize(("version", "end"), [("1.27", EKS_ENDS["1.31"]), ("1.34", date(2026, 12, 2)), ("1.99", None)])
def test_a_version_that_the_table_lacks_has_ended_or_is_new(version: str, end: date | None):
    assert ends(version) == end


def test_the_list_of_types_with_labels_is_that_of_the_installed_sdk():
    assert TAGGABLE.read_text() == content()
