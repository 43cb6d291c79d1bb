from pathlib import Path

from training.metrics import Tracker


def tracker(uri: str | None, folder: Path, warned: list[str]) -> Tracker:
    return Tracker(
        uri, experiment="tiny", artifacts=folder.as_uri(), params={}, run_file=folder / "run", warn=warned.append
    )


def test_training_goes_on_without_mlflow_when_none_is_named(tmp_path: Path):
    warned: list[str] = []
    with tracker(None, tmp_path, warned) as reports:
        reports.figures(1, {"auc": 0.9})
    assert not warned


def test_training_goes_on_when_mlflow_cannot_be_reached_and_says_so_once(tmp_path: Path):
    (tmp_path / "file").write_text("")
    warned: list[str] = []
    with tracker(f"sqlite:///{tmp_path}/file/mlflow.db", tmp_path, warned) as reports:
        reports.figures(1, {"auc": 0.9})
        reports.figures(2, {"auc": 0.9})
    assert len(warned) == 1
    assert "training goes on" in warned[0]
