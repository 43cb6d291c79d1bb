"""A plug-in for pytest-xdist: each process takes whole files, and the files that use the platform go together.

    python -m pytest -p tests.whole_files -n 2

Of its own, because `--dist loadgroup` of xdist 3.8 writes the group into `item._nodeid`, which pytest 9.2 reads no
more: it spreads the tests of a file over the processes, without a word, and what they share is set up in each.
"""

import functools
import re
from typing import Any

from xdist.scheduler import LoadScopeScheduling

from slipway.paths import PROJECT

_FOR_EACH = re.compile(r"^@pytest\.fixture\(scope=\"module\", params=", re.MULTILINE)
_ASKS = re.compile(r"\bplatform: Platform\b")


class _WholeFiles(LoadScopeScheduling):
    def _split_scope(self, nodeid: str) -> str:
        file, _, test = nodeid.partition("::")
        return group(file) + (f"[{test.partition('[')[2]}" if is_made_for_each(file) else "")


@functools.cache
def group(file: str) -> str:
    """What goes to one process: a file, or all files with a test that asks for the platform, which takes minutes."""
    return "platform" if _ASKS.search((PROJECT / file).read_text()) else file


@functools.cache
def is_made_for_each(file: str) -> bool:
    """Whether a file's fixture is made once for each parameter: each is then a file of its own to a process."""
    return bool(_FOR_EACH.search((PROJECT / file).read_text()))


def pytest_xdist_make_scheduler(config: Any, log: Any) -> _WholeFiles:
    return _WholeFiles(config, log)
