"""Who may speak with whom: nobody, in neither direction, but for what is named here.

Kubernetes adds policies up, so each of them opens one way. They are enforced by Dataplane V2 on GKE, by the VPC CNI on
EKS where its network policies are switched on, elsewhere by the cluster's own network.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from infra.kubernetes.job import METRICS_PORT
from infra.kubernetes.job import PART as TRAINER
from infra.kubernetes.nodes import Kind
from infra.kubernetes.objects import NAME, SYSTEM_NAMESPACE, Manifest, metadata, selected
from infra.kubernetes.system import EXPORTER, EXPORTER_PORT
from infra.naming import NAMESPACE
from infra.settings import GatewaySettings

METRICS = "slipway/scraped"
"""Label of pods that Prometheus may ask."""
CALLER = "slipway/calls-predictor"
"""Label of namespaces, with the value true, whose pods may call the predictor past the gateway."""

_ANYWHERE, _LINK_LOCAL = "0.0.0.0/0", "169.254.0.0/16"
_TLS, _API_SERVER = 443, 6443

_IDENTITY: dict[Kind, tuple[tuple[str, int], ...]] = {
    "eks": (("169.254.170.23/32", 80),),
    "gke": (("169.254.169.254/32", 80), ("169.254.169.252/32", 988)),
    "other": (),
}
"""Where a pod gets its own credentials: EKS' Pod Identity agent, GKE's metadata server."""

_NAMES = ("169.254.20.10/32", "169.254.169.254/32")
"""Resolvers on the node: NodeLocal DNSCache, and Cloud DNS on GKE."""


@dataclass(frozen=True, kw_only=True)
class NetworkPoliciesArgs:
    """port: of predictor and worker. queue: URL of Valkey, or empty. scraper: Prometheus' namespace, or empty. system:
    whether there is the namespace of what must reach into its node, which is closed too. trainers: workers of a pod, at
    most; each has a port for Prometheus.
    """

    kind: Kind
    port: int
    gateway: GatewaySettings | None
    queue: str
    scraper: str
    system: bool
    trainers: int


def network_policies(args: NetworkPoliciesArgs) -> dict[str, Manifest]:
    made = {
        "deny-all": _policy("deny-all", {}, ingress=[], egress=[]),
        "names": _policy("names", {}, egress=[_names()]),
        "services": _policy("services", {}, egress=_services(args.kind)),
        "trainers": _policy(
            "trainers",
            selected(TRAINER),
            ingress=[{"from": [{"podSelector": selected(TRAINER)}]}, *_asked_trainers(args)],
            egress=[{"to": [{"podSelector": selected(TRAINER)}]}],
        ),
        "callers": _policy(
            "callers",
            selected("predictor"),
            ingress=[{"from": _callers(args.gateway), "ports": _tcp([args.port])}],
        ),
        "drift": _policy("drift", selected("drift"), egress=[{"ports": _tcp([_TLS, _API_SERVER])}]),
    }
    if args.queue:
        port = urlsplit(args.queue).port or 0
        made["queue"] = _policy(
            "queue", {"matchExpressions": [_one_of("predictor", "worker")]}, egress=[{"ports": _tcp([port])}]
        )
    if args.scraper:
        made["scraper"] = _policy(
            "scraper",
            {"matchLabels": {METRICS: "true"}},
            ingress=[{"from": [_namespace(args.scraper)], "ports": _tcp([args.port])}],
        )
    return made | (_system(args.scraper) if args.system else {})


def _asked_trainers(args: NetworkPoliciesArgs) -> list[dict[str, Any]]:
    if not args.scraper or not args.trainers:
        return []
    ports = {"port": METRICS_PORT, "endPort": METRICS_PORT + args.trainers - 1, "protocol": "TCP"}
    return [{"from": [_namespace(args.scraper)], "ports": [ports]}]


def _system(scraper: str) -> dict[str, Manifest]:
    """What runs there speaks with the kubelet by its sockets and with nobody else; Prometheus asks the exporter."""
    made = {"system-deny-all": _policy("deny-all", {}, ingress=[], egress=[], namespace=SYSTEM_NAMESPACE)}
    if scraper:
        asked = [{"from": [_namespace(scraper)], "ports": _tcp([EXPORTER_PORT])}]
        made["system-scraper"] = _policy("scraper", selected(EXPORTER), ingress=asked, namespace=SYSTEM_NAMESPACE)
    return made


def _callers(gateway: GatewaySettings | None) -> list[dict[str, Any]]:
    allowed: list[dict[str, Any]] = [{"namespaceSelector": {"matchLabels": {CALLER: "true"}}}]
    if gateway and gateway.namespace:
        allowed.append(_namespace(gateway.namespace))
    if gateway:
        allowed += [_range(source) for source in gateway.sources]
    return allowed


def _names() -> dict[str, Any]:
    resolvers = [_namespace("kube-system"), *map(_range, _NAMES)]
    return {"to": resolvers, "ports": [{"port": 53, "protocol": protocol} for protocol in ("UDP", "TCP")]}


def _services(kind: Kind) -> list[dict[str, Any]]:
    """Store, registry and tracking over TLS wherever they are, but never the node's own metadata."""
    outside = {"ipBlock": {"cidr": _ANYWHERE, "except": [_LINK_LOCAL]}}
    return [
        {"to": [outside], "ports": _tcp([_TLS])},
        *({"to": [_range(address)], "ports": _tcp([port])} for address, port in _IDENTITY[kind]),
    ]


def _policy(
    name: str,
    pods: Mapping[str, Any],
    *,
    ingress: Sequence[Mapping[str, Any]] | None = None,
    egress: Sequence[Mapping[str, Any]] | None = None,
    namespace: str = NAMESPACE,
) -> Manifest:
    """A direction that is None is not spoken of; an empty one is closed."""
    spec: dict[str, Any] = {"podSelector": dict(pods), "policyTypes": []}
    for direction, rules in (("ingress", ingress), ("egress", egress)):
        if rules is not None:
            spec["policyTypes"].append(direction.capitalize())
            if rules:
                spec[direction] = list(rules)
    return {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "NetworkPolicy",
        "metadata": metadata(name, "network", namespace=namespace),
        "spec": spec,
    }


def _tcp(ports: Iterable[int]) -> list[dict[str, Any]]:
    return [{"port": port, "protocol": "TCP"} for port in ports]


def _range(cidr: str) -> dict[str, Any]:
    return {"ipBlock": {"cidr": cidr}}


def _namespace(name: str) -> dict[str, Any]:
    return {"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": name}}}


def _one_of(*parts: str) -> dict[str, Any]:
    return {"key": NAME, "operator": "In", "values": list(parts)}
