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

_ASKS = re.compile(r"\bplatform: Platform\b")


class _WholeFiles(LoadScopeScheduling):
    def _split_scope(self, nodeid: str) -> str:
        return group(nodeid.partition("::")[0])


@functools.cache
def group(file: str) -> str:
    """What goes to one process: a file, or all files with a test that asks for the platform, which takes minutes."""
    return "platform" if _ASKS.search((PROJECT / file).read_text()) else file


def pytest_xdist_make_scheduler(config: Any, log: Any) -> _WholeFiles:
    return _WholeFiles(config, log)
