"""Functions and containers that are billed by what they compute: Lambda and Cloud Run."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from infra.cost.bill import Item
from infra.cost.context import Context
from infra.cost.errors import NotPriced
from infra.cost.inputs import amount, number, rows, table, tables, text
from infra.cost.preview import Resource

_MIB_PER_GIB = 1024
_MILLION = 1e6
_LAMBDA = "aws:lambda/function:Function"
_LAMBDA_MEMORY_MIB = 128  # Lambda's default
_CLOUD_RUN_CPU, _CLOUD_RUN_MEMORY_GIB = 1.0, 0.5  # Cloud Run's defaults
_MEMORY_UNITS = {"Ki": 2.0**-20, "Mi": 2.0**-10, "Gi": 1.0, "K": 1e3 / 2**30, "M": 1e6 / 2**30, "G": 1e9 / 2**30}


@dataclass(frozen=True, kw_only=True, slots=True)
class _Size:
    cpus: float
    gib: float
    gpus: float


def lambda_function(function: Resource, context: Context) -> list[Item]:
    usage = context.usage
    requests = usage.requests / context.answering
    gb_s = usage.busy_s / context.answering * _lambda_gib(function)
    kind = "duration-arm" if _on_arm(function) else "duration-x86"
    return [
        context.tariff("aws", "lambda", kind, function, gb_s, "compute"),
        context.tariff("aws", "lambda", "requests", function, requests / _MILLION, "requests"),
    ]


def lambda_provisioned(provisioned: Resource, context: Context) -> list[Item]:
    """Instances kept warm the whole month; what they compute is counted with the function, at its price on demand."""
    count = number(provisioned.inputs, "provisionedConcurrentExecutions")
    function = context.source_of(provisioned, "functionName", _LAMBDA)
    if function is None:
        raise NotPriced("its function is not in the preview; --show-sames adds it")
    kind = "provisioned-capacity-arm" if _on_arm(function) else "provisioned-capacity-x86"
    gb_s = count * _lambda_gib(function) * context.usage.seconds
    return [context.tariff("aws", "lambda", kind, provisioned, gb_s, f"{count:g} warm instances")]


def cloud_run_service(service: Resource, context: Context) -> list[Item]:
    """Billed by instance when its CPU is always allocated, as a GPU needs, else by request."""
    template = table(service.inputs, "template")
    resources = [table(container, "resources") for container in tables(template, "containers")]
    size = _size(resources)
    always = any(one.get("cpuIdle") is False for one in resources)
    least = number(table(template, "scaling"), "minInstanceCount", 0)
    if least and not always:
        raise NotPriced("no figure in the catalog for idle minimum instances that are billed by request")
    busy_s = context.usage.busy_s / context.answering / context.usage.concurrency
    seconds = max(busy_s, least * context.usage.seconds)
    kind = "instance" if always else "request"
    items = [
        context.tariff("gcp", "cloud-run", f"cpu-{kind}", service, seconds * size.cpus, f"{size.cpus:g} vCPU"),
        context.tariff("gcp", "cloud-run", f"memory-{kind}", service, seconds * size.gib, f"{size.gib:g} GiB"),
    ]
    if size.gpus:
        items.append(_cloud_run_gpu(service, context, template, size.gpus * seconds))
    if not always:
        requests = context.usage.requests / context.answering / _MILLION
        items.append(context.tariff("gcp", "cloud-run", "requests", service, requests, "requests"))
    return items


def _cloud_run_gpu(service: Resource, context: Context, template: Mapping[str, Any], seconds: float) -> Item:
    """Zonal redundancy is the default, and the dearer one."""
    accelerator = text(table(template, "nodeSelector"), "accelerator", "nvidia-l4")
    if accelerator != "nvidia-l4":
        raise NotPriced(f"no figure in the catalog for {accelerator} on Cloud Run")
    single = template.get("gpuZonalRedundancyDisabled") is True
    kind = "gpu-l4" if single else "gpu-l4-zonal"
    words = "L4 without zonal redundancy" if single else "L4 with zonal redundancy"
    return context.tariff("gcp", "cloud-run", kind, service, seconds, words)


def _lambda_gib(function: Resource) -> float:
    return number(function.inputs, "memorySize", _LAMBDA_MEMORY_MIB) / _MIB_PER_GIB


def _on_arm(function: Resource) -> bool:
    return "arm64" in rows(function.inputs, "architectures")


def _size(resources: Sequence[Mapping[str, Any]]) -> _Size:
    """Of all containers of an instance together."""
    limits = [table(one, "limits") for one in resources] or [{}]
    return _Size(
        cpus=sum(_cpus(str(one.get("cpu", _CLOUD_RUN_CPU))) for one in limits),
        gib=sum(_gib(str(one.get("memory", f"{_CLOUD_RUN_MEMORY_GIB}Gi"))) for one in limits),
        gpus=sum(number(one, "nvidia.com/gpu", 0) for one in limits),
    )


def _cpus(text: str) -> float:
    """Of processors; `500m` is half of one."""
    return amount(text.removesuffix("m"), "cpu limit") / (1000 if text.endswith("m") else 1)


def _gib(text: str) -> float:
    """A Kubernetes quantity."""
    for unit, factor in _MEMORY_UNITS.items():
        if text.endswith(unit):
            return amount(text.removesuffix(unit), "memory limit") * factor
    return amount(text, "memory limit") / 2**30
