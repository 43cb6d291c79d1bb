import errno
import os
import resource
from pathlib import Path

import pytest
import torch

from slipway.errors import TrainingError
from training.checkpoint import Checkpoints

CPU = torch.device("cpu")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "run"


@pytest.fixture
def warnings() -> list[str]:
    return []


@pytest.fixture
def checkpoints(folder: Path, warnings: list[str]) -> Checkpoints:
    return Checkpoints(folder, keep_last=2, warn=warnings.append)


def state(value: int) -> dict[str, object]:
    return {"weights": torch.full((4,), value), "history": [{"loss": 0.5}]}


def states(folder: Path) -> list[Path]:
    return sorted(folder.glob("step-*/state.pt"))


def test_what_was_saved_is_loaded(checkpoints: Checkpoints):
    checkpoints.save(7, state(7))
    loaded = checkpoints.load(7, CPU)
    assert loaded["weights"].equal(torch.full((4,), 7))
    assert loaded["history"] == [{"loss": 0.5}]


def test_a_run_without_checkpoints_starts_anew(checkpoints: Checkpoints):
    assert checkpoints.newest() is None


def test_only_the_last_are_kept(checkpoints: Checkpoints, folder: Path):
    for step in (1, 2, 10):
        checkpoints.save(step, state(step))
    assert [path.parent.name for path in states(folder)] == ["step-000000002", "step-000000010"]
    assert checkpoints.newest() == 10


@pytest.mark.parametrize("damage", ["truncated", "altered", "without manifest"])
def test_a_broken_checkpoint_is_named_and_the_one_before_is_taken(
    checkpoints: Checkpoints, folder: Path, warnings: list[str], damage: str
):
    checkpoints.save(1, state(1))
    checkpoints.save(2, state(2))
    newest = states(folder)[-1]
    content = newest.read_bytes()
    if damage == "truncated":
        newest.write_bytes(content[: len(content) // 2])
    elif damage == "altered":
        newest.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
    else:
        (newest.parent / "manifest.json").unlink()
    assert checkpoints.newest() == 1
    assert "step-000000002" in warnings[0]


def test_when_every_checkpoint_is_broken_nothing_starts_anew_in_silence(checkpoints: Checkpoints, folder: Path):
    checkpoints.save(1, state(1))
    states(folder)[0].write_bytes(b"")
    with pytest.raises(TrainingError, match="none of the 1 checkpoints") as caught:
        checkpoints.newest()
    assert str(folder) in caught.value.message


def test_a_half_written_checkpoint_is_never_chosen(checkpoints: Checkpoints, folder: Path):
    checkpoints.save(1, state(1))
    left_by_a_crash = folder / ".unfinished-abc"
    left_by_a_crash.mkdir()
    (left_by_a_crash / "state.pt").write_bytes(b"half")
    assert checkpoints.newest() == 1
    checkpoints.save(2, state(2))
    assert not left_by_a_crash.exists()


def test_a_broken_checkpoint_is_replaced_when_its_step_comes_again(checkpoints: Checkpoints, folder: Path):
    checkpoints.save(5, state(5))
    states(folder)[0].write_bytes(b"")
    checkpoints.save(5, state(5))
    assert checkpoints.newest() == 5


def test_a_disk_without_room_is_named_and_the_checkpoint_before_stays(checkpoints: Checkpoints, folder: Path):
    checkpoints.save(1, state(1))
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (64, hard))  # the kernel refuses to write on, as a full disk does
    try:
        with pytest.raises(TrainingError, match=os.strerror(errno.EFBIG)) as caught:
            checkpoints.save(2, state(2))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert str(folder) in caught.value.message
    assert checkpoints.newest() == 1
    assert not list(folder.glob(".unfinished-*"))


def test_loading_runs_no_code(checkpoints: Checkpoints, folder: Path):
    checkpoints.save(1, {"trap": _Trap()})
    with pytest.raises(Exception, match=r"(?i)weights.only"):
        checkpoints.load(1, CPU)


class _Trap:
    def __reduce__(self) -> tuple[object, tuple[str]]:
        return os.system, ("true",)
