"""The releases in a stack's store, and the one that a person means by the beginning of its digest."""

from slipway.errors import ReleaseError
from slipway.paths import State
from slipway.release import Release, find, read_manifest
from slipway.store import open_store


def list_releases(state: State) -> list[Release]:
    """Every complete release, by name and then digest."""
    store = open_store(state.store_url)
    found = (read_manifest(store, name, digest) for name, digest in find(store))
    return sorted(found, key=lambda release: (release.name, release.digest))


def resolve(state: State, wanted: str) -> Release:
    """The one release whose digest begins with `wanted`. Raises ReleaseError when none or several do."""
    matches = [release for release in list_releases(state) if release.digest.startswith(wanted)]
    if len(matches) != 1:
        raise ReleaseError(
            f"{len(matches) or 'no'} release{'s begin' if len(matches) > 1 else ' begins'} with {wanted!r}",
            hint="`slipway releases` lists them",
        )
    return matches[0]
