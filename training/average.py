"""The moving average of the weights that is judged and released: it forgets the noise of single steps."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import torch
from torch import Tensor
from torch.distributed.tensor import DTensor


class Average:
    """parameters: what is averaged, in whatever shards they lie. decay: of what was, per step."""

    def __init__(self, parameters: Mapping[str, Tensor], *, decay: float) -> None:
        self._parameters, self._decay = parameters, decay
        self.tensors = {name: parameter.detach().clone() for name, parameter in parameters.items()}
        self.updates = 0

    @torch.no_grad()
    def update(self, *, steps: int = 1) -> None:
        """After so many steps. The first time it is the weights themselves."""
        mine, theirs = _locals(self.tensors), _locals(self._parameters)
        if self.updates:
            torch._foreach_lerp_(mine, theirs, 1 - self._decay**steps)  # pyright: ignore[reportPrivateImportUsage]
        else:
            torch._foreach_copy_(mine, theirs)  # pyright: ignore[reportPrivateImportUsage]
        self.updates += 1

    @contextmanager
    def judged(self) -> Iterator[None]:
        """Put the average in the place of the weights while the block runs."""
        weights = _locals(self._parameters)
        with torch.no_grad():
            kept = [tensor.clone() for tensor in weights]
            torch._foreach_copy_(weights, _locals(self.tensors))  # pyright: ignore[reportPrivateImportUsage]
        try:
            yield
        finally:
            with torch.no_grad():
                torch._foreach_copy_(weights, kept)  # pyright: ignore[reportPrivateImportUsage]


def _locals(tensors: Mapping[str, Tensor]) -> list[Tensor]:
    return [tensor.to_local() if isinstance(tensor, DTensor) else tensor.detach() for tensor in tensors.values()]
