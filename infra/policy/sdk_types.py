"""Which types of an installed SDK say something of themselves, from its source text: importing it takes a minute.

What was found is kept as a file beside the code that asks, since the pack must start at once.
"""

import re
from collections.abc import Iterator
from functools import cache
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path

_TYPE = re.compile(r"__init__\(\s*'([a-z]+:[^']+)'")


@cache
def kept(file: Path) -> frozenset[str]:
    """The types in a file that `listed` made."""
    return frozenset(line for line in file.read_text().splitlines() if not line.startswith("#"))


def listed(distribution: str, module: str, *, having: str, what: str) -> str:
    """A file of the types whose class has a text in it, one a line. module: that writes the file, for its first line.

    Raises ImportError when the SDK is not installed.
    """
    head = f"# types of {distribution} {version(distribution)} that can carry {what}; python -m {module}\n"
    return head + "".join(f"{name}\n" for name in sorted(_types(distribution.replace("-", "_"), having)))


def _types(package: str, having: str) -> Iterator[str]:
    found = find_spec(package)
    for folder in found.submodule_search_locations or () if found else ():
        for file in Path(folder).rglob("*.py"):
            text = file.read_text()
            if having in text and (name := _TYPE.search(text)):
                yield name[1]
