"""A language model on text of one's own."""

from training.config import Recipe
from training.tasks.lm import LanguageModel
from training.tasks.lm.shape import SIZES


class Tales(LanguageModel):
    name = "tales"

    def __init__(self, file: str = "s3://my-bucket/tales.npy") -> None:
        recipe = Recipe(epochs=1, batch_size=128, learning_rate=0.001, weight_decay=0.1)
        super().__init__(SIZES["15m"], recipe=recipe, file=file)
