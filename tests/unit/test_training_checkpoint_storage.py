"""Storage that is slow, away or refuses, while checkpoints are written, read and deleted."""

import threading
from collections.abc import Iterable
from pathlib import Path

import pytest
import torch

from slipway.errors import TrainingError
from tests.checkpoints import ALONE, Kept, blank, state
from training.checkpoint import Checkpoints, Keep
from training.checkpoint.storage import Folder


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "run"


class Failing(Folder):
    """Says so of what is named. reads, deletes: of files and folders, by a part of their names."""

    def __init__(self, path: Path, *, reads: str = "nothing", deletes: str = "nothing") -> None:
        super().__init__(path)
        self._reads, self._deletes = reads, deletes

    def read(self, name: str, at: int = 0, nbytes: int | None = None) -> bytes | bytearray:
        if self._reads in name:
            raise OSError("503 slow down")
        return super().read(name, at, nbytes)

    def folders(self) -> list[str]:
        if self._reads == "folders":
            raise OSError("503 slow down")
        return super().folders()

    def delete(self, folder: str, files: Iterable[str] | None = None) -> None:
        if files is None and self._deletes in folder:
            raise OSError("403 on delete")
        super().delete(folder, files)


@pytest.mark.parametrize("reads", ["folders", "step-000000002/.metadata", "step-000000002/00000-"])
def test_storage_that_is_away_is_no_broken_checkpoint(folder: Path, reads: str):
    Kept(Folder(folder)).save(1, 2)
    kept = Kept(Failing(folder, reads=reads))
    with pytest.raises(TrainingError, match="cannot be read now: 503 slow down") as caught:
        kept.resume()
    assert "left as they are" in (caught.value.hint or "")
    assert not kept.warnings


def test_a_good_checkpoint_that_cannot_be_read_for_once_is_not_deleted(folder: Path):
    Kept(Folder(folder), Keep(last=1, every=1)).save(1, 2)
    Kept(Failing(folder, reads="step-000000001/.metadata"), Keep(last=1, every=1)).save(3)
    assert (folder / "step-000000001" / ".metadata").exists()


def test_an_old_checkpoint_that_cannot_be_deleted_is_told_of_and_ends_no_training(folder: Path):
    kept = Kept(Failing(folder, deletes="step-000000001"), Keep(last=1))
    kept.save(1, 2)
    assert kept.resume() == 2
    assert kept.warnings == [f"checkpoints that are not to be kept stay in {folder}: 403 on delete"]


def test_checkpoints_that_stay_after_the_run_are_told_of_and_fail_nothing(folder: Path):
    kept = Kept(Failing(folder, deletes="step-"))
    kept.save(1)
    kept.warnings.clear()
    kept.checkpoints.clear()
    assert kept.warnings == [f"checkpoints that nobody needs stay in {folder}: 403 on delete"]


class Slow(Folder):
    """Writes nothing before it may."""

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self.may_write = threading.Event()

    def write(self, name: str, content: memoryview) -> None:
        assert self.may_write.wait(60)
        super().write(name, content)


def test_training_goes_on_while_a_checkpoint_is_written_and_what_it_changes_is_not_in_it(folder: Path):
    slow = Slow(folder)
    kept = Kept(slow)
    changing = state(1)
    kept.checkpoints.save(1, changing, mesh=ALONE)
    changing["learner"]["model"]["weights"].zero_()
    assert not list(folder.glob("step-*/.metadata"))
    slow.may_write.set()
    kept.checkpoints.finish(mesh=ALONE)
    found = kept.checkpoints.resume(blank, mesh=ALONE)
    assert found is not None
    assert found["learner"]["model"]["weights"].equal(torch.full((4, 3), 1))


def test_the_leading_process_hears_when_a_checkpoint_is_whole(folder: Path):
    slow, heard = Slow(folder), threading.Event()
    checkpoints = Checkpoints(slow)
    checkpoints.save(1, state(1), mesh=ALONE, whole=heard.set)
    assert not heard.is_set()
    slow.may_write.set()
    checkpoints.finish(mesh=ALONE)
    assert heard.is_set()


def test_a_write_that_failed_is_told_by_the_next_save(folder: Path):
    folder.write_bytes(b"no folder")
    checkpoints = Checkpoints(Folder(folder))
    checkpoints.save(1, state(1), mesh=ALONE)
    with pytest.raises(TrainingError, match="no checkpoint could be written"):
        checkpoints.save(2, state(2), mesh=ALONE)
