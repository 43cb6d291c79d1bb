"""The command `plan`: where to serve and to train, what that costs, and why not elsewhere."""

import gc
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from slipway.cli.output import Json, console, emit, say
from slipway.errors import SlipwayError, UsageError

if TYPE_CHECKING:
    from slipway.plan.view import Overview
    from slipway.plan.wanted import Wanted


def register(app: typer.Typer) -> None:
    app.command(
        epilog="Examples: `slipway plan --goal docs/examples/mumbai.yaml` · "
        "`slipway plan --stack aws-staging --flips` · `slipway plan --goal goal.yaml --html plan.html`"
    )(plan)


def plan(
    stack: Annotated[str, typer.Option("--stack", "-s", help="Its slipway:serving and slipway:work.")] = "",
    goal: Annotated[
        Path | None, typer.Option("--goal", help="A file of these keys alone, to try a goal that no stack has.")
    ] = None,
    flips: Annotated[
        bool,
        typer.Option("--flips", help="Also what would flip the choice, and in JSON its trades; takes seconds."),
    ] = False,
    json: Json = False,
    csv: Annotated[bool, typer.Option("--csv", help="Print a row for each way that was looked at.")] = False,
    html: Annotated[
        Path | None, typer.Option("--html", help="Write one page with a map and plots, that loads nothing else.")
    ] = None,
) -> None:
    """Where to serve and to train at the least cost, and for every other place the reason why not.

    It reads the catalog, asks no cloud and starts nothing. Exit codes: 2 for a goal or options that are wrong, 7 for
    prices older than slipway:prices.max_age_days or a place that the catalog does not know, 8 when no place reaches the
    goal.
    """
    if json + csv + (html is not None) > 1:
        raise UsageError("--json, --csv and --html are different outputs; ask for one")
    gc.disable()  # a short life: a twentieth of it would go to looking for garbage among the catalog's rows
    wanted = _wanted(stack, goal)
    from datetime import date

    from infra.catalog import Catalog
    from slipway.plan.view import overview

    view = overview(wanted, Catalog.load(), today=date.today(), thorough=flips or html is not None)
    if json:
        emit(view)
    elif csv:
        from slipway.plan.csv_rows import csv_text

        typer.echo(csv_text(view), nl=False)
    elif html is not None:
        _write(view, html)
    else:
        from slipway.plan.table import show

        show(view, console)
        if view.serving is not None and not flips:
            say("[dim]what would flip the choice: add --flips; a page with map and plots: --html plan.html[/]")


def _wanted(stack: str, goal: Path | None) -> "Wanted":
    if bool(stack) == (goal is not None):
        raise UsageError(
            "give a --stack or a --goal, one of the two", hint="slipway plan --goal docs/examples/mumbai.yaml"
        )
    from slipway.plan.wanted import Wanted

    if goal is not None:
        return Wanted.of_goal(goal)
    from slipway.paths import stack_file

    return Wanted.of_stack(stack_file(stack))


def _write(view: "Overview", file: Path) -> None:
    from slipway.plan.page import render

    try:
        file.write_text(render(view), encoding="utf-8")
    except OSError as error:
        raise SlipwayError(f"{file} cannot be written: {error.strerror}") from None
    say(f"[green]✓[/] {file}: open it in a browser; prices are up to {view.price_age_days} days old")
