"""Which release a stack serves, and which it served before: pure moves of a pin."""

from slipway.errors import ReleaseError
from slipway.release import Pin


def promoted(current: Pin | None, *, name: str, digest: str, store: str) -> Pin:
    """The pin after a promotion: the release in force becomes the former one. Promoting it again changes nothing."""
    if current is not None and current.digest == digest:
        return current
    former = None if current is None else Pin(name=current.name, digest=current.digest, store=current.store)
    return Pin(name=name, digest=digest, store=store, former=former)


def rolled_back(current: Pin | None) -> Pin:
    """The pin after a rollback: the former release in force, the one that failed kept, so that twice is none at all.

    Raises ReleaseError when there is nothing to go back to.
    """
    if current is None or current.former is None:
        raise ReleaseError(
            "there is no former release to go back to", hint="`slipway releases` lists what can be promoted"
        )
    return promoted(
        Pin(name=current.name, digest=current.digest, store=current.store),
        name=current.former.name,
        digest=current.former.digest,
        store=current.former.store,
    )
