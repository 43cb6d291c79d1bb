"""However a model is spread over processes, it learns the same: four processes on the CPU beside one."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.parallel_worker import LOCAL_STEPS, SCHEMES
from tests.together import run_together

WORKERS = 4
PATIENCE_S = 300.0
NAMES = list(SCHEMES)


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What each scheme came to, a file each."""
    folder = tmp_path_factory.mktemp("parallel")
    run_together("tests.parallel_worker", size=WORKERS, folder=folder, patience_s=PATIENCE_S)
    return folder


def read(folder: Path, name: str) -> dict[str, Any]:
    return json.loads((folder / f"{name}.json").read_text())


def alone(folder: Path, scheme: str) -> dict[str, Any]:
    return read(folder, f"alone-{4 if 'PP' in scheme else 1}")


@pytest.mark.parametrize("scheme", NAMES)
def test_losses_of_twenty_steps_are_those_of_one_process(found: Path, scheme: str):
    assert read(found, scheme)["losses"] == pytest.approx(alone(found, scheme)["losses"], abs=1e-5, rel=0)


@pytest.mark.parametrize("scheme", NAMES)
def test_the_whole_answers_as_its_parts_did_together(found: Path, scheme: str):
    together, released = read(found, scheme)["answers"], read(found, scheme)["released"]
    for row, again, expected in zip(together, released, alone(found, scheme)["answers"], strict=True):
        assert row == pytest.approx(again, abs=1e-5)
        assert row == pytest.approx(expected, abs=1e-4)


def test_replicas_that_seldom_meet_lose_less_than_a_hundredth(found: Path):
    assert read(found, f"meeting-{LOCAL_STEPS}")["loss"] == pytest.approx(read(found, "meeting-1")["loss"], rel=0.01)


def test_replicas_that_seldom_meet_exchange_a_tenth(found: Path):
    assert read(found, f"meeting-{LOCAL_STEPS}")["bytes"] <= read(found, "meeting-1")["bytes"] / 10
