"""A namespace keeps what is in it apart: pod security, a network that is closed by default, and a quota."""

from collections.abc import Iterator

from infra.policy.ideas import Namespace
from infra.policy.kubernetes import network as kubernetes
from infra.policy.rule import OUTSIDE_DEV, Rule
from infra.policy.terms import Terms

_STRICTEST = "restricted"
_WAYS = {"Ingress": "receive from", "Egress": "send to"}


def lax(space: Namespace, _: Terms) -> Iterator[str]:
    if space.level is not None and space.level != _STRICTEST and not (space.level and space.agents):
        yield f"namespace {space.name} lets in pods that may have rights on their node"


def open_inside(space: Namespace, _: Terms) -> Iterator[str]:
    for way, words in _WAYS.items():
        if way not in space.closed:
            yield f"pods of namespace {space.name} may {words} everybody"


def unbounded(space: Namespace, _: Terms) -> Iterator[str]:
    if not space.bounded and not space.agents:
        yield f"namespace {space.name} may take all that the cluster can be made to have"


RULES = (
    Rule(
        name="namespaces-are-restricted",
        concern="namespaces",
        says="A namespace lets in restricted pods only, unless nothing but DaemonSets is in it.",
        mends="label it pod-security.kubernetes.io/enforce: restricted; what serves nodes has a namespace of its own",
        survey={"kubernetes": kubernetes.namespaces},
        judge=lax,
    ),
    Rule(
        name="namespaces-are-closed",
        concern="namespaces",
        says="Pods speak with those whom a network policy names.",
        mends="add a NetworkPolicy for all pods of the namespace (an empty podSelector) with Ingress and Egress",
        survey={"kubernetes": kubernetes.namespaces},
        judge=open_inside,
    ),
    Rule(
        name="namespaces-are-bounded",
        concern="namespaces",
        says="A namespace has a quota, so that one does not take the cluster; DaemonSets are as many as nodes.",
        mends="add a ResourceQuota (slipway:kubernetes.cpus and memory_gib)",
        survey={"kubernetes": kubernetes.namespaces},
        judge=unbounded,
        lenient=OUTSIDE_DEV,
    ),
)
"""Namespaces that are not the stack's own, as kube-system, are not judged."""
