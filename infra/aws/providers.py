"""One explicit provider per region: it touches one account only, and labels all that it makes.

There is no default provider in a stack: a resource that was given none would land wherever the shell happens to point.
"""

from collections.abc import Mapping

from pulumi_aws import Provider


class Providers:
    """Makes each region's provider when it is first asked for."""

    def __init__(self, *, account: str, labels: Mapping[str, str]) -> None:
        self._account, self._labels = account, labels
        self._made: dict[str, Provider] = {}

    def of(self, region: str) -> Provider:
        if region not in self._made:
            self._made[region] = Provider(
                f"aws-{region}",
                region=region,
                allowed_account_ids=[self._account],
                default_tags={"tags": dict(self._labels)},
            )
        return self._made[region]
