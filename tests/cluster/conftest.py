"""One control plane for all tests of the session, and a project for each module."""

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cluster.plane import Cluster, control_plane, published, system_node
from tests.cluster.project import Program, program, stack_project
from tests.engine.project import EngineProject
from tools.cluster.build import binaries

DEFINED = (
    "gateways.gateway.networking.k8s.io",
    "httproutes.gateway.networking.k8s.io",
    "podmonitors.monitoring.coreos.com",
    "prometheusrules.monitoring.coreos.com",
    "scaledobjects.keda.sh",
    "servicemonitors.monitoring.coreos.com",
    "triggerauthentications.keda.sh",
)
"""Kinds besides Kubernetes' own that the stack `kubernetes` uses."""


@pytest.fixture(scope="session")
def cluster() -> Iterator[Cluster]:
    """With one node that has no accelerator. Tests that add others take them away."""
    with (
        tempfile.TemporaryDirectory(prefix="slipway-cluster-") as folder,
        control_plane(Path(folder), binaries()) as kubeconfig,
    ):
        made = Cluster(kubeconfig)
        made.add_node(system_node("system-a", zone="us-east-1a"))
        yield made


@pytest.fixture(scope="module")
def trial(cluster: Cluster) -> Iterator[Program]:
    """A small program of its own; its objects are gone when the module is done."""
    with tempfile.TemporaryDirectory(prefix="slipway-") as folder:
        made = program(Path(folder), cluster.kubeconfig)
        yield made
        destroyed = made.destroy()
        assert destroyed.ok, destroyed.why


@pytest.fixture(scope="module")
def stack(cluster: Cluster) -> Iterator[EngineProject]:
    """The stack `kubernetes`, up, from nothing."""
    cluster.define(*map(published, DEFINED))
    with tempfile.TemporaryDirectory(prefix="slipway-") as folder:
        project = stack_project(Path(folder), cluster.kubeconfig)
        try:
            ran = project.up()
            assert ran.ok, ran.why
            yield project
        finally:
            project.destroy()
