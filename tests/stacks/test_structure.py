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
TARGETS = ("aws", "local")

ALONE = {
    "aws": {
        "authorizer": "code that the gateway deploys; Envoy checks a token by itself",
        "deploying": "what CI may do; nobody deploys to a laptop but its user",
        "domain": "names and certificates; a laptop has neither",
        "encryption": "keys; a laptop's disk is its user's to encrypt",
        "endpoints": "private ways to AWS' services",
        "expander": "the order of capacity, for the cluster's autoscaler; a laptop has one machine",
        "firewall": "for strangers; the local edge is on loopback",
        "gateway": "the HTTP API in front of a function; a local predictor speaks HTTP itself",
        "interruptions": "news of nodes that are taken back",
        "machines": "what is known of machine types",
        "naming": "names that two parts agree on",
        "nodes": "how a node is launched",
        "policies": "IAM documents",
        "providers": "one per region; a laptop has one machine",
        "region": "one region of several; a laptop is one place",
        "tracking": "MLflow served by SageMaker; local runs are written to a file that the registry names",
        "workloads": "what each workload may do",
        "zones": "zones of a region",
    },
    "local": {
        "envoy": "what Envoy is told; CloudFront has no such document",
        "provider": "the provider of our own; AWS has one",
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
    assert shared["aws"] == shared["local"]


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
        "aws": ("infra.local", "infra.gcp", "pulumi_gcp"),
        "local": ("infra.aws", "infra.gcp", "pulumi_aws", "pulumi_gcp"),
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
            wrong = [o for o in imported(file, everywhere=True) if o.split(".")[0] in ("infra", "pulumi", "pulumi_aws")]
            assert not wrong, file


def test_the_local_target_loads_without_any_clouds_sdk():
    program = "import sys, infra.local.target; sys.exit(any(name.startswith('pulumi_') for name in sys.modules))"
    assert subprocess.run([sys.executable, "-c", program], cwd=PROJECT, check=False).returncode == 0


def test_the_program_is_one_page():
    assert len((INFRA / "__main__.py").read_text().splitlines()) < 60


def test_no_module_of_a_target_is_too_long_to_read():
    for file in (INFRA / "aws").rglob("*.py"):
        assert len(file.read_text().splitlines()) <= 205, file


def test_every_module_says_what_it_is():
    silent = [name for name, file in modules().items() if not ast.get_docstring(ast.parse(file.read_text()))]
    assert not silent
