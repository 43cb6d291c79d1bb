"""What stands around the replicas: control plane, NAT, balancers, health checks.

AWS has a balancer in each region and one health check of it; Google's global balancer is one forwarding rule for all
regions. Not counted, because nothing in a goal says how many there are: DNS queries, NAT data (images, logs), and
CloudFront in place of the internet egress.
"""

from infra.catalog import Catalog, Region
from infra.placement.serving.charge import MONTH_H, Charge, at_tariff
from infra.placement.serving.traffic import gb_both_ways_per_rps
from infra.settings.placement import ServingGoal

_MOST_NAT_MACHINES = 32
_GB_PER_LCU_HOUR = 1.0  # of an instance behind it: docs of Elastic Load Balancing
_GB_PER_LCU_HOUR_FUNCTION = 0.4  # of a Lambda function behind it


def cluster(catalog: Catalog, region: Region) -> tuple[Charge, ...]:
    """Once for each region with a node pool. Google bills a NAT by machine, up to 32 of them; it is counted in full."""
    name = region.region
    if region.provider == "gcp":
        fee, nat = catalog.tariff("gcp", "gke", "cluster-fee", name), catalog.tariff("gcp", "nat", "vm-hour", name)
        hours = MONTH_H * _MOST_NAT_MACHINES
    else:
        fee, nat = catalog.tariff("aws", "eks", "control-plane", name), catalog.tariff("aws", "nat", "hour", name)
        hours = MONTH_H
    return (at_tariff("control plane", "region", MONTH_H, fee), at_tariff("NAT", "region", hours, nat))


def balancer(goal: ServingGoal, catalog: Catalog, region: Region, *, function: bool = False) -> tuple[Charge, ...]:
    """In front of a region; function: on AWS a smaller unit of data is counted for Lambda."""
    name = region.region
    gb = gb_both_ways_per_rps(goal)
    if region.provider == "gcp":
        return (
            at_tariff("balancer data", "rps", gb, catalog.tariff("gcp", "global-alb", "data", name)),
            at_tariff(
                "balancer",
                "provider",
                MONTH_H,
                catalog.tariff("gcp", "global-alb", "forwarding-rules-first-five", name),
            ),
        )
    units = gb / (_GB_PER_LCU_HOUR_FUNCTION if function else _GB_PER_LCU_HOUR)
    return (
        at_tariff("balancer", "region", MONTH_H, catalog.tariff("aws", "alb", "hour", name)),
        at_tariff("balancer data", "rps", units, catalog.tariff("aws", "alb", "lcu", name)),
        at_tariff("health check", "region", 1, catalog.tariff("aws", "route53", "health-check", name)),
    )
