"""What can be wrong with a question of where to run."""

from slipway.errors import SlipwayError


class PlacementError(SlipwayError):
    """No place can be chosen from what was asked and what the catalog knows."""

    exit_code = 8


class Infeasible(PlacementError):  # noqa: N818 - what it says, as PricesTooOld does
    """No choice of places reaches the goal.

    binds: the settings that stand in the way, as `p95_ms`. nearest: in words, what would be feasible; each of them was
    solved, none is a guess.
    """

    def __init__(self, message: str, *, binds: tuple[str, ...], nearest: tuple[str, ...] = ()) -> None:
        super().__init__(message, hint="; or ".join(nearest))
        self.binds = binds
        self.nearest = nearest
