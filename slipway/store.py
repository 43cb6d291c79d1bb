"""One face for the object store, whether a local folder, S3, GCS or memory: obstore, opened from a URL."""

from pathlib import Path
from urllib.parse import urlparse
from urllib.request import url2pathname

from obstore.store import LocalStore, ObjectStore, from_url

from slipway.errors import SlipwayError


def open_store(url: str) -> ObjectStore:
    """The store at `url` (file, s3, gs, az, memory). A local folder is made when absent.

    Credentials come from the environment, as each cloud's own tools take them; a URL never carries them.
    Raises SlipwayError for a URL that names no store.
    """
    parts = urlparse(url)
    if parts.username or parts.password:
        raise SlipwayError("a store URL must not carry credentials", hint="give them by environment or a role")
    if parts.scheme == "file":
        return LocalStore(prefix=Path(url2pathname(parts.path)), mkdir=True)
    try:
        return from_url(url)
    except Exception as error:
        raise SlipwayError(
            f"{url!r} names no object store: {error}", hint="use file://, s3://, gs:// or az://"
        ) from error
