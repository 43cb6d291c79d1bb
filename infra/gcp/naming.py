"""Names that node pools, their ComputeClass and the pods that want them must agree on. Pure."""


def group_name(pool: str, capacity: str, place: int) -> str:
    """A node pool's name in its cluster: fixed, because a ComputeClass lists it.

    place: of its machine type among the pool's. At most 36 of the 39 letters that GKE allows.
    """
    return f"{pool}-{capacity.replace('_', '-')}-{place}"
