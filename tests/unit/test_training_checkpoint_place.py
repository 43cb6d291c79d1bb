from pathlib import Path

from training.checkpoint.storage import CHECKPOINTS, Folder, Storage, storage


def write(place: Storage) -> None:
    place.put("step-1/file", b"content")


def test_checkpoints_lie_in_the_work_folder_unless_somebody_names_another(tmp_path: Path):
    place = storage(tmp_path / "run", environment={})
    assert isinstance(place, Folder)
    write(place)
    assert (tmp_path / "run" / "step-1" / "file").exists()


def test_in_a_pod_they_lie_where_the_stack_says_under_the_runs_own_name(tmp_path: Path):
    write(storage(tmp_path / "scratch" / "run", environment={CHECKPOINTS: (tmp_path / "bucket").as_uri()}))
    assert (tmp_path / "bucket" / "run" / "step-1" / "file").exists()
    assert not (tmp_path / "scratch").exists()


def test_settings_go_before_what_the_stack_says(tmp_path: Path):
    told = {CHECKPOINTS: (tmp_path / "bucket").as_uri()}
    write(storage(tmp_path / "run", (tmp_path / "mine").as_uri(), environment=told))
    assert (tmp_path / "mine" / "run" / "step-1" / "file").exists()
