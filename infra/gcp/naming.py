"""Names that node pools, their ComputeClass and the pods that want them must agree on, and those of accounts. Pure."""


def group_name(pool: str, capacity: str, place: int) -> str:
    """A node pool's name in its cluster: fixed, because a ComputeClass lists it.

    place: of its machine type among the pool's. At most 36 of the 39 letters that GKE allows.
    """
    return f"{pool}-{capacity.replace('_', '-')}-{place}"


def account_id(what: str, region: str) -> str:
    """The id of a region's service account, of which Google takes 30 letters."""
    return f"{what}-{region.replace('northamerica', 'na')}"
