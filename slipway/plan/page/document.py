"""The page of a plan: its sections, in the frame that every page has."""

from collections.abc import Iterable

from infra.placement.serving.plan import ServingPlan
from slipway.plan.page import tables
from slipway.plan.page.frame import figures, framed, section
from slipway.plan.page.markup import Markup, element, joined
from slipway.plan.page.pareto import pareto
from slipway.plan.page.training import training
from slipway.plan.page.words import ms, percent, usd
from slipway.plan.page.world import world
from slipway.plan.view import Overview

_PLOT = (
    "Diamond: the plan. Rings: plans for other goals, none beaten in both. "
    "Dots: another region that alone reaches everybody."
)
_ROWS = "Chosen regions as they run together, without what a provider charges once; every other one by itself."
_BILL = "Blue bars rest on a price list, orange ones on an estimate."


def render(view: Overview) -> str:
    """See framed."""
    return framed(
        title="Slipway plan",
        summary=_summary(view),
        sections=[*_serving(view), *_training(view)],
        footer=_footer(view),
    )


def _summary(view: Overview) -> Markup:
    said: list[str] = []
    if view.serving is not None:
        said.append(f"Serve from {_listed(region.key for region in view.serving.regions)}")
    if view.training is not None:
        said.append(f"Train on {view.training.chosen.label}")
    return joined(". ".join(said))


def _footer(view: Overview) -> Markup:
    return joined(
        f"Prices read {view.price_age_days} days ago at the oldest. Catalog ",
        element("code", view.digest),
        ". Map: Natural Earth.",
    )


def _serving(view: Overview) -> Iterable[Markup]:
    plan = view.serving
    if plan is None:
        return
    yield _figures(plan)
    yield section("Map of users and regions", element("div", world(plan), class_="wide"), _map_key())
    yield section(
        "Cost against latency",
        element("div", pareto(plan, view.pareto), class_="wide"),
        element("p", _PLOT, class_="hint"),
    )
    yield section(
        "Regions compared",
        element("p", _ROWS, class_="hint"),
        tables.candidates(plan, view.losers),
        tables.rejected(plan.rejected),
    )
    yield section("What it costs", tables.bill(plan.lines), element("p", _BILL, class_="hint"))
    if view.flips:
        yield section("What would flip the choice", tables.flips(view.flips))
    if plan.assumed:
        yield section("Assumed, since no source says", tables.assumed(plan.assumed))


def _figures(plan: ServingPlan) -> Markup:
    carbon = "unknown" if plan.carbon_kg_per_month is None else f"{plan.carbon_kg_per_month:,.0f} kg"
    return figures(
        (usd(plan.usd_per_month), "a month"),
        (ms(plan.p95_ms), f"p95 of the slowest, goal {ms(plan.goal_ms)}"),
        (percent(plan.availability), "of requests find a region"),
        (carbon, "CO₂e a month"),
    )


def _map_key() -> Markup:
    """The marks of the map, in words."""
    marks = (
        (element("polygon", class_="chosen", points="8,1 15,8 8,15 1,8"), "chosen region"),
        (element("circle", class_="candidate key-mark", cx=8, cy=8, r=5), "other candidate"),
        (element("circle", class_="user key-mark", cx=8, cy=8, r=7), "users, area by share"),
        (element("path", class_="route key-mark", d="M0 12Q8 2 16 8"), "who is served from where, with p95"),
    )
    said = (
        element("span", element("svg", mark, viewBox="0 0 16 16", aria_hidden="true"), text) for mark, text in marks
    )
    return element("p", *said, class_="key")


def _training(view: Overview) -> Iterable[Markup]:
    if view.training is not None:
        yield section("Training", training(view.training))


def _listed(names: Iterable[str]) -> str:
    return ", ".join(names)
