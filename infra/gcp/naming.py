"""Names that node pools, their ComputeClass and the pods that want them must agree on, and those of accounts. Pure."""

from slipway.errors import SettingsError

_ACCOUNT_LETTERS = 30


def group_name(pool: str, capacity: str, place: int) -> str:
    """A node pool's name in its cluster: fixed, because a ComputeClass lists it.

    place: of its machine type among the pool's. At most 36 of the 39 letters that GKE allows.
    """
    return f"{pool}-{capacity.replace('_', '-')}-{place}"


def account_id(what: str, where: str) -> str:
    """The id of a service account in a region, or of CI's for a stack.

    Raises SettingsError where Google would not take it, as for a stack with a long name.
    """
    made = f"{what}-{where.replace('northamerica', 'na')}"
    if len(made) > _ACCOUNT_LETTERS:
        raise SettingsError(
            f"{where}: the service account {made} would have {len(made)} letters and Google takes {_ACCOUNT_LETTERS}",
            hint=f"name the stack with {_ACCOUNT_LETTERS - len(f'{what}-')} letters at most",
        )
    return made
