"""Releases on a platform that is up: a second task, and what does not verify."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from slipway.example import served_example
from tests.system.platform import Platform
from tests.system.variants import that_answers_differently

pytestmark = pytest.mark.system


@pytest.fixture
def digits(healthy: Platform) -> Iterator[dict]:
    """The second task that ships, trained and served; the former release is served again at the end."""
    trained = healthy.slipway("train", "--task", "digits")
    healthy.slipway("promote", trained["digest"][:16])
    yield trained
    healthy.slipway("rollback")


def test_a_second_task_goes_from_training_to_an_answer(digits: dict, healthy: Platform):
    assert digits["metrics"]["accuracy"] > 0.9
    (prediction,) = healthy.ask(served_example(healthy.inventory))
    assert prediction["label"] in "0123456789"
    assert healthy.inventory.release_name == "digits"


def test_a_corrupt_release_is_refused_and_the_platform_is_as_it_was(healthy: Platform):
    served = healthy.inventory
    folder = healthy.state.store / "releases" / served.release_name / served.release
    corrupt = folder.with_name("f" * 64)
    shutil.copytree(folder, corrupt)
    try:
        done = healthy.run("promote", "ffff")
        assert done.returncode == 5
        assert "was altered" in done.stderr
        assert "Traceback" not in done.stderr
    finally:
        shutil.rmtree(corrupt)
    assert healthy.slipway("up", "--bare")["changed"] == 0
    assert healthy.inventory.release == served.release


def test_a_release_that_is_not_there_is_named(healthy: Platform):
    done = healthy.run("promote", "0000000000000000")
    assert done.returncode == 5
    assert "no release begins with" in done.stderr


def test_a_release_that_never_becomes_ready_leaves_the_former_one_serving(healthy: Platform, tmp_path: Path):
    served = healthy.inventory.release
    wrong = that_answers_differently(healthy, tmp_path / "wrong")
    done = healthy.run("promote", wrong[:16])
    assert done.returncode == 4
    assert "does not answer here as it answered its trainer" in done.stderr
    assert healthy.ask(served_example(healthy.inventory))
    assert healthy.inventory.release == served
    assert healthy.slipway("up", "--bare")["changed"] == 0
