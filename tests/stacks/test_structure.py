"""How the program is laid out: twins of the same names, arrows that point one way, targets that know no other."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

from slipway.paths import PROJECT

INFRA = PROJECT / "infra"
CLOUDS = ("aws", "gcp")
TARGETS = (*CLOUDS, "local")

ON_CLOUDS = {
    "check": "what is not offered, or not there; a laptop has what it has",
    "deploying": "what CI may do; nobody deploys to a laptop but its user",
    "domain": "names and certificates; a laptop has neither",
    "encryption": "keys; a laptop's disk is its user's to encrypt",
    "expander": "the order of capacity, for what scales the cluster; a laptop has one machine",
    "firewall": "for strangers; the local edge is on loopback",
    "gateway": "how the edge reaches a region; a local predictor speaks HTTP itself",
    "machines": "what is known of machine types",
    "naming": "names that two parts agree on",
    "nodes": "how a node is launched",
    "policies": "who may do what, in the cloud's own documents",
    "providers": "one per region; a laptop has one machine",
    "region": "one region of several; a laptop is one place",
    "workloads": "what each workload may do",
}
"""Files that both clouds have and a laptop has no use for, and why."""

ALONE = {
    "aws": {
        "authorizer": "code that the gateway deploys; Cloud Run takes only what comes from the balancer",
        "endpoints": "private ways to AWS' services; on Google that is a switch of a subnet",
        "interruptions": "news of nodes that are taken back; GKE drains them itself",
        "tracking": "MLflow served by SageMaker; Vertex AI has TensorBoard, in training",
    },
    "gcp": {
        "metrics": "the language of Cloud Monitoring; CloudWatch's metrics are names",
        "offers": "where Cloud Run has accelerators; Lambda has none anywhere",
    },
    "local": {
        "envoy": "what Envoy is told; a cloud's balancer has no such document",
        "provider": "the provider of our own; a cloud has one",
    },
}
"""Files without a twin in another target, and why."""


def parts(target: str) -> set[str]:
    return {path.stem for path in (INFRA / target).iterdir() if path.stem not in ("__init__", "__pycache__")}


def modules() -> dict[str, Path]:
    """Every module of infra by its dotted name."""
    found = {}
    for file in INFRA.rglob("*.py"):
        name = ".".join(file.relative_to(PROJECT).with_suffix("").parts).removesuffix(".__init__")
        found[name] = file
    return found


def imported(file: Path, *, everywhere: bool) -> Iterator[str]:
    """Modules that a file imports: as it loads, or, with `everywhere`, anywhere in it."""
    tree = ast.parse(file.read_text())
    for node in ast.walk(tree) if everywhere else _as_it_loads(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def _as_it_loads(node: ast.AST) -> Iterator[ast.AST]:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef):
            continue
        if isinstance(child, ast.If) and "TYPE_CHECKING" in ast.unparse(child.test):
            continue
        yield child
        yield from _as_it_loads(child)


def test_every_target_has_the_same_parts():
    shared = {target: parts(target) - ALONE[target].keys() for target in TARGETS}
    assert shared["aws"] == shared["gcp"]
    assert shared["aws"] - ON_CLOUDS.keys() == shared["local"]


ONLY_ONE_HAS = {
    "deploying": {
        "sparing": "what PowerUserAccess holds too much of; on Google no role is as wide",
        "deploying": "the policies of AWS",
        "only_workload_roles": "a condition on roles of Google",
    },
    "domain": {
        "OriginArgs": "a name for each region, which Google's balancer does not need",
        "Origin": "the same",
        "origin_name": "the same",
        "point": "records to addresses; CloudFront is reached by an alias",
    },
    "encryption": {
        "owned_by": "a key's policy, which AWS keeps on the key",
        "agent": "a member that Google encrypts as",
        "allow_use": "what a member of Google is granted on the key",
        "rotating_key": "one key of a ring; AWS has no rings",
    },
    "expander": {"group_names": "a node pool for each type of machine; a node group of AWS has several types"},
    "gpu_pools": {"gpu_pools": "who is in this region; AWS' region says it as it makes them"},
    "machines": {
        "ami_type": "how EKS names an image",
        "system_image": "the same; GKE finds the image of a machine type itself",
        "check_system_machines": "Google's default is kept, and named ones are asked of no list",
        "device": "Neuron or NVIDIA; Google has no Neuron",
        "efa_cards": "AWS' fabric",
        "accelerator_type": "how GKE names an accelerator",
        "has_fast_socket": "Google's NCCL plugin",
    },
    "naming": {
        "group_pattern": "the autoscaler finds groups of AWS by pattern",
        "account_id": "Google takes 30 letters of it",
    },
    "nodes": {
        "launch_template": "AWS keeps it as a resource",
        "node_config": "Google as a part of the node pool",
        "scaling": "EKS wants least, wanted and most; GKE the first and the last",
        "left_to_the_autoscaler": "the wanted number is a property of the group on AWS alone",
    },
    "policies": {
        "Realm": "roles of AWS live in a realm",
        "Grant": "on Google a binding is granted",
        **dict.fromkeys(
            (
                "allow_service",
                "deny_plain_text",
                "document",
                "managed_policy",
                "managed_role",
                "of_account",
                "role",
                "trust",
                "trust_pods",
            ),
            "a document of AWS, and roles with them",
        ),
        **dict.fromkeys(("let_act_as", "pod", "service_account"), "a member of Google, and what it may act as"),
    },
    "queue": {"refuse_plain_text": "SQS answers without TLS unless told; Pub/Sub does not"},
    "registry": {
        "ImageReplicationArgs": "which Artifact Registry has not",
        "ImageReplication": "the same",
    },
    "serverless": {"may_log_and_trace": "a role of Lambda's; Cloud Run's account has it"},
    "workloads": {
        "may_autoscale": "GKE scales its node pools itself",
        "may_drain": "GKE drains its nodes itself",
    },
}
"""Public names without a twin in the other cloud, by file, and why."""

NOT_ON_A_LAPTOP = {
    "identity": {
        "PodIdentity": "what a pod is to the cloud; a laptop has no pods",
        "PodRole": "the same",
    },
    "network": {"Ranges": "of addresses; everything local is on loopback", "ranges": "the same"},
    "registry": {"image_in": "a laptop runs the programs themselves, from no image"},
    "storage": {"Replication": "to other regions' buckets; a laptop has one folder"},
    "training": {"spot": "a laptop is not taken back"},
}
"""Public names of both clouds that the local target has not, by file, and why. What takes no arguments has no Args."""

ON_A_LAPTOP_ALONE = {
    "registry": {"LocalRelease": "the folder that a release was brought to; clouds bring it as they start"},
    "serverless": {"Worker": "on clouds it is the cluster's", "WorkerArgs": "the same"},
}
"""Public names that only the local target has, by file, and why."""


def public_names(target: str, part: str) -> set[str]:
    """Of classes and functions."""
    return {
        node.name
        for node in ast.parse((INFRA / target / f"{part}.py").read_text()).body
        if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef) and not node.name.startswith("_")
    }


@pytest.mark.parametrize("part", sorted(parts("aws") & parts("gcp")))
def test_who_knows_a_part_of_one_cloud_knows_the_others(part: str):
    """The same public names, but for what only one cloud has a thing for."""
    assert public_names("aws", part) ^ public_names("gcp", part) == ONLY_ONE_HAS.get(part, {}).keys()


@pytest.mark.parametrize("part", sorted(parts("aws") & parts("gcp") & parts("local")))
def test_who_knows_a_part_of_the_clouds_knows_the_local_one(part: str):
    aws, gcp, local = (public_names(target, part) for target in ("aws", "gcp", "local"))
    missing = {name for name in (aws & gcp) - local if not name.endswith("Args")}
    assert missing == NOT_ON_A_LAPTOP.get(part, {}).keys()
    assert local - (aws | gcp) == ON_A_LAPTOP_ALONE.get(part, {}).keys()


def test_every_exception_is_there_and_has_no_twin():
    for target in TARGETS:
        others = set[str]().union(*(parts(other) for other in TARGETS if other != target))
        assert ALONE[target].keys() <= parts(target)
        assert not ALONE[target].keys() & others


def test_no_import_goes_in_a_circle():
    known = modules()
    arrows = {
        name: {other for other in imported(file, everywhere=False) if other in known and other != name}
        for name, file in known.items()
    }
    for name in arrows:  # a package that re-exports is loaded before its parts, which is no circle of theirs
        arrows[name] = {other for other in arrows[name] if not name.startswith(f"{other}.")}
    TopologicalSorter(arrows).prepare()


@pytest.mark.parametrize("target", TARGETS)
def test_a_target_knows_nothing_of_another(target: str):
    foreign = {
        "aws": ("infra.local", "infra.gcp", "infra.multi", "pulumi_gcp"),
        "gcp": ("infra.local", "infra.aws", "infra.multi", "pulumi_aws"),
        "local": ("infra.aws", "infra.gcp", "infra.multi", "pulumi_aws", "pulumi_gcp"),
    }[target]
    for name, file in modules().items():
        if name.startswith(f"infra.{target}"):
            wrong = [other for other in imported(file, everywhere=True) if other.startswith(foreign)]
            assert not wrong, name


@pytest.mark.parametrize("part", ["catalog", "placement", "settings"])
def test_what_decides_imports_no_pulumi(part: str):
    for name, file in modules().items():
        if name.startswith(f"infra.{part}"):
            assert not [other for other in imported(file, everywhere=True) if other.startswith("pulumi")], name


def test_services_and_training_import_no_infrastructure():
    for folder in ("services", "training"):
        for file in (PROJECT / folder).rglob("*.py"):
            wrong = [
                o
                for o in imported(file, everywhere=True)
                if o.split(".")[0] in ("infra", "pulumi", "pulumi_aws", "pulumi_gcp")
            ]
            assert not wrong, file


def test_the_local_target_loads_without_any_clouds_sdk():
    program = "import sys, infra.local.target; sys.exit(any(name.startswith('pulumi_') for name in sys.modules))"
    assert subprocess.run([sys.executable, "-c", program], cwd=PROJECT, check=False).returncode == 0


def test_the_program_is_one_page():
    assert len((INFRA / "__main__.py").read_text().splitlines()) < 60


@pytest.mark.parametrize("cloud", CLOUDS)
def test_no_module_of_a_target_is_too_long_to_read(cloud: str):
    for file in (INFRA / cloud).rglob("*.py"):
        assert len(file.read_text().splitlines()) <= 205, file


def test_every_module_says_what_it_is():
    silent = [name for name, file in modules().items() if not ast.get_docstring(ast.parse(file.read_text()))]
    assert not silent
