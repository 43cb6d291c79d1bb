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


def test_a_batch_that_workers_cannot_share_evenly_is_refused_with_what_would_do():
    with pytest.raises(ValidationError, match="use a multiple of 3"):
        TrainSettings(batch_size=64, workers=3)
