"""Writes taggable.txt from the source text of the installed SDK: `python -m infra.policy.aws.taggable`."""

from infra.policy.aws.account import TAGGABLE
from infra.policy.sdk_types import listed

_COMPUTED = '__props__.__dict__["tags_all"] = None'
"""How a resource class says that the provider fills them in."""


def content() -> str:
    return listed("pulumi-aws", "infra.policy.aws.taggable", having=_COMPUTED, what="tags")


if __name__ == "__main__":
    TAGGABLE.write_text(content())
