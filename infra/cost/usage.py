"""How much of a stack is used in a month: what a preview cannot say, so it is assumed, and every bill prints it."""

from collections.abc import Iterator
from dataclasses import dataclass

SECONDS_PER_HOUR = 3600


@dataclass(frozen=True, kw_only=True, slots=True)
class Usage:
    """hours: of a month that everything stands. requests: answered in a month, by all regions together. request_ms:
    that one keeps an instance busy. concurrency: requests side by side in one serverless container.
    requests_per_lookup: of a name, whose answer callers remember. egress_gb: to the internet, all regions together.
    nat_gb: through each NAT gateway. lcu: of each load balancer, in capacity units.
    """

    hours: float = 730.0
    requests: float = 1e6
    request_ms: float = 50.0
    concurrency: float = 1.0
    requests_per_lookup: float = 100.0
    egress_gb: float = 10.0
    nat_gb: float = 100.0
    lcu: float = 1.0

    @property
    def seconds(self) -> float:
        return self.hours * SECONDS_PER_HOUR

    @property
    def busy_s(self) -> float:
        return self.requests * self.request_ms / 1e3

    def words(self) -> Iterator[str]:
        yield f"{self.hours:g} hours a month"
        yield f"{self.requests:,.0f} requests of {self.request_ms:g} ms, shared by the regions that answer"
        yield f"{self.concurrency:g} at a time in one Cloud Run instance, {self.requests_per_lookup:g} to a name lookup"
        yield f"{self.egress_gb:g} GB a month to the internet, shared likewise"
        yield f"{self.nat_gb:g} GB a month through each NAT gateway"
        yield f"{self.lcu:g} capacity unit{'s' * (self.lcu != 1)} in use on each load balancer"
        yield "node pools at their desired size; no discounts, free allowances, taxes or support"
