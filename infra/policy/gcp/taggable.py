"""Writes taggable.txt from the source text of the installed SDK: `python -m infra.policy.gcp.taggable`."""

from infra.policy.gcp.account import TAGGABLE
from infra.policy.sdk_types import listed

_COMPUTED = '__props__.__dict__["effective_labels"] = None'
"""How a resource class says that the provider fills them in."""


def content() -> str:
    return listed("pulumi-gcp", "infra.policy.gcp.taggable", having=_COMPUTED, what="labels")


if __name__ == "__main__":
    TAGGABLE.write_text(content())
