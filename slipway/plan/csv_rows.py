"""A plan for a spreadsheet: one row for each way that was looked at, the choice marked, each loser with its reason."""

import csv
from collections.abc import Iterable
from dataclasses import asdict, dataclass, fields
from io import StringIO

from infra.placement.serving import Loser, ServingPlan
from infra.placement.training import TrainingPlan
from slipway.plan.view import Overview


@dataclass(frozen=True, kw_only=True, slots=True)
class Row:
    """purpose: serving or training. usd: a month for serving, the whole job for training. more_usd: against the choice.

    Empty where a figure is not known or has no meaning.
    """

    purpose: str
    provider: str
    region: str
    machine: str
    capacity: str
    chosen: bool
    usd: float | None = None
    more_usd: float | None = None
    p95_ms: float | None = None
    serves: float | None = None
    availability: float | None = None
    carbon_g_per_kwh: float | None = None
    hours: float | None = None
    on_time: float | None = None
    reason: str = ""


def csv_text(view: Overview) -> str:
    """With a header, and lines ended as RFC 4180 has it."""
    text = StringIO(newline="")
    writer = csv.DictWriter(text, [field.name for field in fields(Row)])
    writer.writeheader()
    writer.writerows(asdict(row) for row in rows(view))
    return text.getvalue()


def rows(view: Overview) -> Iterable[Row]:
    if view.serving is not None:
        yield from _serving(view.serving, view.losers)
    if view.training is not None:
        yield from _training(view.training)


def _serving(plan: ServingPlan, losers: Iterable[Loser]) -> Iterable[Row]:
    why = {f"{loser.provider}/{loser.region}": loser for loser in losers}
    for each in plan.alternatives:
        loser = None if each.chosen else why.pop(each.key, None)
        yield Row(
            purpose="serving",
            provider=each.provider,
            region=each.region,
            machine=each.machine,
            capacity=" ".join(each.capacity),
            chosen=each.chosen,
            usd=each.usd_per_month,
            more_usd=loser.more_usd if loser else None,
            p95_ms=each.p95_ms,
            serves=each.serves,
            availability=each.availability,
            carbon_g_per_kwh=each.carbon_g_per_kwh,
            reason=loser.reason if loser else "",
        )
    for each in (*why.values(), *plan.rejected):
        machine = "" if isinstance(each, Loser) else each.machine
        yield Row(
            purpose="serving",
            provider=each.provider,
            region=each.region,
            machine=machine,
            capacity="",
            chosen=False,
            reason=each.reason,
        )


def _training(plan: TrainingPlan) -> Iterable[Row]:
    for each in plan.candidates:
        yield Row(
            purpose="training",
            provider=each.provider,
            region=each.region,
            machine=each.machine,
            capacity=each.capacity.value,
            chosen=each == plan.chosen,
            usd=each.usd.expected,
            more_usd=each.usd.expected - plan.chosen.usd.expected,
            hours=each.hours.expected,
            on_time=each.on_time,
        )
    for each in plan.losers:
        yield Row(
            purpose="training",
            provider=each.provider,
            region=each.region,
            machine=each.machine,
            capacity=each.capacity.value,
            chosen=False,
            usd=each.usd,
            reason=each.reason,
        )
