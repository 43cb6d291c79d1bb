"""Spot traces: how many instances a zone gave, tick by tick.

The format is that of the traces published with "Can't Be Late" (NSDI 2024): a JSON object with `metadata.gap_seconds`
and `data`, the number of instances per tick.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
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


def read_zones(places: Sequence[Path]) -> Mapping[str, Trace]:
    """Traces by zone, from files and from all `.json` files of folders. Raises PlacementError, as read_trace does.

    A zone is called as its file is, with the path to it where two are called alike.
    """
    files = {file.resolve(): file for place in places for file in _files(place)}
    names = Counter(file.stem for file in files.values())
    return {
        file.stem if names[file.stem] == 1 else str(file.with_suffix("")): read_trace(file) for file in files.values()
    }


def _files(place: Path) -> list[Path]:
    if not place.is_dir():
        return [place]
    if found := sorted(place.glob("*.json")):
        return found
    raise PlacementError(f"{place} holds no trace", hint="a trace is a .json file; name the folder that has them")
