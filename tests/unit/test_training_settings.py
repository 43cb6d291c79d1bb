import pytest
from pydantic import ValidationError

from training.config import Recipe, TrainSettings

RECIPE = Recipe(epochs=10, batch_size=64, learning_rate=0.1, average=0.9)


def test_what_settings_leave_out_is_the_tasks_own_choice():
    assert TrainSettings().over(RECIPE) == RECIPE


def test_what_settings_say_goes_over_the_tasks_recipe():
    chosen = TrainSettings(epochs=3, weight_decay=0.0).over(RECIPE)
    assert chosen == RECIPE.model_copy(update={"epochs": 3, "weight_decay": 0.0})


@pytest.mark.parametrize(
    ("key", "value"),
    [("epochs", 0), ("learning_rate", -1), ("seed", -1), ("workers", 0), ("precision", "fp4"), ("epoch", 3)],
)
def test_an_impossible_or_unknown_setting_is_refused_by_its_key(key: str, value: object):
    with pytest.raises(ValidationError, match=key):
        TrainSettings.model_validate({key: value})


@pytest.mark.parametrize(
    ("pipeline", "stages", "microbatches", "way_out"),
    [
        (2, 1, 1, "parallel.microbatches 1 cannot fill .* use 2 or more"),
        (1, 3, 1, "parallel.stages 3 are of a pipeline, and mesh.pipeline is 1: leave them out"),
        (2, 2, 3, "parallel.microbatches 3 do not go round .* use a multiple of 2"),
    ],
)
def test_a_pipeline_that_cannot_run_is_refused_with_what_would_do(
    pipeline: int, stages: int, microbatches: int, way_out: str
):
    parallel = {"stages": stages, "microbatches": microbatches}
    with pytest.raises(ValidationError, match=way_out):
        TrainSettings.model_validate({"mesh": {"pipeline": pipeline}, "parallel": parallel})


def test_a_batch_that_workers_cannot_share_evenly_is_refused_with_what_would_do():
    with pytest.raises(ValidationError, match="use a multiple of 3"):
        TrainSettings(batch_size=64, workers=3)
