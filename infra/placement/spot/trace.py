"""Spot traces: how many instances a zone gave, tick by tick.

The format is that of the traces published with "Can't Be Late" (NSDI 2024): a JSON object with `metadata.gap_seconds`
and `data`, the number of instances per tick.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import msgspec
import numpy as np
from numpy.typing import NDArray

from infra.placement.errors import PlacementError


@dataclass(frozen=True, kw_only=True, slots=True)
class Trace:
    """gap_s: between two ticks. nodes: given at each tick."""

    gap_s: float
    nodes: NDArray[np.int64]

    @property
    def most(self) -> int:
        return int(self.nodes.max())

    def gives(self, nodes: int) -> NDArray[np.bool_]:
        """Whether at each tick so many instances were to be had together."""
        return self.nodes >= nodes


class _Metadata(msgspec.Struct):
    gap_seconds: Annotated[float, msgspec.Meta(gt=0)]


class _File(msgspec.Struct):
    metadata: _Metadata
    data: Annotated[list[Annotated[int, msgspec.Meta(ge=0)]], msgspec.Meta(min_length=1)]


def read_trace(file: Path) -> Trace:
    """One trace. Raises PlacementError that names the file and what is wrong with it."""
    try:
        read = msgspec.json.decode(file.read_bytes(), type=_File)
    except OSError as error:
        raise PlacementError(f"{file} cannot be read: {error.strerror}") from None
    except msgspec.DecodeError as error:
        raise PlacementError(
            f"{file} is no spot trace: {error}", hint='it needs {"metadata": {"gap_seconds": 600}, "data": [1, 0, …]}'
        ) from None
    return Trace(gap_s=read.metadata.gap_seconds, nodes=np.array(read.data))


def read_folder(folder: Path) -> Mapping[str, Trace]:
    """The traces of one folder by zone (the file's name), all on one clock. Raises PlacementError when they are not."""
    traces = {file.stem: read_trace(file) for file in sorted(folder.glob("*.json"))}
    if not traces:
        raise PlacementError(f"{folder} holds no trace", hint="a trace is a .json file; name the folder that has them")
    if len({trace.gap_s for trace in traces.values()}) > 1:
        raise PlacementError(f"{folder}: its traces have different gap_seconds and cannot be replayed together")
    return traces
