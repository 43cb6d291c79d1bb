"""A running cluster as a test handles it: what a person does with kubectl, and what a cloud does to nodes."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TypeVar

import yaml

from tests.cluster.api import Api, ApiRefusedError, Manifest, Reference

_EXIT_CODE, _MESSAGE = "tests.slipway.dev/exit-code", "tests.slipway.dev/message"
"""Annotations by which stages.yaml ends a pod."""

_DEADLINE_S = 30.0
_POLL_S = 0.1

_T = TypeVar("_T")


@dataclass(frozen=True)
class Cluster:
    """kubeconfig: of its administrator."""

    kubeconfig: Path

    @cached_property
    def api(self) -> Api:
        return Api(yaml.safe_load(self.kubeconfig.read_text()))

    def kubeconfig_of(self, user: str) -> Path:
        return self.kubeconfig.with_name(f"{user}.kubeconfig")

    def define(self, *definitions: Manifest) -> None:
        """Have the API server serve kinds. definitions: CustomResourceDefinitions."""
        for definition in definitions:
            self.api.apply(definition, manager="tests")
        for reference in map(Reference.of, definitions):
            served = f"{reference.name} is served"
            eventually(lambda at=reference: _is_true(self.api.find(at) or {}, "Established"), served)

    def add_node(self, node: Manifest) -> None:
        """Returns once it is ready for pods."""
        self.api.create(node)
        reference = Reference.of(node)
        eventually(lambda: _is_ready(self.api.find(reference) or {}), f"node {reference.name} is ready")

    def remove_node(self, name: str) -> None:
        """And what still ran there: without a kubelet nobody ends it, and PodGC would only do so a minute later."""
        self.api.delete(_node(name), propagation="Background")
        for pod in self.api.all("v1", "Pod"):
            if pod["spec"].get("nodeName") == name:
                self.api.delete(Reference.of(pod), grace_s=0)

    def take_back(self, name: str) -> list[str]:
        """As a cloud takes a spot node: cordoned, its pods evicted as far as budgets let them go, then gone.

        Gives the names of pods that a budget held until the end, which the clouds do not wait for.
        """
        self.api.change(_node(name), {"spec": {"unschedulable": True}})
        held = [pod["metadata"]["name"] for pod in self.pods_on(name) if not self._evict(pod)]
        eventually(lambda: {pod["metadata"]["name"] for pod in self.pods_on(name)} <= set(held), f"{name} is drained")
        self.remove_node(name)
        return held

    def pods(self, namespace: str, labels: str = "") -> list[Manifest]:
        return self.api.all("v1", "Pod", namespace=namespace, labels=labels)

    def pods_on(self, node: str) -> list[Manifest]:
        """Of any namespace, without those of DaemonSets, which a drain leaves where they are."""
        return [
            pod
            for pod in self.api.all("v1", "Pod")
            if pod["spec"].get("nodeName") == node and _owner(pod) != "DaemonSet"
        ]

    def end_pod(self, pod: Manifest, exit_code: int = 0, *, message: str = "") -> None:
        """Its containers exit with their last words; until then, a pod of a test runs on."""
        said = {_EXIT_CODE: str(exit_code)} | ({_MESSAGE: message} if message else {})
        self.api.change(Reference.of(pod), {"metadata": {"annotations": said}})

    def _evict(self, pod: Manifest) -> bool:
        try:
            self.api.evict(pod)
        except ApiRefusedError as refused:
            if refused.code != "TooManyRequests":
                raise
            return False
        return True


def eventually(look: Callable[[], _T], what: str, *, deadline_s: float = _DEADLINE_S) -> _T:
    """What `look` gives, once that is true or full. Raises AssertionError with `what` when it never is."""
    deadline = time.monotonic() + deadline_s
    while not (found := look()):
        assert time.monotonic() < deadline, f"not within {deadline_s:g} s: {what}"
        time.sleep(_POLL_S)
    return found


def _node(name: str) -> Reference:
    return Reference(api_version="v1", kind="Node", name=name)


def _is_ready(node: Manifest) -> bool:
    """Also without the taints that are on every node until its controller has seen it."""
    taints = {taint["key"] for taint in node.get("spec", {}).get("taints", ())}
    return _is_true(node, "Ready") and "node.kubernetes.io/not-ready" not in taints


def _is_true(live: Manifest, condition: str) -> bool:
    conditions = live.get("status", {}).get("conditions") or ()
    return any(each["type"] == condition and each["status"] == "True" for each in conditions)


def _owner(pod: Manifest) -> str:
    owners = pod["metadata"].get("ownerReferences") or [{}]
    return owners[0].get("kind", "")
