"""The name that two clouds share: weighted records in Route 53, each kept only while its cloud answers.

A cloud that can be asked region by region stays in as long as one of its regions answers: which of them gets a request
is its own affair. Resolvers keep an answer for a minute, so a lost cloud is left within two.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from pulumi import ComponentResource, Output, ResourceOptions
from pulumi_aws import route53

from infra.contract import DnsRecord, Front
from infra.serving import HEALTH
from infra.settings import DomainSettings

_TTL_S = 60
_CHECK_EVERY_S = 30
_FAILURES = 2
_TYPES = ("A", "AAAA")


@dataclass(frozen=True, kw_only=True)
class Share:
    """One cloud's front, and its weight beside the others'."""

    front: Front
    weight: int


@dataclass(frozen=True, kw_only=True)
class NamesArgs:
    """shares: by cloud."""

    domain: DomainSettings
    shares: Mapping[str, Share]


class Names(ComponentResource):
    """Records and health checks of one name."""

    def __init__(self, name: str, args: NamesArgs, opts: ResourceOptions | None = None) -> None:
        super().__init__("slipway:multi:Names", name, None, opts)
        self._domain, self._child = args.domain, ResourceOptions(parent=self)
        # a type that only one cloud answers would send all who ask for it there
        types = [type_ for type_ in _TYPES if all(_answers(share.front, type_) for share in args.shares.values())]
        for cloud, share in args.shares.items():
            check = self._check(f"{name}-{cloud}", share.front)
            for type_ in types:
                self._record(f"{name}-{cloud}-{type_.lower()}", cloud, type_, share, check)
            if share.front.proof:
                self._prove(f"{name}-{cloud}-proof", share.front.proof)
        self.register_outputs({})

    def _check(self, name: str, front: Front) -> Output[str]:
        """The id of what says whether a cloud answers."""
        if front.checks:
            return route53.HealthCheck(
                name,
                type="CALCULATED",
                child_healthchecks=list(front.checks.values()),
                child_health_threshold=1,
                tags={"Name": name},
                opts=self._child,
            ).id
        return route53.HealthCheck(
            name,
            type="HTTPS",
            ip_address=front.addresses["A"],
            fqdn=self._domain.name,
            port=443,
            resource_path=HEALTH,
            enable_sni=True,
            request_interval=_CHECK_EVERY_S,
            failure_threshold=_FAILURES,
            tags={"Name": name},
            opts=self._child,
        ).id

    def _record(self, name: str, cloud: str, type_: str, share: Share, check: Output[str]) -> None:
        alias = share.front.alias
        route53.Record(
            name,
            zone_id=self._domain.zone_id,
            name=self._domain.name,
            type=type_,
            set_identifier=cloud,
            weighted_routing_policies=[{"weight": share.weight}],
            health_check_id=check,
            aliases=[{"name": alias.name, "zone_id": alias.zone_id, "evaluate_target_health": False}]
            if alias
            else None,
            records=None if alias else [share.front.addresses[type_]],
            ttl=None if alias else _TTL_S,
            opts=self._child,
        )

    def _prove(self, name: str, proof: DnsRecord) -> None:
        route53.Record(
            name,
            zone_id=self._domain.zone_id,
            name=proof.name,
            type=proof.type,
            records=[proof.data],
            ttl=_TTL_S,
            opts=self._child,
        )


def _answers(front: Front, type_: str) -> bool:
    return front.alias is not None or type_ in front.addresses
