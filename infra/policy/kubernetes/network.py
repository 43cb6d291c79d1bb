"""Where Kubernetes says what comes in from outside the cluster, and what goes on inside it."""

from collections.abc import Iterator
from typing import Any

from infra.policy.ideas import Door, Ear, Namespace, Opening
from infra.policy.kubernetes import objects
from infra.policy.rule import Found
from infra.policy.stack import UNKNOWN, Resource, Stack, dig, is_block, is_list

_POLICY = "networking.k8s.io/v1:NetworkPolicy"
_GATEWAY, _ROUTE = "gateway.networking.k8s.io/v1:Gateway", "gateway.networking.k8s.io/v1:HTTPRoute"
_WORKLOADS = ("apps/v1:Deployment", "apps/v1:StatefulSet", "batch/v1:Job", "batch/v1:CronJob", "core/v1:Pod")
_ENFORCED = "pod-security.kubernetes.io/enforce"
_INTERNAL = {
    "networking.gke.io/load-balancer-type": "internal",
    "service.beta.kubernetes.io/aws-load-balancer-scheme": "internal",
    "service.beta.kubernetes.io/aws-load-balancer-internal": "true",
}
"""Annotations, and their values in small letters, that keep a balancer inside the network."""


def doors(resource: Resource) -> Iterator[Door]:
    """Services that something outside of the cluster reaches; a Gateway has TLS and limits before it, a Service not."""
    if objects.kind(resource) != "core/v1:Service":
        return
    kind, annotations = resource.get("spec.type", "ClusterIP"), resource.get("metadata.annotations", {})
    if kind is UNKNOWN or annotations is UNKNOWN:
        return
    if kind == "LoadBalancer":
        said = annotations if is_block(annotations) else dict[str, Any]()
        internal = any(str(said.get(key)).lower() == value for key, value in _INTERNAL.items())
        yield Door(
            what="the balancer of the service", open=not internal and not resource.get("spec.loadBalancerSourceRanges")
        )
    elif kind == "NodePort":
        yield Door(what="a port of every node", open=True)
    if resource.entries("spec.externalIPs"):
        yield Door(what="an address that the service takes for itself", open=True)


def openings(resource: Resource) -> Iterator[Opening]:
    """What policies, and balancers of services, let in from outside of the cluster, by range."""
    if objects.kind(resource) == "core/v1:Service":
        for source in resource.texts("spec.loadBalancerSourceRanges") or ():
            yield Opening(source=source, ports="the service")
    if objects.kind(resource) != _POLICY:
        return
    for rule in resource.entries("spec.ingress"):
        peers = dig(rule, "from", ())
        for peer in peers if is_list(peers) else ():
            source = dig(peer, "ipBlock.cidr")
            if isinstance(source, str):
                yield Opening(source=source, ports="what the policy selects")


def ears(stack: Stack) -> Iterator[Found]:
    """Ways in that take no TLS. A listener for HTTP is well when all that it says is where to come instead."""
    for ingress in objects.of(stack, "networking.k8s.io/v1:Ingress"):
        if ingress.get("spec") is not UNKNOWN:
            yield Found(at=ingress, idea=Ear(what="the ingress", plain=not ingress.get("spec.tls")))
    for gateway in objects.of(stack, _GATEWAY):
        routes = [route for route in objects.of(stack, _ROUTE) if _attached(route, gateway)]
        for listener in gateway.entries("spec.listeners"):
            if dig(listener, "protocol") == "HTTP":
                name = dig(listener, "name", "")
                plain = not routes or not all(_redirects(route) for route in _through(routes, name))
                yield Found(at=gateway, idea=Ear(what=f"the listener {name}", plain=plain))


def _attached(route: Resource, gateway: Resource) -> bool:
    return any(dig(parent, "name") in (UNKNOWN, objects.name(gateway)) for parent in route.entries("spec.parentRefs"))


def _through(routes: list[Resource], listener: Any) -> Iterator[Resource]:
    """Those that a listener serves: all that name it, or none of the listeners."""
    for route in routes:
        if any(
            dig(parent, "sectionName", listener) in (UNKNOWN, listener) for parent in route.entries("spec.parentRefs")
        ):
            yield route


def _redirects(route: Resource) -> bool:
    rules = route.entries("spec.rules")
    return bool(rules) and all(_redirected(rule) for rule in rules)


def _redirected(rule: Any) -> bool:
    filters = dig(rule, "filters", ())
    return any(dig(each, "requestRedirect.scheme") == "https" for each in (filters if is_list(filters) else ()))


def namespaces(stack: Stack) -> Iterator[Found]:
    """Each namespace of the stack with what keeps it apart: pod security, policies for all of its pods, a quota."""
    for space in objects.of(stack, "core/v1:Namespace"):
        labels = space.get("metadata.labels", {})
        inside = [
            resource for resource in stack.resources if resource.urn != space.urn and objects.inside(resource, space)
        ]
        workloads = [resource for resource in inside if objects.kind(resource) in _WORKLOADS]
        agents = [resource for resource in inside if objects.kind(resource) == "apps/v1:DaemonSet"]
        yield Found(
            at=space,
            idea=Namespace(
                name=objects.name(space),
                level=str(labels.get(_ENFORCED, "")) if is_block(labels) else None,
                agents=bool(agents) and not workloads,
                closed=frozenset(way for policy in inside for way in _closes(policy)),
                bounded=any(objects.kind(each) == "core/v1:ResourceQuota" for each in inside),
            ),
        )


def _closes(policy: Resource) -> Iterator[str]:
    """Ways that a policy closes for all pods of its namespace, but for what it names."""
    if objects.kind(policy) != _POLICY or not _for_all(policy.get("spec.podSelector", {})):
        return
    ways = policy.texts("spec.policyTypes", _ways(policy))
    for way in ("Ingress", "Egress") if ways is None else ways:
        if not any(_lets_all(rule) for rule in policy.entries(f"spec.{way.lower()}")):
            yield way


def _ways(policy: Resource) -> tuple[str, ...]:
    """What Kubernetes takes where nothing is said."""
    return ("Ingress", "Egress") if policy.get("spec.egress") else ("Ingress",)


def _for_all(selector: Any) -> bool:
    return selector is UNKNOWN or (is_block(selector) and not any(selector.values()))


def _lets_all(rule: Any) -> bool:
    """A rule that names nobody lets everybody through."""
    return is_block(rule) and not rule.get("from") and not rule.get("to") and not rule.get("ports")
