"""Names that two parts must agree on, on every cloud. Pure."""

NAMESPACE = "slipway"
"""Of the workloads on a cluster: both clouds give rights to service accounts in it."""


def cluster_name(stack: str) -> str:
    """Unique in an account's or a project's region; one cluster of a stack is there."""
    return f"slipway-{stack}"
