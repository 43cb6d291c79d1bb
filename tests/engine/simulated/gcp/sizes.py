"""Sizes that go together: memory, CPUs and a GPU of a Cloud Run instance; accelerators and the machine that has them.

From Cloud Run's pages on CPU, memory, GPUs and health checks, and from Compute Engine's on accelerator-optimized
machines (November 2026).
"""

import re
from collections.abc import Iterator
from typing import Any

from tests.engine.simulated.core.problem import Problem
from tests.engine.simulated.core.wire import is_known

_RUN, _POOL = "gcp:cloudrunv2/service:Service", "gcp:container/nodePool:NodePool"
_MEMORY_GIB = {0.08: (0, 0.5), 0.5: (0, 1), 1: (0, 4), 2: (0, 8), 4: (2, 16), 6: (4, 24), 8: (4, 32)}
"""By CPUs, the least and the most memory; what lies between two fractions has what the lower one has."""

_GPU_CPUS, _GPU_GIB = 4, 16
_START_S = 240
_SCALES = {"": 1 / 2**30, "M": 1e6 / 2**30, "G": 1e9 / 2**30, "Mi": 1 / 1024, "Gi": 1.0}
_ACCELERATORS = {
    "g2-standard": "nvidia-l4",
    "a2-highgpu": "nvidia-tesla-a100",
    "a2-ultragpu": "nvidia-a100-80gb",
    "a3-highgpu": "nvidia-h100-80gb",
    "a3-edgegpu": "nvidia-h100-80gb",
    "a3-megagpu": "nvidia-h100-mega-80gb",
    "a3-ultragpu": "nvidia-h200-141gb",
    "a4-highgpu": "nvidia-b200",
}


def problems(token: str, inputs: dict[str, Any]) -> Iterator[Problem]:
    if token == _RUN and is_known(inputs.get("template", {}).get("scaling", {})):
        yield from _instance(inputs["template"])
    if token == _POOL and isinstance(inputs.get("nodeConfig"), dict):
        yield from _node(inputs["nodeConfig"])


def _instance(template: dict[str, Any]) -> Iterator[Problem]:
    scaling = template.get("scaling", {})
    if scaling.get("minInstanceCount", 0) > scaling.get("maxInstanceCount", 100):
        yield Problem(path="template.scaling.minInstanceCount", reason="is more than maxInstanceCount")
    for index, container in enumerate(template.get("containers", [])):
        yield from _probe(container.get("startupProbe", {}), f"template.containers[{index}].startupProbe")
        resources = container.get("resources", {})
        if is_known(resources):
            yield from _container(template, resources, f"template.containers[{index}].resources")


def _probe(probe: dict[str, Any], path: str) -> Iterator[Problem]:
    if is_known(probe) and probe.get("periodSeconds", 10) * probe.get("failureThreshold", 3) > _START_S:
        yield Problem(path=path, reason=f"asks for longer than {_START_S} seconds: periodSeconds by failureThreshold")


def _container(template: dict[str, Any], resources: dict[str, Any], path: str) -> Iterator[Problem]:
    limits = resources.get("limits", {})
    cpus, gib = _cpus(limits.get("cpu", "1")), _gib(limits.get("memory", "512Mi"))
    step = max((each for each in _MEMORY_GIB if each <= cpus), default=None)
    if step is None or (cpus >= 1 and cpus not in _MEMORY_GIB):
        yield Problem(path=f"{path}.limits.cpu", reason=f"{cpus:g} CPUs are none of 0.08 to 1, 2, 4, 6, 8")
        return
    least, most = _MEMORY_GIB[step]
    if not least <= gib <= most:
        yield Problem(path=f"{path}.limits.memory", reason=f"{gib:g} GiB with {cpus:g} CPUs is not in {least}..{most}")
    if cpus < 1 and template.get("maxInstanceRequestConcurrency", 80) != 1:
        yield Problem(path="template.maxInstanceRequestConcurrency", reason="has to be 1 with less than one CPU")
    if "nvidia.com/gpu" in limits or template.get("nodeSelector"):
        if cpus < _GPU_CPUS or gib < _GPU_GIB:
            yield Problem(path=f"{path}.limits", reason=f"a GPU needs {_GPU_CPUS} CPUs and {_GPU_GIB} GiB at least")
        if resources.get("cpuIdle", True):
            yield Problem(path=f"{path}.cpuIdle", reason="has to be false with a GPU, whose CPUs are always allocated")


def _cpus(text: str) -> float:
    return float(text.removesuffix("m")) / 1000 if text.endswith("m") else float(text)


def _gib(text: str) -> float:
    found = re.fullmatch(r"(\d+)(M|G|Mi|Gi|)", text)
    return float(found[1]) * _SCALES[found[2]] if found else 0.0


def _node(node: dict[str, Any]) -> Iterator[Problem]:
    """An accelerator that a machine does not come with; N1 takes others."""
    family = str(node.get("machineType", "")).rsplit("-", 1)[0]
    comes_with = _ACCELERATORS.get(family)
    for index, accelerator in enumerate(node.get("guestAccelerators", [])):
        if comes_with and is_known(accelerator) and accelerator["type"] != comes_with:
            yield Problem(
                path=f"nodeConfig.guestAccelerators[{index}].type", reason=f"{family} comes with {comes_with} only"
            )
