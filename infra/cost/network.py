"""What moves data: gateways, balancers, accelerators, name service, and the bytes that leave to users."""

from infra.catalog import INTERNET
from infra.cost.bill import Item
from infra.cost.context import Context, region_of
from infra.cost.errors import NotPriced
from infra.cost.inputs import text
from infra.cost.preview import Resource

_BALANCERS = {"application": ("alb", "lcu"), "network": ("nlb", "nlcu")}
_RECORD = "aws:route53/record:Record"
_FORWARDING = "gcp:compute/globalForwardingRule:GlobalForwardingRule"
_FLAT_RULES = 5  # forwarding rules of a project that cost as much together as one


def aws_nat_gateway(gateway: Resource, context: Context) -> list[Item]:
    return [
        context.tariff("aws", "nat", "hour", gateway, context.usage.hours, "gateway"),
        context.tariff("aws", "nat", "data", gateway, context.usage.nat_gb, "data through it"),
    ]


def gcp_nat(nat: Resource, context: Context) -> list[Item]:
    """Google charges by the machines behind it, of which a preview does not say how many use it: one is counted."""
    return [
        context.tariff("gcp", "nat", "vm-hour", nat, context.usage.hours, "one machine behind it"),
        context.tariff("gcp", "nat", "data", nat, context.usage.nat_gb, "data through it"),
    ]


def aws_balancer(balancer: Resource, context: Context) -> list[Item]:
    kind = text(balancer.inputs, "loadBalancerType", "application")
    if kind not in _BALANCERS:
        raise NotPriced(f"no figure in the catalog for a {kind} load balancer")
    service, unit = _BALANCERS[kind]
    hours = context.usage.hours
    return [
        context.tariff("aws", service, "hour", balancer, hours, "balancer"),
        context.tariff("aws", service, unit, balancer, hours * context.usage.lcu, "capacity units"),
    ]


def global_accelerator(accelerator: Resource, context: Context) -> list[Item]:
    """Its premium for each GB depends on where users are, and is not counted here; the serving plan does."""
    row = context.catalog.tariff("aws", "global-accelerator", "hour", "all")
    hours = context.usage.hours
    what = "accelerator, without its premium for data"
    return [Item(what=what, quantity=hours, unit=row.unit, unit_usd=row.usd, row=row)]


def route53_health_check(check: Resource, context: Context) -> list[Item]:
    row = context.catalog.tariff("aws", "route53", "health-check", "all")
    return [Item(what="health check", quantity=1, unit=row.unit, unit_usd=row.usd, row=row)]


def route53_record(record: Resource, context: Context) -> list[Item]:
    """Only names that answer by latency are counted; others mostly point at AWS's own, which costs nothing to ask."""
    if not record.inputs.get("latencyRoutingPolicies"):
        return []
    alike = sum(
        1 for one in context.resources.values() if one.type == _RECORD and one.inputs.get("latencyRoutingPolicies")
    )
    millions = context.usage.requests / context.usage.requests_per_lookup / max(1, alike) / 1e6
    row = context.catalog.tariff("aws", "route53", "latency-queries", "all")
    return [Item(what="lookups by latency", quantity=millions, unit=row.unit, unit_usd=row.usd, row=row)]


def forwarding_rule(rule: Resource, context: Context) -> list[Item]:
    """An equal part of what the stack's rules cost together: one price for the first five, then one for each more."""
    rules = sum(1 for one in context.resources.values() if one.type == _FORWARDING) or 1
    hours = context.usage.hours / rules
    row = context.catalog.tariff("gcp", "global-alb", "forwarding-rules-first-five", "all")
    items = [Item(what="forwarding, up to five rules", quantity=hours, unit=row.unit, unit_usd=row.usd, row=row)]
    if more := max(0, rules - _FLAT_RULES):
        row = context.catalog.tariff("gcp", "global-alb", "forwarding-rule-more", "all")
        items.append(
            Item(what="forwarding, each more", quantity=hours * more, unit=row.unit, unit_usd=row.usd, row=row)
        )
    return items


def egress(provider: str, resource: Resource, context: Context) -> list[Item]:
    """This resource's share of what goes out to users."""
    gb = context.usage.egress_gb / context.answering
    if not gb:
        return []
    region = region_of(resource)
    row = context.catalog.tariff(provider, "egress", INTERNET, region)
    usd = context.catalog.egress_usd_per_gb(provider, region, INTERNET, gb)
    return [Item(what="data to users", quantity=gb, unit="GB", unit_usd=usd, row=row)]
