"""Turns land-110m.json of the npm package world-atlas (Natural Earth, public domain) into the map's outline.

    python tools/land.py land-110m.json > slipway/plan/page/land.svg-path

Units are tenths of a degree: x eastward from 180° W, y southward from 84° N, as slipway/plan/page/world.py draws them.
What lies south of 58° S is left out, and islands that no reader would see.
"""

import json
import sys
from collections.abc import Iterable, Iterator
from itertools import accumulate, pairwise
from pathlib import Path

_NORTH, _SOUTH = 84.0, -58.0
_TURN = 3600
_LEAST_AREA = 60
"""Square units: about the size of Jamaica."""

Point = tuple[int, int]


def main() -> None:
    topology = json.loads(Path(sys.argv[1]).read_text())
    arcs = [list(_decoded(arc, topology["transform"])) for arc in topology["arcs"]]
    polygons = [polygon for shape in topology["objects"]["land"]["geometries"] for polygon in shape["arcs"]]
    rings = [_snapped(_joined(ring, arcs)) for polygon in polygons for ring in polygon]
    sys.stdout.write(
        "".join(_path(turn) for ring in rings if _area(ring) >= _LEAST_AREA for turn in _turns(ring)) + "\n"
    )


def _decoded(arc: list[list[int]], transform: dict[str, list[float]]) -> Iterator[tuple[float, float]]:
    """Longitude and latitude, from steps between whole numbers."""
    (scale_x, scale_y), (left, bottom) = transform["scale"], transform["translate"]
    for x, y in zip(accumulate(step[0] for step in arc), accumulate(step[1] for step in arc), strict=True):
        yield left + x * scale_x, bottom + y * scale_y


def _joined(ring: list[int], arcs: list[list[tuple[float, float]]]) -> Iterator[tuple[float, float]]:
    """A negative number, as ~index, means an arc that is walked backward."""
    for index in ring:
        yield from arcs[index] if index >= 0 else reversed(arcs[~index])


def _snapped(points: Iterable[tuple[float, float]]) -> list[Point]:
    """On the grid of the map, without points that fall on the one before, on past its edge where the land goes on."""
    snapped: list[Point] = []
    for longitude, latitude in points:
        x, y = round((longitude + 180) * 10), round((_NORTH - min(max(latitude, _SOUTH), _NORTH)) * 10)
        if snapped:
            x -= _TURN * round((x - snapped[-1][0]) / _TURN)
        if not snapped or (x, y) != snapped[-1]:
            snapped.append((x, y))
    return snapped


def _turns(ring: list[Point]) -> Iterator[list[Point]]:
    """The ring, and once more a turn of the globe away if it crosses an edge: the drawing cuts off what is outside."""
    for shift in (-_TURN, 0, _TURN):
        moved = [(x + shift, y) for x, y in ring]
        if any(0 < x < _TURN for x, _ in moved):
            yield moved


def _area(ring: list[Point]) -> float:
    return abs(sum(x * v - u * y for (x, y), (u, v) in pairwise([*ring, ring[0]]))) / 2


def _path(ring: list[Point]) -> str:
    (x, y), *_ = ring
    steps = " ".join(f"{u - x} {v - y}" for (x, y), (u, v) in pairwise(ring)).replace(" -", "-")
    return f"M{x} {y}l{steps}z"


if __name__ == "__main__":
    main()
