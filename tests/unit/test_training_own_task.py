"""The tasks that the documentation shows do what the guides say of them."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from docs.examples.tales import Tales
from docs.examples.wide_digits import WideDigits
from slipway.errors import TrainingError
from tests.together import run_together
from tests.wide_worker import MESHES
from training.learner import Learner
from training.mesh import Mesh
from training.task import check_dataset, find_task

WORKERS = 2
PATIENCE_S = 120.0


@pytest.fixture(scope="module")
def losses(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[float]]:
    """Of a few steps, by mesh."""
    folder = tmp_path_factory.mktemp("wide")
    run_together("tests.wide_worker", size=WORKERS, folder=folder, patience_s=PATIENCE_S)
    return json.loads((folder / "losses.json").read_text())


@pytest.mark.parametrize("mesh", MESHES)
def test_its_plan_spreads_it_without_changing_what_it_learns(losses: dict[str, list[float]], mesh: str):
    assert losses[mesh] == pytest.approx(losses["alone"], abs=1e-5, rel=0)


def test_it_is_named_by_one_line_of_settings():
    assert isinstance(find_task("docs.examples.wide_digits:WideDigits"), WideDigits)


def test_a_language_model_on_text_of_ones_own_is_a_task(tmp_path: Path):
    np.save(tmp_path / "tales.npy", np.zeros(50_000, dtype=np.uint8))
    tales = Tales(file=str(tmp_path / "tales.npy"))
    check_dataset(tales, tales.data(0))


class Buffered(WideDigits):
    def model(self) -> nn.Module:
        model = super().model()
        model.register_buffer("scale", torch.ones(1))
        return model


def test_a_model_with_a_plan_and_a_buffer_is_refused_by_its_name():
    with pytest.raises(TrainingError, match="has the buffer 'scale'"):
        Learner(Buffered(), Buffered.recipe, seed=0, mesh=Mesh(rank=0, size=1, device=torch.device("cpu")))


def test_its_data_are_what_its_signature_says():
    check_dataset(WideDigits(), WideDigits().data(0))
