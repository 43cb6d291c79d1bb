"""Predict the next byte of text: a decoder from 1M to 8B parameters, as a task with a plan for how to spread it."""

from training.tasks.lm.task import LM_1B, LM_3B, LM_8B, LM_15M, LM_124M, TASK, LanguageModel

__all__ = ["LM_1B", "LM_3B", "LM_8B", "LM_15M", "LM_124M", "TASK", "LanguageModel"]
