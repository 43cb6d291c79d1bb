import errno
import os
import resource
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from obstore.store import MemoryStore
from torch.distributed.checkpoint import state_dict_loader, state_dict_saver
from torch.distributed.checkpoint.default_planner import DefaultLoadPlanner, DefaultSavePlanner

from slipway.errors import TrainingError
from tests.checkpoints import ALONE, Kept, blank, state
from training.checkpoint import Keep
from training.checkpoint.layout import FORMAT, METADATA, Manifest, Piece, Whole, decode_manifest
from training.checkpoint.reader import Reader
from training.checkpoint.staging import Stage
from training.checkpoint.storage import Bucket, Folder, Storage, storage
from training.checkpoint.writer import Writer


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "run"


@pytest.fixture(params=["folder", "bucket"])
def place(request: pytest.FixtureRequest, folder: Path) -> Storage:
    return Folder(folder) if request.param == "folder" else Bucket(MemoryStore(), name="memory")


def test_what_was_saved_is_loaded(place: Storage):
    kept = Kept(place)
    kept.save(7)
    found = kept.checkpoints.resume(blank, mesh=ALONE)
    assert found is not None
    expected = state(7)
    assert found["learner"]["model"]["weights"].equal(expected["learner"]["model"]["weights"])
    assert found["learner"]["model"]["bias"].equal(expected["learner"]["model"]["bias"])
    assert found["learner"]["optimizer"]["weights"]["step"].item() == 7
    assert found["learner"]["average"] == {"updates": 7}
    assert (found["history"], found["watch"]) == (expected["history"], expected["watch"])


def test_a_run_without_checkpoints_starts_anew(place: Storage):
    kept = Kept(place)
    assert kept.resume() is None
    assert not kept.warnings


def test_only_what_is_to_be_kept_is_there_after_a_save(place: Storage):
    kept = Kept(place, Keep(last=1, best=1))
    kept.save(1, 2, 3, figures={1: 0.1, 2: 0.9, 3: 0.5})
    assert sorted(place.folders()) == ["step-000000002", "step-000000003"]


def test_a_resumed_run_still_knows_how_good_the_checkpoints_before_were(place: Storage):
    Kept(place, Keep(last=1, best=1)).save(1, 2, figures={1: 0.9, 2: 0.1})
    Kept(place, Keep(last=1, best=1)).save(3, figures={3: 0.5})
    assert sorted(place.folders()) == ["step-000000001", "step-000000003"]


def test_a_step_that_comes_again_takes_the_place_of_the_one_before(place: Storage):
    kept = Kept(place)
    kept.save(5, 5)
    assert kept.resume() == 5
    assert len(place.files("step-000000005")) == 2  # its tensors and its metadata


def test_a_run_that_has_ended_leaves_nothing(place: Storage):
    kept = Kept(place)
    kept.save(1)
    kept.checkpoints.clear()
    assert not place.folders()


def test_every_run_has_a_place_of_its_own_in_a_bucket():
    assert str(storage(Path("runs/abc"), "memory:///bucket/")) == "memory:///bucket/abc"


def cut(share: float) -> Callable[[Path], object]:
    return lambda file: file.write_bytes(file.read_bytes()[: int(share * file.stat().st_size)])


def flip(share: float) -> Callable[[Path], object]:
    def change(file: Path) -> None:
        content = bytearray(file.read_bytes())
        content[int(share * (len(content) - 1))] ^= 1
        file.write_bytes(content)

    return change


def empty(file: Path) -> None:
    for each in file.parent.iterdir():
        each.unlink()


TENSORS = "00000-*"
SHARES = (0.0, 0.01, 0.1, 0.5, 0.9, 0.999)
DAMAGE: dict[str, tuple[str, Callable[[Path], object]]] = {
    "an empty folder": (METADATA, empty),
    "metadata that is missing": (METADATA, Path.unlink),
    "tensors that are missing": (TENSORS, Path.unlink),
    "metadata that is pickled": (METADATA, lambda file: file.write_bytes(b"\x80\x04cposix\nsystem\n.")),
    **{f"metadata cut at {share:.1%}": (METADATA, cut(share)) for share in SHARES},
    **{f"tensors cut at {share:.1%}": (TENSORS, cut(share)) for share in SHARES},
    **{f"metadata with a bit flipped at {share:.1%}": (METADATA, flip(share)) for share in (*SHARES, 1.0)},
    **{f"tensors with a bit flipped at {share:.1%}": (TENSORS, flip(share)) for share in (0.0, 0.3, 0.99, 1.0)},
}


@pytest.mark.parametrize("damage", DAMAGE)
def test_a_broken_checkpoint_is_named_and_the_one_before_is_taken(folder: Path, damage: str):
    kept = Kept(Folder(folder))
    kept.save(1, 2)
    pattern, act = DAMAGE[damage]
    (file,) = (folder / "step-000000002").glob(pattern)
    act(file)
    assert kept.resume() == 1
    assert len(kept.warnings) == 1
    assert "step-000000002" in kept.warnings[0]
    assert "left out" in kept.warnings[0]


def test_a_byte_that_is_between_tensors_changes_nothing(folder: Path):
    """Room is left between them, so that each begins where memory is fast; no tensor is made of it."""
    kept = Kept(Folder(folder))
    kept.save(1)
    (file,) = folder.glob("step-*/00000-*")
    content = bytearray(file.read_bytes())
    content[97] ^= 1  # the first tensor's 96 bytes are over
    file.write_bytes(content)
    assert kept.resume() == 1


def test_two_broken_ones_are_both_named(folder: Path):
    kept = Kept(Folder(folder), Keep(last=3))
    kept.save(1, 2, 3)
    (folder / "step-000000003" / ".metadata").unlink()
    next(folder.glob("step-000000002/00000-*")).unlink()
    assert kept.resume() == 1
    assert ["step-00000000" + str(step) in said for step, said in zip((3, 2), kept.warnings, strict=True)]


def test_a_broken_one_does_not_count_as_kept(folder: Path):
    kept = Kept(Folder(folder))
    kept.save(1, 2)
    next(folder.glob("step-000000002/00000-*")).unlink()
    again = Kept(Folder(folder))
    assert again.resume() == 1
    again.save(3)
    assert sorted(path.name for path in folder.iterdir()) == ["step-000000001", "step-000000003"]


def test_when_every_checkpoint_is_broken_nothing_starts_anew_in_silence(folder: Path):
    kept = Kept(Folder(folder))
    kept.save(1)
    next(folder.glob("step-*/00000-*")).write_bytes(b"")
    for _ in range(2):
        with pytest.raises(TrainingError, match="none of the 1 checkpoints") as caught:
            kept.resume()
        assert str(folder) in caught.value.message


def test_what_was_never_finished_is_said_but_lost_nothing(folder: Path):
    (folder / "step-000000003").mkdir(parents=True)
    (folder / "step-000000003" / "00000-000-abc").write_bytes(b"half")
    kept = Kept(Folder(folder))
    assert kept.resume() is None
    assert "never finished" in kept.warnings[0]


def test_a_stray_unfinished_folder_goes_with_the_next_save(folder: Path):
    kept = Kept(Folder(folder))
    kept.save(1)
    (folder / "step-000000002").mkdir()
    (folder / "step-000000002" / ".metadata.unfinished").write_bytes(b"half")
    assert kept.resume() == 1
    kept.save(3)
    assert not (folder / "step-000000002").exists()


def test_tensors_of_another_size_do_not_fit(folder: Path):
    kept = Kept(Folder(folder))
    kept.save(1)
    with pytest.raises(TrainingError, match="does not fit the model"):
        kept.checkpoints.resume(lambda _: {"learner": {"model": {"weights": torch.zeros(5)}}}, mesh=ALONE)


def test_a_disk_without_room_is_named_and_the_checkpoint_before_stays(folder: Path):
    kept = Kept(Folder(folder))
    kept.save(1)
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (64, hard))  # the kernel refuses to write on, as a full disk does
    try:
        with pytest.raises(TrainingError, match=os.strerror(errno.EFBIG)) as caught:
            kept.save(2)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert str(folder) in caught.value.message
    assert kept.resume() == 1


def test_a_file_in_a_bucket_that_ends_before_what_is_read_of_it_gives_what_is_there():
    bucket = Bucket(MemoryStore(), name="memory")
    bucket.put("step-1/file", b"0123")
    assert [bytes(bucket.read("step-1/file", at, 4)) for at in (2, 4, 9)] == [b"23", b"", b""]


@pytest.mark.filterwarnings("ignore:torch.distributed is disabled")
def test_dcp_itself_saves_and_loads_with_our_writer_and_reader(place: Storage):
    tensors = {"a": torch.arange(12.0).view(3, 4), "b": torch.tensor(7)}

    def describe(wholes: dict[str, Whole], pieces: tuple[Piece, ...]) -> Manifest:
        return Manifest(format=FORMAT, step=1, attempt="x", figure=None, plain={}, tensors=wholes, pieces=pieces)

    writer = Writer(place, "step-1", rank=0, attempt="x", stage=Stage(ALONE.device), describe=describe)
    state_dict_saver.save(
        {**tensors}, storage_writer=writer, planner=DefaultSavePlanner(flatten_state_dict=False), no_dist=True
    )
    manifest = decode_manifest(place.read(f"step-1/{METADATA}"))
    found = {name: torch.zeros_like(tensor) for name, tensor in tensors.items()}
    planner = DefaultLoadPlanner(flatten_state_dict=False)
    state_dict_loader.load({**found}, storage_reader=Reader(place, "step-1", manifest), planner=planner, no_dist=True)
    assert all(found[name].equal(tensor) for name, tensor in tensors.items())
