from collections.abc import Iterator

import pytest

from tests.system.platform import Platform, brought_up


@pytest.fixture(scope="session")
def platform(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Platform]:
    """The whole product, once for all system tests: trained on real data, serving in two regions."""
    with brought_up(tmp_path_factory.mktemp("platform")) as up:
        yield up


@pytest.fixture
def healthy(platform: Platform) -> Platform:
    """The platform with every replica back, whatever the test before did to it."""
    platform.await_healthy()
    return platform
