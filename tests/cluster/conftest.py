"""One control plane for all tests of the session, and a project for each module."""

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cluster.plane import Cluster, control_plane, system_node
from tests.cluster.project import Program, program
from tools.cluster.build import binaries


@pytest.fixture(scope="session")
def cluster() -> Iterator[Cluster]:
    """With one node that has no accelerator. Tests that add others take them away."""
    folder = Path(tempfile.mkdtemp(prefix="slipway-cluster-"))
    with control_plane(folder, binaries()) as kubeconfig:
        made = Cluster(kubeconfig)
        made.add_node(system_node("system-a", zone="us-east-1a"))
        yield made
    shutil.rmtree(folder)


@pytest.fixture(scope="module")
def trial(cluster: Cluster) -> Iterator[Program]:
    """A small program of its own; its objects are gone when the module is done."""
    folder = Path(tempfile.mkdtemp(prefix="slipway-"))
    made = program(folder, cluster.kubeconfig)
    yield made
    destroyed = made.destroy()
    shutil.rmtree(folder)
    assert destroyed.ok, destroyed.why
