"""Names that node groups and the autoscaler's patterns of them must agree on. Pure."""


def group_name(region: str, pool: str, capacity: str) -> str:
    """A node group's name before the engine adds seven random digits, so that a new one can stand beside the old.

    At most 55 of the 63 letters that EKS allows, for the longest region, pool and capacity.
    """
    return f"gpu-{region}-{pool}-{capacity.replace('_', '-')}"


def group_pattern(region: str, pool: str, capacity: str) -> str:
    """What the name of such a group's Auto Scaling group matches: EKS makes it of `eks-`, the group's and an id."""
    return rf"^eks-{group_name(region, pool, capacity)}-[0-9a-f]{{7}}-.*"
