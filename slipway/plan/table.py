"""A plan on a terminal: the candidates with the choice marked, why the others lost, the bill, and the training plan.

Readable at 80 columns: words stand under the figures, not beside them. All figures are the plan's; `~` marks a price
that is an estimate.
"""

from collections.abc import Iterable, Sequence
from itertools import groupby

from rich.console import Console, Group, RenderableType
from rich.markup import escape
from rich.padding import Padding
from rich.table import Table

from infra.cost import words
from infra.placement.serving import Alternative, CostLine, Flip, Loser, Served, ServingPlan
from infra.placement.training import Candidate, Step, TrainingPlan
from slipway.plan.view import Overview

_USERS = 10
_OTHERS = 5
_CHOSEN = "[green]✓[/]"


def show(view: Overview, console: Console) -> None:
    for part in _parts(view):
        console.print(part, soft_wrap=False)


def _parts(view: Overview) -> Iterable[RenderableType]:
    if view.serving is not None:
        yield from _serving(view.serving, view.losers)
        if view.flips:
            yield _titled("What would flip the choice", _flips(view.flips))
    if view.training is not None:
        yield from _training(view.training)
    days = f"{view.price_age_days} day" + ("" if view.price_age_days == 1 else "s")
    yield f"\n[dim]prices are up to {days} old · catalog {escape(view.digest[:12])}[/]"


def _serving(plan: ServingPlan, losers: Sequence[Loser]) -> Iterable[RenderableType]:
    where = " and ".join(f"{region.key} ({region.machine})" for region in plan.regions)
    yield f"[bold]Serve from {escape(where)}[/]"
    carbon = "unknown" if plan.carbon_kg_per_month is None else f"{plan.carbon_kg_per_month:,.0f} kg"
    yield (
        f"{words.usd(plan.usd_per_month)} USD a month · p95 {plan.p95_ms:.0f} ms of {plan.goal_ms:g} · "
        f"available {_percent(plan.availability, digits=4)} · carbon {carbon} a month"
    )
    title = "Candidates: the choice as it runs together, the others each by itself"
    yield _titled(title, _candidates(plan.alternatives))
    if losers:
        yield _titled("Why not the others", _reasons(losers))
    if plan.rejected:
        yield f"[dim]{len(plan.rejected)} more machines or regions are no candidates; --json lists each with why[/]"
    yield _titled("Users", _users(plan.users))
    yield _titled("The bill of the choice", _bill(plan))
    yield f"[dim]assumed: {escape(' · '.join(plan.assumed))} · {escape(plan.solver)}[/]"


def _candidates(rows: Iterable[Alternative]) -> Table:
    table = _columns("", "region", "runs on", right=("USD/month", "p95 ms", "serves", "available", "gCO2/kWh"))
    for row in rows:
        table.add_row(
            _CHOSEN if row.chosen else "",
            row.key,
            row.machine,
            words.usd(row.usd_per_month),
            f"{row.p95_ms:.0f}",
            f"{row.serves:.0%}",
            _percent(row.availability),
            "?" if row.carbon_g_per_kwh is None else f"{row.carbon_g_per_kwh:.0f}",
            style="bold" if row.chosen else None,
        )
    return table


def _reasons(losers: Iterable[Loser]) -> Table:
    table = _columns("region", right=("USD/month",), words=("why",))
    for loser in losers:
        more = "" if loser.more_usd is None else f"+{words.usd(loser.more_usd)}"
        table.add_row(f"{loser.provider}/{loser.region}", more, escape(loser.reason))
    return table


def _users(users: Sequence[Served]) -> RenderableType:
    """Those who wait longest first."""
    lost = any(user.lost_region_ms is not None for user in users)
    table = _columns("place", right=("share", "p95 ms", *(("region lost",) if lost else ())), words=("from",))
    ordered = sorted(users, key=lambda user: -user.latency.total_ms)
    for user in ordered[:_USERS]:
        after = (f"{user.lost_region_ms:.0f}",) if user.lost_region_ms is not None else ()
        table.add_row(
            escape(user.place),
            f"{user.share:.0%}",
            f"{user.latency.total_ms:.0f}",
            *after,
            ", ".join(f"{key} {part:.0%}" if part < 1 else key for key, part in user.regions),
        )
    rest = len(ordered) - _USERS
    return Group(table, f"[dim]and {rest} who wait less; --json lists them[/]") if rest > 0 else table


def _bill(plan: ServingPlan) -> Table:
    table = _columns("region", right=("USD/month",), words=("what",))
    before = ""
    for line in sorted(plan.lines, key=lambda line: (line.region, -line.usd_per_month)):
        table.add_row(line.region if line.region != before else "", words.usd(line.usd_per_month), _line(line))
        before = line.region
    table.add_row("[bold]all[/]", f"[bold]{words.usd(plan.usd_per_month)}[/]", "")
    return table


def _line(line: CostLine) -> str:
    mark = "~" if line.estimated else ""
    return f"{escape(line.what)} [dim]{line.quantity:,.4g} {escape(line.unit)} x {mark}{line.unit_usd:.4g}[/]"


def _flips(flips: Iterable[Flip]) -> Table:
    table = _columns(words=("change", "then"))
    for flip in flips:
        table.add_row(escape(f"{flip.what}{_break_even(flip)}"), escape(flip.becomes))
    return table


def _break_even(flip: Flip) -> str:
    if flip.at is None or flip.factor is None:
        return ""
    return f": {flip.now:,.4g} to {flip.at:,.4g} {flip.unit} ({100 * (flip.factor - 1):+.3g}%)"


def _training(plan: TrainingPlan) -> Iterable[RenderableType]:
    first, *rest = words.training(plan)
    yield f"\n[bold]Train on {escape(plan.chosen.label)}[/]"
    yield escape(first)
    for line in rest:
        yield Padding(escape(line), (0, 0, 0, 2))
    yield Padding(_on_time(plan.chosen), (0, 0, 0, 2))
    yield _titled("Capacity, in the order in which it is tried", _order(plan))
    others = [each for each in plan.candidates if each != plan.chosen]
    if others:
        yield _titled("Other ways that keep the deadline", _others(plan))
    hidden = len(plan.losers) + max(0, len(others) - _OTHERS)
    if hidden:
        yield f"[dim]{hidden} more ways were looked at; --json lists each with why it lost[/]"


def _on_time(chosen: Candidate) -> str:
    if not chosen.fallback:
        return f"in time with a probability of {_percent(chosen.on_time)}"
    alone = _percent(chosen.on_time_alone)
    return f"in time with a probability of {_percent(chosen.on_time)}, {alone} without on-demand behind it"


def _order(plan: TrainingPlan) -> Table:
    """Zones of one region that are tried one after another, at one price, share a row."""
    table = _columns("", "region", "machine", "capacity", right=("USD/h", "per work h"), words=("zones",))
    for number, (row, steps) in enumerate(groupby(plan.order, key=_rented), 1):
        table.add_row(str(number), *row, " ".join(step.zone for step in steps))
    return table


def _rented(step: Step) -> tuple[str, ...]:
    return (
        step.key,
        f"{step.machines} x {step.machine}" if step.machines > 1 else step.machine,
        step.capacity.value.replace("_", "-"),
        words.usd(step.usd_per_hour),
        words.usd(step.usd_per_work_hour),
    )


def _others(plan: TrainingPlan) -> Table:
    table = _columns(words=("way",), right=("USD", "hours", "on time"))
    for each in [each for each in plan.candidates if each != plan.chosen][:_OTHERS]:
        table.add_row(
            escape(each.label), words.usd(each.usd.expected), f"{each.hours.expected:.1f}", _percent(each.on_time)
        )
    return table


def _columns(*names: str, right: Sequence[str] = (), words: Sequence[str] = ()) -> Table:
    """names and figures keep to one line; words wrap under themselves."""
    table = Table(box=None, pad_edge=False, padding=(0, 1, 0, 0), header_style="dim")
    for name in names:
        table.add_column(name, no_wrap=True)
    if not names:
        for name in words:
            table.add_column(name)
    for name in right:
        table.add_column(name, justify="right", no_wrap=True)
    if names:
        for name in words:
            table.add_column(name)
    return table


def _titled(title: str, content: RenderableType) -> Group:
    return Group(f"\n[bold]{title}[/]", content)


def _percent(part: float, digits: int = 2) -> str:
    """Cut off, never rounded up to what is not promised."""
    steps = 10**digits
    return f"{int(part * 100 * steps + 1e-6) / steps:.9g}%"
