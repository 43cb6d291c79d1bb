"""What is wrong with a registration, and how a cloud says no."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Problem:
    """path: of the input, as the program's reader would write it. reason: what is wrong with it, and what is not."""

    path: str
    reason: str


class RefusedError(Exception):
    """The cloud's answer to a call: told to the engine as it stands, with the cloud's own code."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
