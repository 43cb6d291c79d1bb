"""A replica must answer as the trainer did, or never become ready."""

from pathlib import Path

import numpy as np
import pytest

from services.predictor.model import ANSWERS, Model, RefusedByModelError, warm_up
from slipway.errors import ReleaseError
from slipway.release import GOLDEN, MODEL, load
from slipway.signature import CODES, NUMBERS
from tests import models


@pytest.fixture
def built(tmp_path: Path) -> models.Built:
    return models.employment(tmp_path / "release")


def warmed(built: models.Built) -> int:
    release = load(built.folder, built.digest)
    return warm_up(Model(built.folder, release), built.folder, release, batch=10)


def refusal(built: models.Built) -> str:
    with pytest.raises(ReleaseError) as refused:
        warmed(built)
    return str(refused.value)


def write_golden(built: models.Built, **changes: np.ndarray) -> models.Built:
    with (built.folder / GOLDEN).open("wb") as stream:
        np.savez(stream, allow_pickle=False, **(built.golden | changes))
    return models.reseal(built)


def test_every_golden_row_is_answered_as_the_trainer_did(built: models.Built):
    assert warmed(built) == 64


def test_the_same_arguments_make_the_same_release(built: models.Built, tmp_path: Path):
    assert models.employment(tmp_path / "again").digest == built.digest


@pytest.mark.parametrize("row", [0, 63])
def test_one_answer_that_differs_by_more_than_the_tolerance_is_refused(built: models.Built, row: int):
    answers = built.golden[ANSWERS].copy()
    answers[row, 1] += 2e-5
    assert "does not answer here as it answered its trainer" in refusal(write_golden(built, answers=answers))


def test_a_golden_answer_that_is_not_a_number_is_refused(built: models.Built):
    answers = np.full_like(built.golden[ANSWERS], np.nan)
    assert "differ by nan" in refusal(write_golden(built, answers=answers))


def test_golden_rows_that_the_graph_cannot_take_are_refused(built: models.Built):
    assert "cannot take its own golden rows" in refusal(write_golden(built, codes=built.golden[CODES][:, :3]))


def test_golden_rows_of_different_number_are_refused(built: models.Built):
    assert "differ in number" in refusal(write_golden(built, numbers=built.golden[NUMBERS][:5]))


def test_pickled_golden_rows_are_refused_and_never_unpickled(built: models.Built):
    with (built.folder / GOLDEN).open("wb") as stream:
        np.savez(stream, allow_pickle=True, **(built.golden | {"answers": np.array([{}] * 64, dtype=object)}))
    assert "has no golden rows" in refusal(models.reseal(built))


def test_a_release_without_golden_rows_is_refused(built: models.Built):
    (built.folder / GOLDEN).unlink()
    assert "has no golden rows" in refusal(models.reseal(built))


def test_a_model_that_is_none_is_refused(built: models.Built):
    (built.folder / MODEL).write_bytes(b"no model")
    assert "cannot be loaded" in refusal(models.reseal(built))


def test_a_graph_without_the_signatures_names_is_refused(built: models.Built):
    assert "lacks the inputs ['image']" in refusal(models.reseal(built, signature=models.DIGITS))


def test_values_that_the_graph_cannot_take_are_told_from_a_failure_of_ours(built: models.Built):
    model = Model(built.folder, built.release)
    with pytest.raises(RefusedByModelError):
        model.infer({CODES: np.zeros((1, 3), np.int64), NUMBERS: np.zeros((1, 1), np.float32)})
