from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.system.platform import Platform, brought_up, short_folder


@pytest.fixture(scope="session")
def platform() -> Iterator[Platform]:
    """The whole product, once for all system tests: trained on real data, serving in two regions."""
    with short_folder() as folder, brought_up(folder) as up:
        yield up


@pytest.fixture
def folder() -> Iterator[Path]:
    """An empty folder with a short path."""
    with short_folder() as made:
        yield made


@pytest.fixture
def healthy(platform: Platform) -> Platform:
    """The platform with every replica back, whatever the test before did to it."""
    platform.await_healthy()
    return platform
