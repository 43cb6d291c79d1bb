"""Where Kubernetes says what a pod and its containers may do on a node, how much they take, and who watches them."""

from collections.abc import Iterator
from typing import Any

from infra.policy.ideas import Container, Identity, Image, Pod
from infra.policy.kubernetes import objects
from infra.policy.kubernetes.objects import switch
from infra.policy.stack import UNKNOWN, Resource, dig, is_list

_HOST = {"hostNetwork": "network", "hostPID": "processes", "hostIPC": "shared memory"}
_BOUNDS = {
    "resources.requests.cpu": "the processor that it needs",
    "resources.requests.memory": "the memory that it needs",
    "resources.limits.memory": "the memory that it may take",
}
_PROBES = {"readinessProbe": "readiness", "livenessProbe": "liveness"}
_METRICS = "metrics"
_LASTING = ("apps/v1:Deployment", "apps/v1:StatefulSet")
_ADMINISTRATOR, _LOW_PORTS = "SYS_ADMIN", "NET_BIND_SERVICE"
_FILTERS = ("RuntimeDefault", "Localhost")


def containers(resource: Resource) -> Iterator[Container]:
    """A container's own settings stand over its pod's."""
    for pods in objects.pods(resource):
        for container in objects.containers(pods.spec):
            own = dig(container, "securityContext")
            yield Container(
                what=f"container {dig(container, 'name', '')} of {pods.what}",
                agent=pods.agent,
                privileged=switch(dig(own, "privileged")),
                climbs=_climbs(own),
                capable=_capable(dig(own, "capabilities.drop", ())),
                added=_added(own),
                unfiltered=_unfiltered(_either(container, pods.spec, "seccompProfile.type")),
                root=_root(container, pods.spec),
                writable=_turned(switch(dig(own, "readOnlyRootFilesystem"))),
                unbounded=tuple(words for path, words in _BOUNDS.items() if dig(container, path) is None),
                unwatched=_unwatched(pods.kind, container),
            )


def _either(container: Any, spec: Any, path: str) -> Any:
    return dig(container, f"securityContext.{path}", dig(spec, f"securityContext.{path}"))


def _climbs(own: Any) -> bool | None:
    """What is made an administrator by name is one: Kubernetes does not take the switch beside that."""
    return False if _ADMINISTRATOR in _added(own) else switch(dig(own, "allowPrivilegeEscalation"), default=True)


def _added(own: Any) -> tuple[str, ...]:
    named = dig(own, "capabilities.add", ())
    return tuple(each for each in (named if is_list(named) else ()) if isinstance(each, str) and each != _LOW_PORTS)


def _capable(dropped: Any) -> bool | None:
    named = dropped if is_list(dropped) else (dropped,)
    return None if UNKNOWN in named else "ALL" not in named


def _unfiltered(profile: Any) -> bool | None:
    return None if profile is UNKNOWN else profile not in _FILTERS


def _root(container: Any, spec: Any) -> bool | None:
    """Kubernetes itself refuses to start root where runAsNonRoot is set; a user by number is as good."""
    refused, user = (_either(container, spec, key) for key in ("runAsNonRoot", "runAsUser"))
    if refused is True or (isinstance(user, int | float) and user > 0):
        return False
    return None if UNKNOWN in (refused, user) else True


def _turned(value: bool | None) -> bool | None:
    return None if value is None else not value


def _unwatched(kind: str, container: Any) -> tuple[str, ...]:
    """Of what listens for as long as nobody stops it; who only gives out measures gets no requests to be ready for."""
    ports = dig(container, "ports", ())
    if kind not in _LASTING or not is_list(ports) or not ports:
        return ()
    quiet = all(dig(port, "name") == _METRICS for port in ports)
    needed = {"livenessProbe": "liveness"} if quiet else _PROBES
    return tuple(words for key, words in needed.items() if dig(container, key) is None)


def pods(resource: Resource) -> Iterator[Pod]:
    for each in objects.pods(resource):
        volumes = dig(each.spec, "volumes", ())
        paths = [dig(volume, "hostPath.path") for volume in (volumes if is_list(volumes) else ())]
        yield Pod(
            what=each.what,
            agent=each.agent,
            shares=tuple(words for key, words in _HOST.items() if dig(each.spec, key) is True),
            paths=tuple(path for path in paths if isinstance(path, str)),
        )


def identities(resource: Resource) -> Iterator[Identity]:
    """The service account that every namespace has is everybody's; without its token it is nobody's."""
    for each in objects.pods(resource):
        account, token = dig(each.spec, "serviceAccountName", "default"), dig(each.spec, "automountServiceAccountToken")
        known = UNKNOWN not in (account, token)
        yield Identity(what=each.what, shared=account == "default" and token is not False if known else None)


def images(resource: Resource) -> Iterator[Image]:
    for each in objects.pods(resource):
        for container in objects.containers(each.spec):
            reference = dig(container, "image")
            if isinstance(reference, str):
                yield Image(reference=reference)
