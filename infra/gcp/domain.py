"""The name that users call: a certificate, proven by a record in its zone, and the records that lead to the edge.

The proof needs no traffic, so the certificate is valid before the first request, and while the name still leads
elsewhere.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from pulumi import ComponentResource, Output, ResourceOptions
from pulumi_gcp import certificatemanager
from pulumi_gcp.dns import RecordSet

from infra.contract import DnsRecord
from infra.settings import DomainSettings

_TTL_S = 300


@dataclass(frozen=True, kw_only=True)
class CertificateArgs:
    """shares_name: the zone is kept by who knows all clouds, so the proof is only said."""

    domain: DomainSettings
    shares_name: bool


class Certificate(ComponentResource):
    """map_id: what the balancer's proxy names. proof: the record that shows that the name is ours."""

    map_id: Output[str]
    proof: DnsRecord

    def __init__(self, name: str, args: CertificateArgs, opts: ResourceOptions | None = None) -> None:
        super().__init__("slipway:gcp:Certificate", name, None, opts)
        child, host = ResourceOptions(parent=self), args.domain.name
        authorization = certificatemanager.DnsAuthorization(name, domain=host, opts=child)
        wanted = authorization.dns_resource_records.apply(lambda records: records[0])
        self.proof = DnsRecord(
            name=wanted.apply(lambda record: record.name or ""),
            type=wanted.apply(lambda record: record.type or ""),
            data=wanted.apply(lambda record: record.data or ""),
        )
        if not args.shares_name:
            RecordSet(
                f"{name}-proof",
                managed_zone=args.domain.zone_id,
                name=self.proof.name,
                type=self.proof.type,
                rrdatas=[self.proof.data],
                ttl=_TTL_S,
                opts=child,
            )
        certificate = certificatemanager.Certificate(
            name, managed={"domains": [host], "dns_authorizations": [authorization.id]}, opts=child
        )
        certificates = certificatemanager.CertificateMap(name, opts=child)
        certificatemanager.CertificateMapEntry(
            name, map=certificates.name, hostname=host, certificates=[certificate.id], opts=child
        )
        self.map_id = Output.concat("//certificatemanager.googleapis.com/", certificates.id)
        self.register_outputs({"map_id": self.map_id})


def point(
    name: str, domain: DomainSettings, addresses: Mapping[str, Output[str]], opts: ResourceOptions
) -> list[RecordSet]:
    """Records of the domain's zone that lead to addresses, by type (A, AAAA)."""
    return [
        RecordSet(
            f"{name}-{kind.lower()}",
            managed_zone=domain.zone_id,
            name=f"{domain.name}.",
            type=kind,
            rrdatas=[address],
            ttl=_TTL_S,
            opts=opts,
        )
        for kind, address in addresses.items()
    ]
