"""The object store of the local stack: a folder behind obstore's API, as S3 and GCS are elsewhere.

It is not a resource, so that `pulumi destroy` keeps what it holds, as `protect` keeps a production bucket.
"""

from slipway.paths import State


class Storage:
    def __init__(self, state: State) -> None:
        self.url = state.store_url
