"""The page of a rehearsal: workers over time, how far the training got, and both loss curves. Pure."""

from collections.abc import Iterator, Sequence

from slipway.plan.page.axis import Axis, axis
from slipway.plan.page.frame import figures, framed, section
from slipway.plan.page.markup import Markup, element, joined
from training.rehearsal import Rehearsal
from training.rehearsal.played import Played
from training.rehearsal.words import lines, tiny

Point = tuple[float, float]

_WIDTH, _HEIGHT = 1000, 260
_LEFT, _RIGHT, _TOP, _BOTTOM = 75, 40, 15, 50
_TEXT = 13
_MOST_POINTS = 1000  # of a curve; more cannot be told apart


def render(rehearsal: Rehearsal) -> str:
    """See framed."""
    report = rehearsal.report
    return framed(
        title="Slipway rehearsal",
        summary=joined("It went well." if report.went_well else "It did not go well."),
        sections=[
            figures(
                (str(report.lost_workers), "workers lost"),
                (str(report.lost_steps), "steps taken again"),
                (_worst(report.again_s(survivors=True)), "until survivors stepped, at worst"),
                (tiny(report.curve.difference), "between a loss and the undisturbed one"),
            ),
            *_plots(rehearsal),
            section("In words", element("ul", *(element("li", line) for _, line in lines(report)))),
        ],
        footer=joined("One real training on one machine, its workers killed and returned; time is compressed."),
    )


def _plots(rehearsal: Rehearsal) -> Iterator[Markup]:
    disturbed, undisturbed = rehearsal.disturbed, rehearsal.undisturbed
    yield section("Workers", _plot("seconds", "workers", disturbed=_workers(disturbed)))
    yield section(
        "Steps",
        _plot("seconds", "steps", disturbed=_progress(disturbed), undisturbed=_progress(undisturbed)),
        element("p", "Dashed: undisturbed.", class_="hint"),
    )
    yield section(
        "Loss",
        _plot("step", "loss", disturbed=_losses(disturbed), undisturbed=_losses(undisturbed)),
        element("p", "Dashed: undisturbed, under the other where both are alike.", class_="hint"),
    )


def _workers(played: Played) -> list[Point]:
    """With corners, since nothing lies between two numbers of workers."""
    levels = [(played.began, 0), *((move.at, move.after) for move in played.moves)]
    ends = [at for at, _ in levels[1:]] + [played.ended]
    corners = ((at, level) for (since, level), until in zip(levels, ends, strict=True) for at in (since, until))
    return [(at - played.began, level) for at, level in corners]


def _progress(played: Played) -> list[Point]:
    return _thinned([(step.at - played.began, step.step) for step in played.steps])


def _losses(played: Played) -> list[Point]:
    """As each step was taken last."""
    return _thinned(sorted({step.step: step.loss for step in played.steps}.items()))


def _thinned(points: Sequence[Point]) -> list[Point]:
    return list(points[:: -(-len(points) // _MOST_POINTS) or 1])


def _plot(across: str, up: str, *, disturbed: Sequence[Point], undisturbed: Sequence[Point] = ()) -> Markup:
    points = [*disturbed, *undisturbed, (0.0, 0.0)]
    x = axis([point[0] for point in points], start=_LEFT, end=_WIDTH - _RIGHT, most=8)
    y = axis([point[1] for point in points], start=_HEIGHT - _BOTTOM, end=_TOP, most=5)
    drawn = element(
        "svg",
        element("title", f"{up} by {across}"),
        *_grid(x, y, across),
        element("path", class_="goal", fill="none", d=_path(undisturbed, x, y)),
        element("path", class_="front", d=_path(disturbed, x, y)),
        class_="plot",
        viewBox=f"0 0 {_WIDTH} {_HEIGHT}",
        font_size=_TEXT,
        role="img",
        aria_label=f"{up} by {across}",
    )
    return element("div", drawn, class_="wide")


def _grid(x: Axis, y: Axis, across: str) -> Iterator[Markup]:
    bottom = _HEIGHT - _BOTTOM
    for tick in x.ticks:
        yield element("text", f"{tick:,.6g}", class_="tick", x=x.at(tick), y=bottom + 18, text_anchor="middle")
    for tick in y.ticks:
        at = y.at(tick)
        yield element("line", class_="grid", x1=_LEFT, x2=_WIDTH - _RIGHT, y1=at, y2=at)
        yield element("text", f"{tick:,.6g}", class_="tick", x=_LEFT - 8, y=at + 4, text_anchor="end")
    yield element("text", across, class_="tick", x=(_LEFT + _WIDTH - _RIGHT) / 2, y=_HEIGHT - 8, text_anchor="middle")


def _path(points: Sequence[Point], x: Axis, y: Axis) -> str:
    return "".join(f"{'L' if n else 'M'}{x.at(a):.1f} {y.at(b):.1f}" for n, (a, b) in enumerate(points))


def _worst(seconds: Sequence[float]) -> str:
    return f"{max(seconds):.1f} s" if seconds else "-"
