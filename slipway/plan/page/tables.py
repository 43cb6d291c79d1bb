"""The tables of the page: candidates, the bill, what would flip the choice."""

from collections import defaultdict
from collections.abc import Iterable, Sequence

from infra.placement.serving.plan import Alternative, CostLine, Flip, Loser, Rejected, ServingPlan
from slipway.plan.page.markup import Markup, element, joined
from slipway.plan.page.words import ms, percent, quantity, unit_usd, usd

_BAR = 160
"""Width of the longest bar."""


def table(titles: Sequence[str], rows: Iterable[Markup], *, name: str, numbers: Iterable[int] = ()) -> Markup:
    """In a frame that scrolls sideways where the screen is narrow. numbers: columns set to the right."""
    right = set(numbers)
    head = (
        element("th", title, scope="col", **({"class_": "number"} if index in right else {}))
        for index, title in enumerate(titles)
    )
    body = element("table", element("thead", element("tr", *head)), element("tbody", *rows), id=name)
    return element("div", body, class_="wide", tabindex="0", role="region", aria_label=name)


def row(*cells: str, numbers: Iterable[int] = (), **attributes: object) -> Markup:
    right = set(numbers)
    made = (element("td", cell, **({"class_": "number"} if index in right else {})) for index, cell in enumerate(cells))
    return element("tr", *made, **attributes)


def candidates(plan: ServingPlan, losers: Iterable[Loser]) -> Markup:
    """Chosen regions first, as they run together, then the others by themselves; under each, why it won or lost."""
    why = {f"{loser.provider}/{loser.region}": loser.reason for loser in losers}
    titles = ("region", "runs on", "a month", "p95", "answers", "available", "gCO₂e/kWh")
    numbers = (2, 3, 4, 5, 6)
    rows = (
        made
        for each in plan.alternatives
        for made in (
            row(*_candidate(each), numbers=numbers, class_="is-chosen" if each.chosen else "is-other"),
            _verdict(each, why.get(each.key, "not in the cheapest plan"), len(titles)),
        )
    )
    return table(titles, rows, name="candidates", numbers=numbers)


def _verdict(each: Alternative, reason: str, columns: int) -> Markup:
    if each.chosen:
        return element("tr", element("td", element("strong", "chosen"), colspan=columns), class_="is-chosen verdict")
    return element("tr", element("td", reason, colspan=columns), class_="verdict")


def _candidate(each: Alternative) -> tuple[str, ...]:
    carbon = "unknown" if each.carbon_g_per_kwh is None else f"{each.carbon_g_per_kwh:,.0f}"
    how = each.machine if each.mode == "serverless" else f"{each.machine}, {', '.join(each.capacity)}".replace("_", "-")
    return (
        each.key,
        how,
        usd(each.usd_per_month),
        ms(each.p95_ms),
        percent(each.serves),
        percent(each.availability),
        carbon,
    )


def rejected(found: Iterable[Rejected]) -> Markup:
    """What was no candidate at all, a line for each region and reason; folded, since it can be long."""
    machines: dict[tuple[str, str], list[str]] = defaultdict(list)
    for each in found:
        machines[f"{each.provider}/{each.region}", each.reason].append(each.machine)
    if not machines:
        return Markup()
    items = (
        element("li", element("b", f"{key} {', '.join(filter(None, names))}".strip()), f": {reason}")
        for (key, reason), names in machines.items()
    )
    count = sum(len(names) for names in machines.values())
    return element("details", element("summary", f"Ruled out before the choice: {count}"), element("ul", *items))


def bill(lines: Iterable[CostLine]) -> Markup:
    """Dearest first, each as a bar beside its quantity, unit price and source."""
    ordered = sorted(lines, key=lambda line: -line.usd_per_month)
    longest = max((line.usd_per_month for line in ordered), default=0.0)
    rows = (
        row(
            line.region,
            line.what,
            usd(line.usd_per_month),
            _bar(line, longest),
            f"{quantity(line.quantity)} {line.unit}",
            unit_usd(line.unit_usd),
            _source(line),
            numbers=(2, 4, 5),
        )
        for line in ordered
    )
    titles = ("where", "what", "a month", "", "quantity", "each", "price read from")
    return table(titles, rows, name="bill", numbers=(2, 4, 5))


def _bar(line: CostLine, longest: float) -> Markup:
    width = _BAR * line.usd_per_month / longest if longest > 0 else 0.0
    mark = element("rect", class_="estimated" if line.estimated else "listed", width=max(width, 1.0), height=12, rx=2)
    return element("svg", mark, class_="bar", viewBox=f"0 0 {_BAR} 12", aria_hidden="true")


def _source(line: CostLine) -> Markup:
    kind = "estimated, " if line.estimated else ""
    return element("span", f"{kind}{line.date.isoformat()}: {line.source}", class_="source")


def flips(found: Sequence[Flip]) -> Markup:
    rows = (
        row(
            flip.what.replace("_", " "),
            f"{quantity(flip.now)} {flip.unit}",
            "never, as far as was tried" if flip.at is None else f"{quantity(flip.at)} {flip.unit}",
            "" if flip.factor is None else f"× {flip.factor:.4g}",
            flip.becomes,
            numbers=(1, 2, 3),
        )
        for flip in found
    )
    titles = ("if this changes", "now", "the choice flips at", "factor", "and becomes")
    return table(titles, rows, name="flips", numbers=(1, 2, 3))


def assumed(said: Iterable[str]) -> Markup:
    return element("ul", *(element("li", joined(each)) for each in said))
