"""Where names go on a drawing so that no two overlap: each takes the first of its spots that is free, or none."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

Anchor = Literal["start", "middle", "end"]

_GLYPH = 0.58
"""Width of a letter in parts of its height, a little above the mean of system-ui."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Spot:
    """x, y: of the text's anchor, on its base line."""

    x: float
    y: float
    anchor: Anchor


@dataclass(frozen=True, kw_only=True, slots=True)
class Box:
    left: float
    top: float
    right: float
    bottom: float

    def meets(self, other: "Box") -> bool:
        return (
            self.left < other.right and other.left < self.right and self.top < other.bottom and other.top < self.bottom
        )

    def within(self, other: "Box") -> bool:
        return (
            other.left <= self.left
            and self.right <= other.right
            and other.top <= self.top
            and self.bottom <= other.bottom
        )


def around(x: float, y: float, radius: float, height: float) -> tuple[Spot, ...]:
    """Spots beside a dot: right, left, above, below."""
    gap = radius + height * 0.25
    return (
        Spot(x=x + gap, y=y + height * 0.35, anchor="start"),
        Spot(x=x - gap, y=y + height * 0.35, anchor="end"),
        Spot(x=x, y=y - gap, anchor="middle"),
        Spot(x=x, y=y + gap + height * 0.8, anchor="middle"),
    )


def spread(
    labels: Iterable[tuple[str, Sequence[Spot]]], *, height: float, frame: Box, taken: Iterable[Box] = ()
) -> list[Spot | None]:
    """One spot for each (text, its spots, best first), in the order given: the first labels matter most."""
    full = list(taken)
    found: list[Spot | None] = []
    for text, spots in labels:
        boxes = ((spot, box_of(text, spot, height)) for spot in spots)
        free = ((spot, box) for spot, box in boxes if box.within(frame) and not any(box.meets(other) for other in full))
        spot, box = next(free, (None, None))
        found.append(spot)
        if box is not None:
            full.append(box)
    return found


def box_of(text: str, spot: Spot, height: float) -> Box:
    """What the text will cover, or a little more."""
    width = len(text) * height * _GLYPH
    left = spot.x - {"start": 0.0, "middle": width / 2, "end": width}[spot.anchor]
    return Box(left=left, top=spot.y - height * 0.8, right=left + width, bottom=spot.y + height * 0.25)
