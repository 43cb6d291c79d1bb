"""The command `rehearse`: a real training on this machine, under a trace of spot capacity."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from slipway.cli.output import Json, Stack, emit, say
from slipway.errors import SettingsError, SlipwayError

if TYPE_CHECKING:
    from training.config import TrainSettings
    from training.rehearsal import Rehearsal, Report


def register(app: typer.Typer) -> None:
    app.command(
        epilog="Examples: `slipway rehearse trace.json` · `slipway rehearse trace.json --notice 2 --seconds 120` · "
        "`slipway rehearse trace.json --task my_package.my_task:Mine --workers 8`"
    )(rehearse)


def rehearse(
    trace: Annotated[Path, typer.Argument(help="A JSON file: the seconds of a tick, and the instances at each.")],
    stack: Stack = "local",
    task: Annotated[
        str, typer.Option(help="Another task than the settings name: employment, digits, lm, package.module:Class.")
    ] = "",
    epochs: Annotated[
        int | None, typer.Option(min=1, help="Else the settings' or the task's; more of them play more of the trace.")
    ] = None,
    workers: Annotated[
        int | None,
        typer.Option(min=1, help="At the trace's most; else one for each of its instances. A multiple of those."),
    ] = None,
    seconds: Annotated[
        float | None,
        typer.Option(min=1, max=86_400, help="One pass through the trace; else half of what all steps take."),
    ] = None,
    notice: Annotated[
        float, typer.Option(min=0, max=120, help="Seconds from being told to go to the kill; 0 kills without a word.")
    ] = 0.0,
    seed: Annotated[int | None, typer.Option(min=0, help="Of the training, and of whom a loss hits.")] = None,
    page: Annotated[Path | None, typer.Option("--html", help="Also write one page with both curves.")] = None,
    json: Json = False,
) -> None:
    """Train on this machine while workers come and go as a trace of spot capacity says, with time compressed.

    It trains undisturbed first, and compares the loss of every step. Nothing of it becomes a release of yours.
    Exit code 1: the training did not end, or its losses were not the undisturbed ones.
    """
    from infra.placement.spot.trace import read_trace
    from slipway.paths import State
    from training.rehearsal import rehearse as play
    from training.rehearsal import schedule

    folder = State.locate().root / "rehearsal"
    plan = schedule(read_trace(trace).nodes.tolist(), workers=workers)
    made = play(
        _settings(stack, {"task": task or None, "epochs": epochs, "seed": seed}, workers=plan.workers),
        plan,
        seconds=seconds,
        notice_s=notice,
        folder=folder,
        show=(lambda line: None) if json else (lambda line: typer.echo(f"  {line}")),
    )
    if page is not None:
        _write(page, made)
    if not made.report.finished and not json:
        say(f"[dim]all it said is in {folder}[/]")
    if json:
        emit(made.report)
    else:
        _print(made.report)
    if not made.report.went_well:
        raise typer.Exit(1)


def _settings(stack: str, asked: dict[str, Any], *, workers: int) -> "TrainSettings":
    """The stack's training with what was asked for put over it."""
    from pydantic import ValidationError

    from infra.settings import Settings
    from slipway.paths import stack_file

    settings = Settings.read(stack_file(stack)).training
    changed = {name: value for name, value in asked.items() if value is not None} | {"workers": workers}
    try:
        return type(settings).model_validate(settings.model_dump() | changed)
    except ValidationError as error:
        reason = error.errors()[0]["msg"].removeprefix("Value error, ")
        raise SettingsError(
            f"this training cannot be rehearsed: {reason}", hint="choose other --workers, or change slipway:training"
        ) from None


def _write(page: Path, made: "Rehearsal") -> None:
    from slipway.rehearsal import render

    try:
        page.write_text(render(made), encoding="utf-8")
    except OSError as error:
        raise SlipwayError(f"{page} cannot be written: {error.strerror}") from None


def _print(made: "Report") -> None:
    from rich.markup import escape

    from training.rehearsal.words import lines

    for is_well, line in lines(made):
        mark = " " if is_well is None else "[green]✓[/]" if is_well else "[red]✗[/]"
        say(f"{mark} {escape(line)}")
