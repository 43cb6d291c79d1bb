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


def public_classes(file: Path) -> set[str]:
    return {
        node.name
        for node in ast.parse(file.read_text()).body
        if isinstance(node, ast.ClassDef) and not node.name.startswith("_")
    }


@pytest.mark.parametrize("part", sorted(parts("aws") & parts("gcp")))
def test_who_knows_a_part_of_one_cloud_knows_the_others(part: str):
    """The same public names, but for what only one cloud has a thing for."""
    aws, gcp = (public_classes(INFRA / cloud / f"{part}.py") for cloud in CLOUDS)
    assert aws ^ gcp == ONLY_ONE_HAS.get(part, set())


ONLY_ONE_HAS = {
    "domain": {"OriginArgs", "Origin"},  # a name for the regions, which Google's balancer does not need
    "policies": {"Realm", "Grant"},  # roles of AWS live in a realm; on Google a binding is granted
    "registry": {"ImageReplicationArgs", "ImageReplication"},  # which Artifact Registry has not
}
"""Public names without a twin in the other cloud, by file, and why."""


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
