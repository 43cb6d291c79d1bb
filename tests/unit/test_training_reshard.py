"""A run that is killed goes on with the losses of one that was not, whatever mesh it goes on with.

One start of real processes for all cases, which tests/checkpoint_worker.py forks.
"""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.checkpoint_worker import CASES, FIGURES, STEPS
from training.journal import JOURNAL, Event, losses, read_journal

RESUMED = [name for name, case in CASES.items() if case.after]
SAME = [name for name in RESUMED if "the same" in name]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("resumed")
    argv = [sys.executable, "-m", "tests.checkpoint_worker", str(folder)]
    ended = subprocess.run(argv, capture_output=True, text=True, timeout=240, check=False)
    assert ended.returncode == 0, ended.stderr[-4000:]
    return folder


def undisturbed(name: str) -> str:
    return name.split(maxsplit=1)[0].rstrip(",")


def found(folder: Path, name: str) -> dict[int, float]:
    losses_of = losses(folder / name / JOURNAL)
    assert sorted(losses_of) == [*range(1, STEPS + 1)]
    return losses_of


@pytest.mark.parametrize("name", RESUMED)
def test_it_goes_on_from_a_checkpoint(folder: Path, name: str):
    events = [entry for entry in read_journal(folder / name / JOURNAL) if isinstance(entry, Event)]
    assert [event.step > 0 for event in events if event.event == "resumed"] == [True]


def test_what_one_process_finds_broken_of_its_part_all_of_them_leave_out(folder: Path):
    entries = read_journal(folder / "lm on the same 2 shards, one broken" / JOURNAL)
    assert [entry.step for entry in entries if isinstance(entry, Event) and entry.event == "resumed"] == [STEPS - 1]


@pytest.mark.parametrize("name", SAME)
def test_on_the_same_mesh_every_loss_and_figure_has_the_same_bits(folder: Path, name: str):
    assert found(folder, name) == found(folder, undisturbed(name))
    figures, expected = (json.loads((folder / each / FIGURES).read_text()) for each in (name, undisturbed(name)))
    assert figures == expected


@pytest.mark.parametrize("name", RESUMED)
def test_on_any_mesh_the_losses_are_the_same(folder: Path, name: str):
    assert found(folder, name) == pytest.approx(found(folder, undisturbed(name)), abs=1e-5)
