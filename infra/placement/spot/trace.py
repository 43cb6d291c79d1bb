"""Spot traces: how many instances a zone gave, tick by tick.

The format is that of the traces published with "Can't Be Late" (NSDI 2024): a JSON object with `metadata.gap_seconds`
and `data`, the number of instances per tick.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

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


def read_trace(file: Path) -> Trace:
    """One trace. Raises PlacementError that names the file and what is wrong with it."""
    try:
        document = json.loads(file.read_text())
        gap_s, data = document["metadata"]["gap_seconds"], document["data"]
    except OSError as error:
        raise PlacementError(f"{file} cannot be read: {error.strerror}") from None
    except (ValueError, KeyError, TypeError):
        raise PlacementError(
            f"{file} is no spot trace", hint='it needs {"metadata": {"gap_seconds": 600}, "data": [1, 0, …]}'
        ) from None
    if not isinstance(gap_s, int | float) or isinstance(gap_s, bool) or gap_s <= 0:
        raise PlacementError(f"{file}: metadata.gap_seconds is {gap_s!r}, not a time above 0")
    if not isinstance(data, list) or not data or not all(type(count) is int and count >= 0 for count in data):
        raise PlacementError(f"{file}: data must be numbers of instances, 0 or more, at least one")
    return Trace(gap_s=float(gap_s), nodes=np.array(data))


def read_folder(folder: Path) -> Mapping[str, Trace]:
    """The traces of one folder by zone (the file's name), all on one clock. Raises PlacementError when they are not."""
    traces = {file.stem: read_trace(file) for file in sorted(folder.glob("*.json"))}
    if not traces:
        raise PlacementError(f"{folder} holds no trace", hint="a trace is a .json file; name the folder that has them")
    if len({trace.gap_s for trace in traces.values()}) > 1:
        raise PlacementError(f"{folder}: its traces have different gap_seconds and cannot be replayed together")
    return traces
