"""What callers meet: a global balancer on one address, with a firewall that limits each address, before every region.

A request goes to the nearest region; one whose answers fail is left out for a while (outlier detection), and the next
nearest answers. It caches nothing: each request is its own.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from pulumi import ComponentResource, Output, ResourceOptions
from pulumi_gcp import compute

from infra.contract import DnsRecord
from infra.gcp.domain import Certificate, CertificateArgs, point
from infra.gcp.firewall import firewall
from infra.gcp.gateway import Gateway
from infra.settings import DomainSettings, ThrottleSettings

_SCHEME = "EXTERNAL_MANAGED"
_LEFT_OUT: compute.BackendServiceOutlierDetectionArgsDict = {
    "consecutive_errors": 5,
    "enforcing_consecutive_errors": 100,
    "interval": {"seconds": 5},
    "base_ejection_time": {"seconds": 30},
    "max_ejection_percent": 50,
}
"""A region that fails as often in a row gets no request for as long."""

_VERSIONS = {"A": "IPV4", "AAAA": "IPV6"}


@dataclass(frozen=True, kw_only=True)
class EdgeArgs:
    """gateways: by region. shares_name: the domain is another cloud's too, so its records are put by who knows both."""

    domain: DomainSettings
    gateways: Mapping[str, Gateway]
    throttle: ThrottleSettings
    shares_name: bool = False


class Edge(ComponentResource):
    """endpoint: what users call. addresses: by record type. proof: of the name, for a zone that others keep.

    backend_name: for alarms.
    """

    endpoint: Output[str]
    addresses: dict[str, Output[str]]
    proof: DnsRecord
    backend_name: Output[str]

    def __init__(self, name: str, args: EdgeArgs, opts: ResourceOptions | None = None) -> None:
        super().__init__("slipway:gcp:Edge", name, None, opts)
        self._name, self._args, self._child = name, args, ResourceOptions(parent=self)
        certificate = Certificate(
            f"{name}-certificate",
            CertificateArgs(domain=args.domain, shares_name=args.shares_name),
            opts=self._child,
        )
        self.proof = certificate.proof
        backend = self._backend()
        self.backend_name = backend.name
        proxy = compute.TargetHttpsProxy(
            name,
            url_map=compute.URLMap(name, default_service=backend.id, opts=self._child).id,
            certificate_map=certificate.map_id,
            ssl_policy=compute.SSLPolicy(name, profile="MODERN", min_tls_version="TLS_1_2", opts=self._child).id,
            quic_override="ENABLE",
            opts=self._child,
        )
        redirect = self._redirect()
        self.addresses = {kind: self._listen(kind, version, proxy.id, redirect) for kind, version in _VERSIONS.items()}
        if not args.shares_name:
            point(name, args.domain, self.addresses, self._child)
        self.endpoint = Output.from_input(f"https://{args.domain.name}")
        self.register_outputs({"endpoint": self.endpoint})

    def _backend(self) -> compute.BackendService:
        wall = firewall(self._name, self._args.throttle, self._child)
        return compute.BackendService(
            self._name,
            load_balancing_scheme=_SCHEME,
            protocol="HTTPS",
            enable_cdn=False,
            security_policy=wall.id,
            backends=[{"group": gateway.group} for gateway in self._args.gateways.values()],
            outlier_detection=_LEFT_OUT if len(self._args.gateways) > 1 else None,  # of one, nothing would be left
            log_config={"enable": True, "sample_rate": 1.0},
            opts=self._child,
        )

    def _redirect(self) -> Output[str]:
        """A proxy that sends who comes without TLS to where there is."""
        name = f"{self._name}-redirect"
        away = compute.URLMap(
            name,
            default_url_redirect={
                "https_redirect": True,
                "strip_query": False,
                "redirect_response_code": "PERMANENT_REDIRECT",
            },
            opts=self._child,
        )
        return compute.TargetHttpProxy(name, url_map=away.id, opts=self._child).id

    def _listen(self, kind: str, version: str, proxy: Output[str], redirect: Output[str]) -> Output[str]:
        name = f"{self._name}-{kind.lower()}"
        address = compute.GlobalAddress(name, ip_version=version, address_type="EXTERNAL", opts=self._child)
        for suffix, target, port in (("", proxy, "443"), ("-redirect", redirect, "80")):
            compute.GlobalForwardingRule(
                f"{name}{suffix}",
                ip_address=address.address,
                ip_protocol="TCP",
                port_range=port,
                load_balancing_scheme=_SCHEME,
                target=target,
                opts=self._child,
            )
        return address.address
