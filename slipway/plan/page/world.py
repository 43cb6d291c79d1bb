"""The map: land, the regions that could serve, those that will, the users, and who is served from where.

Equirectangular, in tenths of a degree. The outline is Natural Earth's land at 1:110 million (public domain), from
land-110m.json of the npm package world-atlas 2.0.2, read on 2026-11-23 by tools/land.py.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from infra.placement.serving.plan import Alternative, PlannedRegion, Served, ServingPlan
from slipway.plan.page.labels import Box, Spot, around, box_of, spread
from slipway.plan.page.markup import Markup, element
from slipway.plan.page.words import ms, percent, place, usd

_WIDTH, _HEIGHT = 3600, 1420
_NORTH = 84.0
_TEXT = 46
_ALL_USERS = 150
"""Radius of a dot that stands for all users: its area is the share."""
_REGION = 22
_BEND = 0.16
"""How far a line bows, in parts of its length, so that lines between the same places stay apart."""
_ROUND = 0.8
"""Side of the square, in parts of a dot's width, that names keep clear of: a dot has no corners."""
_LONG = 260
"""A line that is long enough to carry its own label."""


def world(plan: ServingPlan) -> Markup:
    where = {region.key: _xy(region.latitude, region.longitude) for region in plan.regions}
    others = [each for each in plan.alternatives if each.key not in where]
    return element(
        "svg",
        element("title", "Users and regions on a map of the world"),
        element("path", class_="land", d=_land()),
        *(_candidate(each) for each in others),
        *(_line(user, key, part, where[key]) for user in plan.users for key, part in user.regions),
        *(_user(user) for user in plan.users),
        *(_region(region) for region in plan.regions),
        *_names(plan, where),
        id="map",
        class_="map",
        viewBox=f"0 0 {_WIDTH} {_HEIGHT}",
        font_size=_TEXT,
        role="img",
        aria_label=f"Map: {len(plan.users)} groups of users, served from {_listed(where)}",
    )


@cache
def _land() -> str:
    return files("slipway.plan.page").joinpath("land.svg-path").read_text(encoding="ascii").strip()


def _listed(keys: Iterable[str]) -> str:
    return ", ".join(keys)


def _xy(latitude: float, longitude: float) -> tuple[float, float]:
    return (longitude + 180) * 10, (_NORTH - latitude) * 10


def _radius(user: Served) -> float:
    return max(_ALL_USERS * math.sqrt(user.share), 9.0)


def _candidate(each: Alternative) -> Markup:
    x, y = _xy(each.latitude, each.longitude)
    said = f"{each.key}, not chosen: {usd(each.usd_per_month)} a month alone, p95 {ms(each.p95_ms)}"
    return element("circle", element("title", said), class_="candidate", cx=x, cy=y, r=11)


def _region(region: PlannedRegion) -> Markup:
    x, y = _xy(region.latitude, region.longitude)
    how = region.machine if not region.replicas else f"{region.replicas} x {region.machine}"
    said = f"{region.key}: {how}, {percent(region.share)} of requests, {usd(region.usd_per_month)} a month"
    corners = f"{x:.1f},{y - _REGION:.1f} {x + _REGION:.1f},{y:.1f} {x:.1f},{y + _REGION:.1f} {x - _REGION:.1f},{y:.1f}"
    return element("polygon", element("title", said), class_="chosen", points=corners)


def _user(user: Served) -> Markup:
    x, y = _xy(user.latitude, user.longitude)
    wait = user.latency
    said = (
        f"{place(user.place)}, {user.country}: {percent(user.share)} of users, p95 {ms(wait.total_ms)} "
        f"(network {ms(wait.network_ms)}, queue {ms(wait.queue_ms)}, computing {ms(wait.service_ms)})"
    )
    if user.lost_region_ms is not None:
        said += f", {ms(user.lost_region_ms)} with a region lost"
    return element("circle", element("title", said), class_="user", cx=x, cy=y, r=_radius(user))


def _line(user: Served, key: str, part: float, end: tuple[float, float]) -> Markup:
    """Over the edge of the map where that is the shorter way: then it is drawn twice, once from either side."""
    said = f"{place(user.place)} to {key}: {percent(part)} of its requests, p95 {ms(user.latency.total_ms)}"
    x, y = _xy(user.latitude, user.longitude)
    curves = "".join(_curve((x + shift, y), (_near(x, end[0]) + shift, end[1])) for shift in _shifts(x, end[0]))
    return element("path", element("title", said), class_="route", d=curves)


def _shifts(x: float, target: float) -> tuple[float, ...]:
    over = target - _near(x, target)
    return (0.0, over) if over else (0.0,)


def _near(x: float, target: float) -> float:
    """The image of `target`, one turn of the globe away perhaps, that is nearest to x."""
    return min((target, target - _WIDTH, target + _WIDTH), key=lambda image: abs(image - x))


def _bow(start: tuple[float, float], end: tuple[float, float]) -> tuple[float, float]:
    (x, y), (u, v) = start, end
    return (x + u) / 2 + (v - y) * _BEND, (y + v) / 2 - abs(u - x) * _BEND


def _curve(start: tuple[float, float], end: tuple[float, float]) -> str:
    (x, y), (u, v), (p, q) = start, end, _bow(start, end)
    return f"M{x:.0f} {y:.0f}Q{p:.0f} {q:.0f} {u:.0f} {v:.0f}"


def _along(start: tuple[float, float], end: tuple[float, float], t: float) -> Spot:
    (x, y), (u, v), (p, q) = start, end, _bow(start, end)
    near, middle, far = (1 - t) ** 2, 2 * t * (1 - t), t**2
    return Spot(x=near * x + middle * p + far * u, y=near * y + middle * q + far * v + _TEXT / 3, anchor="middle")


@dataclass(frozen=True, kw_only=True, slots=True)
class _Label:
    """kind: a class of the style sheet. spots: best first."""

    kind: str
    text: str
    spots: tuple[Spot, ...]


def _names(plan: ServingPlan, where: dict[str, tuple[float, float]]) -> list[Markup]:
    """Regions first, then waits, then the largest groups; what finds no room is left to its tooltip."""
    regions = [_Label(kind="region-name", text=key, spots=around(*at, _REGION, _TEXT)) for key, at in where.items()]
    named = _free(regions, [_square(*at, _REGION) for at in where.values()])
    users = sorted(plan.users, key=lambda user: -user.share)
    dots = [_square(*_xy(user.latitude, user.longitude), _radius(user) * _ROUND) for user in users]
    marked = [_square(*at, _REGION) for at in where.values()] + [box_of(x.text, spot, _TEXT) for x, spot in named]
    waits = [label for user in users if (label := _wait(user, where)) is not None]
    return [
        element("text", label.text, class_=label.kind, x=spot.x, y=spot.y, text_anchor=spot.anchor)
        for label, spot in (*named, *_free([*waits, *(_name(user, where) for user in users)], marked + dots))
    ]


def _free(labels: Sequence[_Label], taken: Sequence[Box]) -> list[tuple[_Label, Spot]]:
    frame = Box(left=0, top=0, right=_WIDTH, bottom=_HEIGHT)
    spots = spread([(label.text, label.spots) for label in labels], height=_TEXT, frame=frame, taken=taken)
    return [(label, spot) for label, spot in zip(labels, spots, strict=True) if spot is not None]


def _square(x: float, y: float, radius: float) -> Box:
    return Box(left=x - radius, top=y - radius, right=x + radius, bottom=y + radius)


def _way(user: Served, where: dict[str, tuple[float, float]]) -> tuple[tuple[float, float], tuple[float, float]]:
    """From the users to the region that answers most of their requests."""
    x, y = _xy(user.latitude, user.longitude)
    u, v = where[user.regions[0][0]]
    return (x, y), (_near(x, u), v)


def _wait(user: Served, where: dict[str, tuple[float, float]]) -> _Label | None:
    """On the line, where that is long enough."""
    start, end = _way(user, where)
    spots = tuple(_along(start, end, t) for t in (0.5, 0.4, 0.6, 0.3, 0.7))
    return _Label(kind="wait", text=ms(user.latency.total_ms), spots=spots) if math.dist(start, end) >= _LONG else None


def _name(user: Served, where: dict[str, tuple[float, float]]) -> _Label:
    """With the wait, where the line is too short for it."""
    start, _ = _way(user, where)
    wait = "" if _wait(user, where) else f" {ms(user.latency.total_ms)}"
    return _Label(kind="user-name", text=f"{place(user.place)}{wait}", spots=around(*start, _radius(user), _TEXT))
