"""The training job: what it is expected to cost and to take, with the band, and the order of capacity."""

from collections.abc import Sequence

from infra.placement.training.plan import Band, Candidate, Step, TrainingPlan
from slipway.plan.page.markup import Markup, element
from slipway.plan.page.tables import row, table
from slipway.plan.page.words import percent, usd

_WIDTH = 300
_MOST_CANDIDATES = 8


def training(plan: TrainingPlan) -> Markup:
    shown = plan.candidates[:_MOST_CANDIDATES]
    longest = max((each.usd.high for each in shown), default=0.0)
    titles = ("candidate", "whole job", "nine in ten jobs", "hours", "on time")
    numbers = (1, 3, 4)
    rows = (row(*_candidate(each, longest), numbers=numbers) for each in shown)
    return element(
        "div",
        element("p", *_said(plan)),
        element("h3", "Cheapest candidates"),
        table(titles, rows, name="training", numbers=numbers),
        element("h3", "Order of capacity"),
        _order(plan.order),
    )


def _said(plan: TrainingPlan) -> list[str]:
    chosen = plan.chosen
    said: list[str] = [
        element("strong", chosen.label),
        f": {_band(chosen.usd)} for the whole job in {chosen.hours.expected:,.1f} h, "
        f"on time with {percent(chosen.on_time)}.",
    ]
    if plan.always_on_demand_usd is not None:
        said.append(f" Always on demand: {usd(plan.always_on_demand_usd)}.")
    return said


def _band(band: Band) -> str:
    return f"{usd(band.expected)} ({usd(band.low)} to {usd(band.high)})"


def _candidate(each: Candidate, longest: float) -> tuple[str, ...]:
    return (
        each.label,
        usd(each.usd.expected),
        _drawn(each.usd, longest),
        f"{each.hours.expected:,.1f}",
        percent(each.on_time),
    )


def _drawn(band: Band, longest: float) -> Markup:
    def x(amount: float) -> float:
        return 5 + (_WIDTH - 10) * amount / longest if longest > 0 else 5.0

    width = max(x(band.high) - x(band.low), 1.0)
    return element(
        "svg",
        element("title", _band(band)),
        element("rect", class_="band", x=x(band.low), y=4, width=width, height=6, rx=3),
        element("circle", class_="expected", cx=x(band.expected), cy=7, r=5),
        class_="bar",
        viewBox=f"0 0 {_WIDTH} 14",
        role="img",
        aria_label=_band(band),
    )


def _order(steps: Sequence[Step]) -> Markup:
    numbers = (0, 4, 5, 6)
    rows = (
        row(
            str(index),
            step.key if not step.zone else f"{step.key} {step.zone}",
            step.machine if step.machines == 1 else f"{step.machines} x {step.machine}",
            step.capacity.value.replace("_", "-"),
            usd(step.usd_per_hour),
            usd(step.usd_per_work_hour),
            usd(step.move_usd),
            numbers=numbers,
        )
        for index, step in enumerate(steps, start=1)
    )
    titles = ("", "where", "machines", "as", "an hour", "an hour of work", "move there")
    return table(titles, rows, name="order", numbers=numbers)
