"""A real control plane for the tests: its processes, its nodes, and a cluster as a test handles it."""

from tests.cluster.plane.cluster import Cluster, eventually
from tests.cluster.plane.control_plane import control_plane
from tests.cluster.plane.definitions import published
from tests.cluster.plane.nodes import A3, G6, P5, eks_gpu_node, gke_gpu_node, system_node

__all__ = [
    "A3",
    "G6",
    "P5",
    "Cluster",
    "control_plane",
    "eks_gpu_node",
    "eventually",
    "gke_gpu_node",
    "published",
    "system_node",
]
