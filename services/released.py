"""Where a service finds its release as it starts: in a folder that is there, or brought from the platform's store."""

from pathlib import Path

from slipway.release import fetch


def released(folder: Path, digest: str, *, store: str, name: str) -> Path:
    """The release's folder: `folder` itself, or a verified copy in it where `store` (a URL) says whence.

    name: of the release, in the store. Raises ReleaseError when the store has no such release or another content,
    SlipwayError for a URL that names no store.
    """
    if not store:
        return folder
    from slipway.store import open_store  # 60 ms that a service with a folder need not spend

    return fetch(open_store(store), name, digest, folder)
