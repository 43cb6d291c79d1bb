"""One question to one cloud: all of its offers, or those of one region, as they are today."""

from collections.abc import Sequence
from datetime import UTC, datetime

from infra.catalog.refresh import aws, clients, gcp
from infra.catalog.refresh.sighting import Score, Sighting, Tell
from infra.catalog.rows import Offer


def ask(provider: str, offers: Sequence[Offer], tell: Tell) -> list[Sighting]:
    """Blocks for seconds to a minute. Raises RefreshError without credentials, rights or network."""
    with clients.explained(provider):
        if provider == "aws":
            now = datetime.now(UTC)
            pricing = clients.aws_pricing()
            return list(aws.fetch(offers, pricing=pricing, ec2=clients.aws_ec2, now=now, tell=tell))
        tell("gcp: reading where machines are offered")
        session, project = clients.gcp_compute()
        with session:
            zones = gcp.zones_of(gcp.machine_pages(session, project))
        return list(gcp.fetch(offers, skus=clients.gcp_skus(), zones=zones, tell=tell))


def ask_scores(offers: Sequence[Offer], machines: int) -> list[Score]:
    """How likely so many spot machines are to be had now, by accelerator and region. Raises RefreshError."""
    with clients.explained("aws"):
        return list(aws.placement_scores(offers, clients.aws_ec2, machines=machines))
