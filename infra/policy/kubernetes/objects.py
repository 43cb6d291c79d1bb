"""What all objects of Kubernetes have: a kind, a namespace, labels, selectors; and where a workload keeps its pods."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from infra.policy.stack import UNKNOWN, Resource, Stack, dig, is_block, is_list, parsed

DEFAULT_NAMESPACE = "default"

_TEMPLATES = {
    "apps/v1:Deployment": "spec.template",
    "apps/v1:StatefulSet": "spec.template",
    "apps/v1:DaemonSet": "spec.template",
    "apps/v1:ReplicaSet": "spec.template",
    "batch/v1:Job": "spec.template",
    "batch/v1:CronJob": "spec.jobTemplate.spec.template",
    "core/v1:Pod": "",
}
_KEEPER = "core/v1:ConfigMap"
_AGENT = "apps/v1:DaemonSet"


@dataclass(frozen=True, kw_only=True)
class Pods:
    """What a workload's pods are like. kind: of the workload. agent: one runs on every node, to serve it."""

    kind: str
    what: str
    agent: bool
    labels: Any
    annotations: Any
    spec: Any


def kind(resource: Resource) -> str:
    """Group, version and kind, as `apps/v1:Deployment`."""
    return resource.type.removeprefix("kubernetes:")


def of(stack: Stack, *kinds: str) -> Iterator[Resource]:
    return stack.of(*(f"kubernetes:{each}" for each in kinds))


def shown(resource: Resource) -> Iterator[Resource]:
    """An object, or those whose manifests a ConfigMap keeps as JSON, for somebody to create: a trainer's job."""
    if kind(resource) != _KEEPER:
        yield resource
        return
    kept = resource.get("data")
    for key, text in kept.items() if is_block(kept) else ():
        manifest = parsed(text)
        if is_block(manifest) and manifest.get("kind") and manifest.get("apiVersion"):
            type_ = f"kubernetes:{manifest['apiVersion']}:{manifest['kind']}"
            yield Resource(type=type_, name=key, props=manifest, urn=resource.urn)


def pods(resource: Resource) -> Iterator[Pods]:
    """Of a workload; none while its template is not known."""
    for each in shown(resource):
        yield from _pods(each)


def _pods(resource: Resource) -> Iterator[Pods]:
    path = _TEMPLATES.get(kind(resource))
    if path is None or resource.cloud != "kubernetes":
        return
    template = dig(resource.props, path) if path else resource.props
    spec = dig(template, "spec")
    if is_block(spec):
        yield Pods(
            kind=kind(resource),
            what=words(resource),
            agent=kind(resource) == _AGENT,
            labels=dig(template, "metadata.labels", {}),
            annotations=dig(template, "metadata.annotations", {}),
            spec=spec,
        )


def containers(spec: Any) -> Iterator[Mapping[str, Any]]:
    """All containers of a pod, those that run before the others included."""
    for key in ("initContainers", "containers"):
        found = dig(spec, key, ())
        yield from (entry for entry in (found if is_list(found) else ()) if is_block(entry))


def words(resource: Resource) -> str:
    """As `Deployment predictor`."""
    return f"{kind(resource).rpartition(':')[2]} {name(resource)}"


def name(resource: Resource) -> str:
    """As Kubernetes knows it; as the program does where the provider draws one."""
    return resource.text("metadata.name") or resource.name


def namespace(resource: Resource) -> str | None:
    return resource.text("metadata.namespace", DEFAULT_NAMESPACE)


def inside(resource: Resource, space: Resource) -> bool:
    """Whether an object is in a namespace: by reference, or by the name of it."""
    return space.urn in resource.refs.get("metadata", ()) or namespace(resource) == name(space)


def beside(one: Resource, other: Resource) -> bool:
    """Whether two objects are in the same namespace, as far as that is known."""
    shared = {*one.refs.get("metadata", ())} & {*other.refs.get("metadata", ())}
    places = namespace(one), namespace(other)
    return bool(shared) or None in places or places[0] == places[1]


def selects(selector: Any, labels: Any) -> bool:
    """Whether a selector takes what carries these labels, as far as either is known. An empty one takes all."""
    wanted = dig(selector, "matchLabels", {})
    if UNKNOWN in (selector, wanted, labels):
        return True
    expressions = dig(selector, "matchExpressions", ())
    by_label = is_block(wanted) and is_block(labels) and all(labels.get(key) == value for key, value in wanted.items())
    return by_label and not (expressions and not wanted)


def switch(value: Any, default: bool = False) -> bool | None:
    return None if value is UNKNOWN else default if value is None else value is True
