"""Names that two parts must agree on, on every cloud. Pure."""


def cluster_name(stack: str) -> str:
    """Unique in an account's or a project's region; one cluster of a stack is there."""
    return f"slipway-{stack}"
