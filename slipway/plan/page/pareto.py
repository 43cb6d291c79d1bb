"""The trade: what a month costs against how long the slowest user waits."""

from collections.abc import Iterable, Sequence
from itertools import pairwise

from infra.placement.serving.plan import Alternative, ServingPlan
from slipway.plan.page.axis import Axis, axis
from slipway.plan.page.labels import Box, Spot, around, spread
from slipway.plan.page.markup import Markup, element
from slipway.plan.page.words import ms, percent, usd
from slipway.plan.view import ParetoPoint

_WIDTH, _HEIGHT = 1000, 380
_LEFT, _RIGHT, _TOP, _BOTTOM = 75, 40, 25, 50
_TEXT = 13
_CLEAR = 10
_EVERYBODY = 1 - 1e-6


def pareto(plan: ServingPlan, points: Sequence[ParetoPoint]) -> Markup:
    """The plan as a diamond on the line of the best trades; each other region alone as a dot, if it reaches all."""
    alone = [each for each in plan.alternatives if not each.chosen and each.serves >= _EVERYBODY]
    money = [plan.usd_per_month, *(each.usd_per_month for each in (*points, *alone))]
    waits = [plan.p95_ms, plan.goal_ms, *(each.p95_ms for each in (*points, *alone))]
    across = axis(money, start=_LEFT, end=_WIDTH - _RIGHT, most=8)
    up = axis(waits, start=_HEIGHT - _BOTTOM, end=_TOP, most=6)
    return element(
        "svg",
        element("title", "Monthly cost against p95"),
        *_grid(across, up),
        _goal(plan, up),
        _front([plan, *points], across, up),
        *(_alone(each, across, up) for each in alone),
        *(_point(each, across, up) for each in points),
        _plan(plan, across, up),
        *_names(plan, points, across, up),
        id="pareto",
        class_="plot",
        viewBox=f"0 0 {_WIDTH} {_HEIGHT}",
        font_size=_TEXT,
        role="img",
        aria_label=f"Cost against latency: the plan is {usd(plan.usd_per_month)} a month at p95 {ms(plan.p95_ms)}",
    )


def _grid(across: Axis, up: Axis) -> Iterable[Markup]:
    for tick in across.ticks:
        x = across.at(tick)
        yield element("line", class_="grid", x1=x, x2=x, y1=_TOP, y2=_HEIGHT - _BOTTOM)
        yield element("text", f"${tick:,.6g}", class_="tick", x=x, y=_HEIGHT - _BOTTOM + 18, text_anchor="middle")
    for tick in up.ticks:
        y = up.at(tick)
        yield element("line", class_="grid", x1=_LEFT, x2=_WIDTH - _RIGHT, y1=y, y2=y)
        yield element("text", f"{tick:,.6g} ms", class_="tick", x=_LEFT - 8, y=y + 4, text_anchor="end")
    middle = (_LEFT + _WIDTH - _RIGHT) / 2
    yield element("text", "USD a month", class_="tick", x=middle, y=_HEIGHT - 8, text_anchor="middle")


def _goal(plan: ServingPlan, up: Axis) -> Markup:
    y = up.at(plan.goal_ms)
    return element(
        "g",
        element("line", class_="goal", x1=_LEFT, x2=_WIDTH - _RIGHT, y1=y, y2=y),
        element(
            "text", f"goal {ms(plan.goal_ms)}", class_="goal-name", x=_WIDTH - _RIGHT - 4, y=y - 6, text_anchor="end"
        ),
    )


def _front(points: Sequence[ServingPlan | ParetoPoint], across: Axis, up: Axis) -> Markup:
    """In steps, since between two points lies no plan."""
    corners = pairwise(_corners(points, across, up))
    steps = "".join(f"M{x:.1f} {y:.1f}H{u:.1f}V{v:.1f}" for (x, y), (u, v) in corners)
    return element("path", class_="front", d=steps)


def _corners(points: Iterable[ServingPlan | ParetoPoint], across: Axis, up: Axis) -> list[tuple[float, float]]:
    return sorted((across.at(each.usd_per_month), up.at(each.p95_ms)) for each in points)


def _covered(corners: Iterable[tuple[float, float]]) -> Iterable[Box]:
    """The steps of the line, which names keep clear of."""
    for (x, y), (u, v) in pairwise(corners):
        yield Box(left=x, top=y - 1, right=u, bottom=y + 1)
        yield Box(left=u - 1, top=min(y, v), right=u + 1, bottom=max(y, v))


def _alone(each: Alternative, across: Axis, up: Axis) -> Markup:
    said = f"{each.key} alone: {usd(each.usd_per_month)} a month, p95 {ms(each.p95_ms)}, {percent(each.availability)}"
    return element(
        "circle",
        element("title", said),
        class_="alone",
        cx=across.at(each.usd_per_month),
        cy=up.at(each.p95_ms),
        r=5,
    )


def _point(each: ParetoPoint, across: Axis, up: Axis) -> Markup:
    said = f"{', '.join(each.regions)}: {usd(each.usd_per_month)} a month, p95 {ms(each.p95_ms)}"
    return element(
        "circle",
        element("title", said),
        class_="point",
        cx=across.at(each.usd_per_month),
        cy=up.at(each.p95_ms),
        r=6,
    )


def _plan(plan: ServingPlan, across: Axis, up: Axis) -> Markup:
    x, y = across.at(plan.usd_per_month), up.at(plan.p95_ms)
    regions = ", ".join(region.key for region in plan.regions)
    said = f"The plan, {regions}: {usd(plan.usd_per_month)} a month, p95 {ms(plan.p95_ms)}"
    corners = f"{x:.1f},{y - 10:.1f} {x + 10:.1f},{y:.1f} {x:.1f},{y + 10:.1f} {x - 10:.1f},{y:.1f}"
    return element("polygon", element("title", said), class_="chosen", points=corners)


def _names(plan: ServingPlan, points: Sequence[ParetoPoint], across: Axis, up: Axis) -> Iterable[Markup]:
    def spots(each: ServingPlan | ParetoPoint) -> tuple[Spot, ...]:
        x, y = across.at(each.usd_per_month), up.at(each.p95_ms)
        above = Spot(x=x + _CLEAR, y=y - _CLEAR, anchor="start"), Spot(x=x - _CLEAR, y=y - _CLEAR, anchor="end")
        return *above, *around(x, y, _CLEAR, _TEXT)

    labels = [("is-plan", "the plan", spots(plan))]
    labels += [("", " + ".join(each.regions), spots(each)) for each in points]
    frame = Box(left=_LEFT, top=0, right=_WIDTH, bottom=_HEIGHT - _BOTTOM)
    taken = list(_covered(_corners([plan, *points], across, up)))
    placed = spread([(text, spots) for _, text, spots in labels], height=_TEXT, frame=frame, taken=taken)
    for (kind, text, _), spot in zip(labels, placed, strict=True):
        if spot is not None:
            yield element("text", text, class_=kind, x=spot.x, y=spot.y, text_anchor=spot.anchor)
