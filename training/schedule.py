"""How fast to learn at each step and when to stop: pure decisions."""

import math
from dataclasses import dataclass


def learning_rate(step: int, *, steps: int, peak: float, warm_up: float) -> float:
    """The rate of step `step` of `steps`: a straight rise to `peak` over the first `warm_up` share, then a cosine to 0.

    Cosine annealing without restarts, Loshchilov and Hutter 2017 (arXiv:1608.03983).
    """
    rising = max(1, round(steps * warm_up)) if warm_up else 0
    if step < rising:
        return peak * (step + 1) / rising
    return peak * (1 + math.cos(math.pi * (step - rising) / max(1, steps - rising))) / 2


@dataclass(frozen=True, kw_only=True)
class Watch:
    """The best figure seen so far, the epoch it came from, and the epochs since."""

    best: float = -math.inf
    epoch: int = -1
    since: int = 0

    def see(self, figure: float, epoch: int) -> "Watch":
        """After one more epoch. An equal figure is not better: the earlier epoch stands."""
        if figure > self.best:
            return Watch(best=figure, epoch=epoch)
        return Watch(best=self.best, epoch=self.epoch, since=self.since + 1)

    def is_over(self, patience: int) -> bool:
        return self.since >= patience
