"""What a cloud's own file implements so that a thread can ask it: one protocol."""

from typing import Protocol

from training.preempt import Notice


class NoAnswerError(Exception):
    """Nobody answered, or not as the cloud's documentation says."""


class Source(Protocol):
    """name: for the log. pause_s: between two looks."""

    name: str
    pause_s: float

    def look(self) -> Notice | None:
        """Ask once; what stands is returned each time. Blocks for seconds at most. Raises NoAnswerError."""
        ...
