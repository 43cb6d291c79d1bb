"""The command `cost`: what a stack costs a month, and what its training job costs to finish."""

import sys
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from slipway.cli.output import Json, console, emit, say
from slipway.errors import SlipwayError, UsageError

if TYPE_CHECKING:
    from infra.catalog import Catalog
    from infra.cost import Bill, Usage
    from infra.placement.training import TrainingPlan
    from infra.settings import Settings

OVER_BUDGET = 10
"""Exit code: the bill was made, and is above the budget."""


def register(app: typer.Typer) -> None:
    app.command(
        epilog="Examples: `pulumi preview --json --show-sames | slipway cost -` · "
        "`slipway cost preview.json --markdown --budget 2000` · `slipway cost --stack aws-dev`"
    )(cost)


def cost(
    preview: Annotated[
        str, typer.Argument(help="What `pulumi preview --json --show-sames` printed; - reads standard input.")
    ] = "",
    stack: Annotated[
        str, typer.Option("--stack", "-s", help="Also its training job (slipway:work), with its settings for prices.")
    ] = "",
    budget: Annotated[
        float | None,
        typer.Option("--budget", min=0, help="USD a month; above it the exit code is 10. Else slipway:budget."),
    ] = None,
    requests: Annotated[float, typer.Option(min=0, help="Requests a month, all regions together.")] = 1e6,
    request_ms: Annotated[float, typer.Option(min=0, help="How long one keeps an instance busy.")] = 50,
    egress_gb: Annotated[float, typer.Option(min=0, help="GB a month to users, all regions together.")] = 10,
    nat_gb: Annotated[float, typer.Option(min=0, help="GB a month through each NAT gateway.")] = 100,
    lcu: Annotated[float, typer.Option(min=0, help="Capacity units in use on each load balancer.")] = 1,
    concurrency: Annotated[float, typer.Option(min=1, help="Requests side by side in one Cloud Run instance.")] = 1,
    hours: Annotated[float, typer.Option(min=0, max=744, help="Hours of the month that everything stands.")] = 730,
    trained: Annotated[float, typer.Option(min=0, help="Hours of the training job that are done already.")] = 0,
    json: Json = False,
    markdown: Annotated[bool, typer.Option("--markdown", help="Print a comment for a pull request.")] = False,
) -> None:
    """What a stack costs a month, by resource, against what runs now, and what its training job costs to finish.

    It reads a preview of the engine, of any stack, and asks no cloud. What has no figure in the catalog is listed as
    not priced and is not in the sum. Exit code 10: above the budget.
    """
    if not preview and not stack:
        raise UsageError(
            "give a preview, a --stack with a training job, or both",
            hint="pulumi preview --json --show-sames | slipway cost -",
        )
    if json and markdown:
        raise UsageError("--json and --markdown are two outputs; ask for one")
    from infra.catalog import Catalog
    from infra.cost import Usage

    usage = Usage(
        hours=hours,
        requests=requests,
        request_ms=request_ms,
        concurrency=concurrency,
        egress_gb=egress_gb,
        nat_gb=nat_gb,
        lcu=lcu,
    )
    catalog = Catalog.load()
    settings = _settings(stack) if stack else None
    bill = _bill(preview, catalog, usage, settings) if preview else None
    plan = _training(settings, catalog, trained, required=not preview) if settings else None
    if budget is None and settings is not None and settings.budget is not None:
        budget = settings.budget.usd_per_month
    _show(bill, plan, budget, json=json, markdown=markdown)
    if bill is not None and budget is not None and bill.usd_per_month > budget:
        raise typer.Exit(OVER_BUDGET)


def _settings(stack: str) -> "Settings":
    from infra.settings import Settings
    from slipway.paths import stack_file

    return Settings.read(stack_file(stack))


def _bill(preview: str, catalog: "Catalog", usage: "Usage", settings: "Settings | None") -> "Bill":
    from infra.catalog import check_age
    from infra.cost import price, read_preview

    source = "standard input" if preview == "-" else preview
    bill = price(read_preview(_read(preview), source), catalog, usage)
    rows = tuple(bill.rows())
    if rows:
        check_age(catalog, date.today(), _max_age_days(settings), rows)
    return bill


def _training(settings: "Settings", catalog: "Catalog", trained_h: float, *, required: bool) -> "TrainingPlan | None":
    from infra.catalog import check_age
    from infra.placement.training import place

    if settings.work is None:
        if required:
            raise SlipwayError("slipway:work is not set, so there is no training job to price", hint="give a preview")
        return None
    if trained_h >= settings.work.hours:
        raise SlipwayError(f"--trained {trained_h:g}: the job has {settings.work.hours:g} hours, so it is done")
    left = settings.work.model_copy(update={"hours": settings.work.hours - trained_h})
    plan = place(left, catalog)
    check_age(catalog, date.today(), settings.prices.max_age_days, plan.prices)
    return plan


def _max_age_days(settings: "Settings | None") -> int:
    from infra.catalog.age import MAX_AGE_DAYS  # the settings' default, without their models

    return settings.prices.max_age_days if settings is not None else MAX_AGE_DAYS


def _read(preview: str) -> str:
    if preview == "-":
        return sys.stdin.read()
    try:
        return Path(preview).read_text()
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not text"
        raise SlipwayError(
            f"{preview} cannot be read: {reason}", hint="pulumi preview --json --show-sames > preview.json"
        ) from None


def _show(
    bill: "Bill | None", plan: "TrainingPlan | None", budget: float | None, *, json: bool, markdown: bool
) -> None:
    if json:
        from infra.cost.document import document

        emit(document(bill, plan, budget))
    elif markdown:
        from infra.cost.markdown import markdown as comment

        typer.echo(comment(bill, plan, budget), nl=False)
    else:
        _print(bill, plan, budget)


def _print(bill: "Bill | None", plan: "TrainingPlan | None", budget: float | None) -> None:
    from rich.markup import escape

    from infra.cost import words

    if bill is not None:
        if bill.charges:
            _print_table(bill)
        say(f"\n[bold]{words.headline(bill)}[/]" + (f" · {bill.free} resources cost nothing" if bill.free else ""))
        if budget is not None:
            over = bill.usd_per_month > budget
            limit = f"the budget of {words.usd(budget)} USD"
            say(f"[red]✗[/] over {limit}" if over else f"[green]✓[/] within {limit}")
        for caveat in words.caveats(bill):
            say(f"[yellow]![/] {escape(caveat)}")
        for one in bill.unpriced:
            say(f"  [dim]{escape(one.name)} {words.short_type(one)}: not priced: {escape(one.unpriced)}[/]")
        say(f"[dim]assumed: {escape(' · '.join(bill.assumed))}[/]")
    if plan is not None:
        first, *rest = words.training(plan)
        say(f"\n[bold]{escape(first)}[/]")
        for line in rest:
            say(f"  {escape(line)}")


def _print_table(bill: "Bill") -> None:
    from rich.markup import escape
    from rich.table import Table

    from infra.cost import words

    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for column in ("resource", "region", "what"):
        table.add_column(column)
    for column in ("USD/month", "change"):
        table.add_column(column, justify="right", no_wrap=True)
    for charge in bill.charges:
        for number, item in enumerate(charge.items or (None,)):
            first = number == 0
            table.add_row(
                f"{escape(charge.name)} [dim]{words.short_type(charge)}[/]" if first else "",
                charge.region if first else "",
                f"{escape(item.what)} [dim]{words.quantity(item)}[/]" if item else "[dim]goes[/]",
                words.usd(item.usd_per_month) if item else "0.00",
                words.change(charge.difference_usd) if first else "",
            )
    console.print(table)
