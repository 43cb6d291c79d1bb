"""Functions and containers that are billed by what they compute: Lambda and Cloud Run."""

from typing import Any

from infra.cost.bill import Item
from infra.cost.context import Context
from infra.cost.errors import NotPriced
from infra.cost.preview import Resource

_MIB_PER_GIB = 1024
_MILLION = 1e6
_LAMBDA = "aws:lambda/function:Function"
_LAMBDA_MEMORY_MIB = 128  # Lambda's default
_CLOUD_RUN_CPU, _CLOUD_RUN_MEMORY_GIB = 1.0, 0.5  # Cloud Run's defaults
_MEMORY_UNITS = {"Ki": 2.0**-20, "Mi": 2.0**-10, "Gi": 1.0, "K": 1e3 / 2**30, "M": 1e6 / 2**30, "G": 1e9 / 2**30}


def lambda_function(function: Resource, context: Context) -> list[Item]:
    usage = context.usage
    requests = usage.requests / context.answering
    gb_s = usage.busy_s / context.answering * _lambda_gib(function)
    kind = "duration-arm" if "arm64" in (function.get("architectures") or []) else "duration-x86"
    return [
        context.tariff("aws", "lambda", kind, function, gb_s, "compute"),
        context.tariff("aws", "lambda", "requests", function, requests / _MILLION, "requests"),
    ]


def lambda_provisioned(provisioned: Resource, context: Context) -> list[Item]:
    """Instances kept warm the whole month; what they compute is counted with the function, at its price on demand."""
    count = float(provisioned.need("provisionedConcurrentExecutions"))
    function = context.source_of(provisioned, "functionName", _LAMBDA)
    if function is None:
        raise NotPriced("its function is not in the preview; --show-sames adds it")
    arm = "arm64" in (function.get("architectures") or [])
    kind = "provisioned-capacity-arm" if arm else "provisioned-capacity-x86"
    gb_s = count * _lambda_gib(function) * context.usage.seconds
    return [context.tariff("aws", "lambda", kind, provisioned, gb_s, f"{count:g} warm instances")]


def cloud_run_service(service: Resource, context: Context) -> list[Item]:
    """Billed by instance when its CPU is always allocated, as a GPU needs, else by request."""
    template = service.need("template")
    containers = template.get("containers") or template.get("containerses") or []
    limits = _limits(containers)
    always = any((container.get("resources") or {}).get("cpuIdle") is False for container in containers)
    scaling = template.get("scaling") or service.get("scaling") or {}
    least = float(scaling.get("minInstanceCount") or 0)
    busy_s = context.usage.busy_s / context.answering / context.usage.concurrency
    seconds = max(busy_s, least * context.usage.seconds) if always else busy_s
    kind = "instance" if always else "request"
    if least and not always:
        raise NotPriced("no figure in the catalog for idle minimum instances that are billed by request")
    items = [
        context.tariff("gcp", "cloud-run", f"cpu-{kind}", service, seconds * limits["cpu"], f"{limits['cpu']:g} vCPU"),
        context.tariff(
            "gcp", "cloud-run", f"memory-{kind}", service, seconds * limits["memory"], f"{limits['memory']:g} GiB"
        ),
    ]
    if gpus := limits["gpu"]:
        items.append(_cloud_run_gpu(service, context, template, gpus * seconds))
    if not always:
        requests = context.usage.requests / context.answering / _MILLION
        items.append(context.tariff("gcp", "cloud-run", "requests", service, requests, "requests"))
    return items


def _cloud_run_gpu(service: Resource, context: Context, template: Any, seconds: float) -> Item:
    """Zonal redundancy is the default, and the dearer one."""
    accelerator = (template.get("nodeSelector") or {}).get("accelerator", "nvidia-l4")
    if accelerator != "nvidia-l4":
        raise NotPriced(f"no figure in the catalog for {accelerator} on Cloud Run")
    single = template.get("gpuZonalRedundancyDisabled") is True
    kind = "gpu-l4" if single else "gpu-l4-zonal"
    words = "L4 without zonal redundancy" if single else "L4 with zonal redundancy"
    return context.tariff("gcp", "cloud-run", kind, service, seconds, words)


def _lambda_gib(function: Resource) -> float:
    return float(function.get("memorySize", _LAMBDA_MEMORY_MIB)) / _MIB_PER_GIB


def _limits(containers: list[Any]) -> dict[str, float]:
    """Of all containers of an instance together."""
    total = {"cpu": 0.0, "memory": 0.0, "gpu": 0.0}
    for container in containers or [{}]:
        limits = (container.get("resources") or {}).get("limits") or {}
        total["cpu"] += _cpus(str(limits.get("cpu", _CLOUD_RUN_CPU)))
        total["memory"] += _gib(str(limits.get("memory", f"{_CLOUD_RUN_MEMORY_GIB}Gi")))
        total["gpu"] += float(limits.get("nvidia.com/gpu", 0))
    return total


def _cpus(text: str) -> float:
    try:
        return float(text[:-1]) / 1000 if text.endswith("m") else float(text)
    except ValueError:
        raise NotPriced(f"its cpu limit {text!r} is no number of processors") from None


def _gib(text: str) -> float:
    """A Kubernetes quantity."""
    for unit, factor in _MEMORY_UNITS.items():
        if text.endswith(unit):
            return float(text.removesuffix(unit)) * factor
    try:
        return float(text) / 2**30
    except ValueError:
        raise NotPriced(f"its memory limit {text!r} is no size") from None
