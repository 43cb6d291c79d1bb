"""The trainer on real GPUs: one worker each, NCCL between them, bf16, and the same release for the same seed."""

from pathlib import Path

import pytest
import torch

from slipway.errors import TrainingError
from slipway.release import read_manifest
from slipway.store import open_store
from training.config import CheckpointSettings, TrainSettings
from training.launch import JobSpec, LocalLauncher, TrainingResult

pytestmark = [pytest.mark.gpu, pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")]

GPUS = torch.cuda.device_count()


def train(folder: Path, settings: TrainSettings) -> TrainingResult:
    job = JobSpec(settings=settings, store_url=folder.as_uri(), tracking_uri=None, work_folder=folder / "work")
    return LocalLauncher(show=print).submit(job).wait()


@pytest.fixture(scope="module")
def census(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, TrainingResult]:
    folder = tmp_path_factory.mktemp("census")
    return folder, train(folder, TrainSettings())


def test_a_model_of_2015_tells_who_is_employed_in_2016(census: tuple[Path, TrainingResult]):
    assert census[1].metrics["auc"] >= 0.900


def test_there_is_a_worker_on_every_gpu_and_the_release_names_it(census: tuple[Path, TrainingResult]):
    folder, result = census
    hardware = read_manifest(open_store(folder.as_uri()), result.name, result.digest).hardware
    assert (hardware.accelerator, hardware.world_size) == (torch.cuda.get_device_name(), GPUS)


def test_the_same_seed_gives_the_same_release(census: tuple[Path, TrainingResult], tmp_path: Path):
    again = train(tmp_path, TrainSettings())
    assert (again.digest, again.metrics) == (census[1].digest, census[1].metrics)


def test_bf16_costs_no_quality_that_matters(census: tuple[Path, TrainingResult], tmp_path: Path):
    whole = train(tmp_path, TrainSettings(precision="fp32"))
    assert whole.metrics["auc"] == pytest.approx(census[1].metrics["auc"], abs=0.001)


def test_digits_go_from_pixels_to_a_release(tmp_path: Path):
    assert train(tmp_path, TrainSettings(task="digits")).metrics["accuracy"] > 0.9


def test_checkpoints_do_not_change_what_is_learnt(census: tuple[Path, TrainingResult], tmp_path: Path):
    often = TrainSettings(checkpoint=CheckpointSettings(every_s=0.5))
    assert train(tmp_path, often).digest == census[1].digest


def test_more_workers_than_gpus_are_refused(tmp_path: Path):
    with pytest.raises(TrainingError, match="need a GPU each"):
        train(tmp_path, TrainSettings(workers=2 * GPUS))
