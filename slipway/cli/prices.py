"""Commands on the catalog of prices: show what it holds, renew it from the clouds as a difference to review."""

from datetime import date
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer
from rich.markup import escape
from rich.table import Table

from slipway.cli.output import Json, console, emit, say

if TYPE_CHECKING:
    from infra.catalog import Catalog, Offer
    from infra.catalog.refresh.apply import Review
    from infra.catalog.refresh.difference import Change
    from infra.catalog.refresh.sighting import Score

_PROVIDERS = ("aws", "gcp")
_WIDEST, _LEAST_NOTE = 400, 12  # characters: of a row, and of its note

Region = Annotated[str | None, typer.Option("--region", help="Only this region, as ap-south-1.")]

prices = typer.Typer(no_args_is_help=True, help="What clouds offer and charge: show it, renew it.")


def register(app: typer.Typer) -> None:
    prices.command(epilog="Examples: `slipway prices show --region ap-south-1` · `slipway prices show --machine g6`")(
        show
    )
    prices.command(epilog="Examples: `slipway prices refresh` · `slipway prices refresh --provider aws --write`")(
        refresh
    )
    app.add_typer(prices, name="prices")


def show(
    region: Region = None,
    machine: Annotated[str | None, typer.Option("--machine", help="Only machines whose name starts so.")] = None,
    json: Json = False,
) -> None:
    """The offers of the catalog with price, zones and date; --json has their sources too. `~` marks an estimate."""
    from infra.catalog import Catalog

    catalog = Catalog.load()
    offers = _chosen(catalog, region=region, machine=machine)
    age_days = catalog.age_days(date.today())
    if json:
        emit({"digest": catalog.digest, "age_days": age_days, "offers": [_document(offer) for offer in offers]})
        return
    table = Table(box=None, pad_edge=False, padding=(0, 1, 0, 0))
    for column in ("region", "machine", "has", "capacity", "USD/h", "zones", "read on", ""):
        table.add_column(column, justify="right" if column == "USD/h" else "left", no_wrap=bool(column))
    for offer in offers:
        has = f"{offer.accelerators:g} x {offer.accelerator}" if offer.accelerator else f"{offer.vcpus:g} vcpus"
        where = str(len(offer.zones) or "all") if offer.offered else "[red]none[/]"
        place = f"{offer.provider}/{offer.region}"
        table.add_row(
            place, offer.machine, has, offer.capacity, _price(offer), where, str(offer.date), escape(offer.note)
        )
    _widen(table)
    console.print(table, crop=False)
    oldest = f"the oldest published price is {age_days} days old"
    say(f"[dim]{len(offers)} offers of catalog {catalog.digest[:12]}; {oldest}[/]")


def refresh(
    provider: Annotated[Literal["aws", "gcp"] | None, typer.Option("--provider", help="Only this cloud.")] = None,
    region: Region = None,
    scores: Annotated[
        int, typer.Option("--scores", min=0, help="Also ask EC2 how likely so many spot machines are to be had now.")
    ] = 0,
    write: Annotated[bool, typer.Option("--write", help="Write the accepted changes to the catalog's file.")] = False,
    json: Json = False,
) -> None:
    """Ask the clouds for today's prices and print what would change. Needs your credentials; writes only with --write.

    A change that breaks an invariant of the catalog is refused and named. Review the difference, then commit the file.
    """
    from infra.catalog import Catalog
    from infra.catalog.load import DATA
    from infra.catalog.refresh.apply import review
    from infra.catalog.refresh.apply import write as write_offers
    from infra.catalog.refresh.ask import ask, ask_scores
    from infra.catalog.refresh.difference import compare

    catalog = Catalog.load()
    offers = _chosen(catalog, region=region, provider=provider)
    tell = (lambda _: None) if json else (lambda line: say(f"[dim]{escape(line)}[/]"))
    sightings = []
    for cloud in _PROVIDERS:
        if mine := [offer for offer in offers if offer.provider == cloud]:
            sightings += ask(cloud, mine, tell)
    difference = compare(offers, sightings, date.today())
    outcome = review(catalog.offers(), difference.changes, catalog.regions, catalog.accelerators)
    found = ask_scores([offer for offer in offers if offer.provider == "aws"], scores) if scores else []
    if write and outcome.accepted:
        write_offers(DATA, outcome.offers)
    if json:
        emit(_difference(outcome, unanswered=difference.unanswered, scores=found, written=write))
    else:
        _tell_difference(outcome, unanswered=len(difference.unanswered), scores=found, written=write)
    if outcome.refused:
        raise typer.Exit(1)


def _chosen(
    catalog: "Catalog", *, region: str | None = None, machine: str | None = None, provider: str | None = None
) -> list["Offer"]:
    """Raises CatalogError for a filter that nothing fits, with names like it."""
    from infra.catalog import CatalogError
    from infra.catalog.nearest import alike

    there = catalog.offers(provider, region)
    offers = [offer for offer in there if machine is None or offer.machine.startswith(machine)]
    if offers:
        return offers
    if region and not there:
        regions = [offer.region for offer in catalog.offers(provider)]
        where = f"{provider}/{region}" if provider else region
        raise CatalogError(f"the catalog has no offer in {where}", hint=alike(region, regions))
    machines = [offer.machine for offer in catalog.offers(region=region)]
    raise CatalogError(
        f"the catalog has no machine {machine}" + (f" in {region}" if region else ""),
        hint=alike(machine or "", machines),
    )


def _widen(table: Table) -> None:
    """To what shows every figure whole: a terminal that is narrower wraps the row."""
    notes = table.columns[-1]
    notes.max_width = _LEAST_NOTE
    least = console.measure(table, options=console.options.update(max_width=_WIDEST)).maximum
    notes.max_width = None
    if least > console.width:
        table.width = least


def _price(offer: "Offer") -> str:
    if offer.usd_per_hour is None:
        return "[dim]not known[/]"
    return f"{'~' * offer.estimated}{offer.usd_per_hour:.4f}"


def _document(offer: "Offer") -> dict[str, Any]:
    return {name: getattr(offer, name) for name in offer.__slots__}


def _change(change: "Change") -> dict[str, Any]:
    return {"before": _document(change.before), "after": _document(change.after), "percent": change.percent}


def _difference(
    outcome: "Review", *, unanswered: tuple["Offer", ...], scores: list["Score"], written: bool
) -> dict[str, Any]:
    moved = [change for change in outcome.accepted if change.moved]
    return {
        "written": written and bool(outcome.accepted),
        "changed": [_change(change) for change in moved],
        "confirmed": len(outcome.accepted) - len(moved),
        "refused": [_change(refusal.change) | {"reason": refusal.reason} for refusal in outcome.refused],
        "unanswered": [_document(offer) for offer in unanswered],
        "scores": [{"accelerator": row.accelerator, "region": row.region, "score": row.score} for row in scores],
    }


def _tell_difference(outcome: "Review", *, unanswered: int, scores: list["Score"], written: bool) -> None:
    moved = [change for change in outcome.accepted if change.moved]
    for change in moved:
        say(f"  [yellow]~[/] {escape(str(change))}")
    for refusal in outcome.refused:
        say(f"  [red]✗[/] {escape(str(refusal.change))}\n    refused: {escape(refusal.reason)}")
    for row in scores:
        say(f"  [dim]spot now:[/] {row.accelerator} in aws/{row.region} scores {row.score} of 10")
    confirmed = len(outcome.accepted) - len(moved)
    say(
        f"{len(moved)} offers change, {confirmed} stay as they are and are dated today, "
        f"{len(outcome.refused)} refused, {unanswered} without an answer keep their date."
    )
    if not outcome.accepted:
        return
    if written:
        say("Written to infra/catalog/data/offers.csv: review it with `git diff`, then commit it.")
    else:
        say("[dim]Nothing was written; add --write.[/]")
