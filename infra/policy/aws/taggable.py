"""Writes taggable.txt from the source text of the installed SDK: `python -m infra.policy.aws.taggable`.

Importing all of the SDK takes a minute; the pack must start at once, so what it needs of it is a file.
"""

import re
from collections.abc import Iterator
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path

from infra.policy.aws.account import TAGGABLE

_COMPUTED = '__props__.__dict__["tags_all"] = None'  # how a resource class says that the provider fills them in
_TYPE = re.compile(r"__init__\(\s*'(aws:[^']+)'")


def types() -> Iterator[str]:
    """Types of the installed SDK that can carry tags."""
    found = find_spec("pulumi_aws")
    for folder in found.submodule_search_locations or () if found else ():
        for file in Path(folder).rglob("*.py"):
            text = file.read_text()
            if _COMPUTED in text and (name := _TYPE.search(text)):
                yield name[1]


def content() -> str:
    head = f"# types of pulumi-aws {version('pulumi-aws')} that can carry tags; python -m infra.policy.aws.taggable\n"
    return head + "".join(f"{name}\n" for name in sorted(types()))


if __name__ == "__main__":
    TAGGABLE.write_text(content())
