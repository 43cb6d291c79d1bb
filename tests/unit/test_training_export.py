from pathlib import Path

import numpy as np
import onnx
import pytest
from torch import nn

from slipway.errors import TrainingError
from slipway.release import GOLDEN, MODEL, Hardware, Release, fetch, find
from slipway.store import open_store
from tests.tiny_task import Tiny, UnlikeItsGraph
from training import export


def release(task: Tiny, store: Path, *, graph_bytes: int = export.GRAPH_BYTES) -> Release:
    return export.release(
        task,
        task.model(),
        evaluation=task.data(0).evaluation,
        metrics={"auc": 0.9},
        data_digest="0" * 64,
        git_commit="",
        hardware=Hardware(machine="test"),
        store_url=store.as_uri(),
        graph_bytes=graph_bytes,
    )


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("store")


@pytest.fixture(scope="module")
def released(store: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = release(Tiny(), store)
    return fetch(open_store(store.as_uri()), made.name, made.digest, tmp_path_factory.mktemp("fetched"))


def test_the_graph_has_the_names_of_the_signature_and_any_number_of_rows(released: Path):
    graph = onnx.load(released / MODEL).graph
    assert [value.name for value in graph.input] == ["numbers"]
    assert [value.name for value in graph.output] == ["probabilities"]
    assert graph.input[0].type.tensor_type.shape.dim[0].dim_param == "batch"


def test_the_graph_says_nothing_of_the_machine_that_made_it(released: Path):
    assert str(Path(__file__).parents[2]).encode() not in (released / MODEL).read_bytes()


def test_golden_rows_are_inputs_by_name_with_the_trainers_answers(released: Path):
    with np.load(released / GOLDEN, allow_pickle=False) as golden:
        assert {name: golden[name].shape for name in golden} == {"numbers": (30, 2), "answers": (30, 2)}


class Large(Tiny):
    """Of so many weights and such dear rows that bounds which are lowered for it are felt."""

    flops_per_row = 3 * export.GOLDEN_FLOPS / 7

    def model(self) -> nn.Module:
        model = super().model()
        model.layers = nn.Sequential(nn.Linear(2, 512), nn.Linear(512, 2))
        return model


def test_weights_that_no_graph_can_hold_lie_beside_it_and_go_into_the_release(tmp_path: Path):
    made = release(Large(), tmp_path / "store", graph_bytes=100)
    folder = fetch(open_store((tmp_path / "store").as_uri()), made.name, made.digest, tmp_path / "fetched")
    assert {GOLDEN, MODEL, export.WEIGHTS} <= {file.name for file in folder.iterdir()}
    assert (folder / export.WEIGHTS).stat().st_size > 4 * 2 * 512


def test_rows_that_are_dear_to_answer_are_few_among_the_golden_ones(tmp_path: Path):
    made = release(Large(), tmp_path / "store")
    folder = fetch(open_store((tmp_path / "store").as_uri()), made.name, made.digest, tmp_path / "fetched")
    with np.load(folder / GOLDEN, allow_pickle=False) as golden:
        assert len(golden["answers"]) == 7


def test_a_graph_that_cannot_be_run_is_said_so_and_no_traceback(tmp_path: Path):
    (tmp_path / MODEL).write_bytes(b"no graph")
    with pytest.raises(TrainingError, match="the exported graph cannot be run"):
        export.check_parity(tmp_path / MODEL, {"numbers": np.zeros((1, 2)), "answers": np.zeros((1, 2))})


def test_a_graph_that_answers_differently_is_not_released(tmp_path: Path):
    with pytest.raises(TrainingError, match="answers differently from torch"):
        release(UnlikeItsGraph(), tmp_path)
    assert find(open_store(tmp_path.as_uri())) == []


def test_a_store_that_cannot_be_written_is_named_and_holds_no_release(tmp_path: Path):
    (tmp_path / "releases").write_text("a file where a folder must be")
    with pytest.raises(TrainingError, match=str(tmp_path)):
        release(Tiny(), tmp_path)
