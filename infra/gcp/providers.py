"""One explicit provider per region: it touches one project only, and labels all that it makes.

There is no default provider in a stack: a resource that was given none would land wherever the shell happens to point.
"""

from collections.abc import Mapping

from pulumi_gcp import Provider


class Providers:
    """Makes each region's provider when it is first asked for."""

    def __init__(self, *, project: str, labels: Mapping[str, str]) -> None:
        self._project, self._labels = project, labels
        self._made: dict[str, Provider] = {}

    def of(self, region: str) -> Provider:
        if region not in self._made:
            self._made[region] = Provider(
                f"gcp-{region}",
                project=self._project,
                region=region,
                default_labels=dict(self._labels),
                add_pulumi_attribution_label=False,  # a label that is not ours would be a change of somebody's
                user_project_override=True,  # APIs that bill by caller bill this project, not that of a person's login
                billing_project=self._project,
            )
        return self._made[region]
