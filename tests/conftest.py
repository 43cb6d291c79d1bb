"""How tests share the two cores: `make test` runs two processes, each takes whole files.

Files whose tests use the whole platform go together, because bringing it up takes a minute and a half. Those in apart/
are run by test_apart.py in a process of their own.
"""

import os

import pytest

collect_ignore = [] if "SLIPWAY_APART" in os.environ else ["apart"]


@pytest.hookimpl(tryfirst=True)  # before xdist reads the groups, or it spreads the tests of a file
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        fixtures = getattr(item, "fixturenames", ())
        group = "platform" if "platform" in fixtures else item.path.name
        item.add_marker(pytest.mark.xdist_group(group))
