from pathlib import Path

import pytest

from slipway.errors import TrainingError
from training.config import MeshSettings, ParallelSettings, TrainSettings
from training.launch.folder import alone_in
from training.rehearsal import rehearse, schedule


@pytest.mark.parametrize(
    "settings",
    [TrainSettings(mesh=MeshSettings(shard=2)), TrainSettings(parallel=ParallelSettings(local_steps=4))],
)
def test_a_training_whose_survivors_cannot_go_on_is_refused_before_it_starts(settings: TrainSettings, tmp_path: Path):
    with pytest.raises(TrainingError, match="cannot be rehearsed"):
        rehearse(settings, schedule([2, 1]), seconds=None, notice_s=0, folder=tmp_path)
    assert not list(tmp_path.iterdir())


def test_a_second_rehearsal_at_once_is_refused_and_deletes_nothing_of_the_first(tmp_path: Path):
    (tmp_path / "undisturbed").mkdir()
    with alone_in(tmp_path), pytest.raises(TrainingError, match="another training uses"):
        rehearse(TrainSettings(), schedule([2, 1]), seconds=None, notice_s=0, folder=tmp_path)
    assert (tmp_path / "undisturbed").exists()
