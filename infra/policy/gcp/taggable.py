"""Writes taggable.txt from the source text of the installed SDK: `python -m infra.policy.gcp.taggable`.

Importing all of the SDK takes a minute; the pack must start at once, so what it needs of it is a file.
"""

from infra.policy.gcp.account import TAGGABLE
from infra.policy.sdk_types import listed

_COMPUTED = '__props__.__dict__["effective_labels"] = None'
"""How a resource class says that the provider fills them in."""


def content() -> str:
    return listed("pulumi-gcp", "infra.policy.gcp.taggable", having=_COMPUTED, what="labels")


if __name__ == "__main__":
    TAGGABLE.write_text(content())
