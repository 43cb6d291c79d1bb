"""Commands on models: train, releases, promote, rollback, predict."""

import json as jsonlib
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from slipway.cli.numbers import finite
from slipway.cli.output import Json, Progress, Stack, emit, say
from slipway.cli.training import run_training
from slipway.errors import SlipwayError, UsageError
from slipway.inventory import read_inventory
from slipway.paths import State

if TYPE_CHECKING:
    from slipway.workspace import Workspace


def register(app: typer.Typer) -> None:
    app.command(
        epilog="Examples: `slipway train` · `slipway train --task digits` · "
        "`slipway train --stack kubernetes --deadline-h 30`"
    )(train)
    app.command(epilog="Examples: `slipway releases` · `slipway releases --json`")(releases)
    app.command(epilog="Example: `slipway promote 3fa9c1`")(promote)
    app.command(epilog="Example: `slipway rollback`")(rollback)
    app.command(
        epilog="Examples: `slipway predict --example` · `slipway predict rows.json` · `slipway predict - < rows.json`"
    )(predict)


def train(
    stack: Stack = "local",
    task: Annotated[
        str, typer.Option(help="Another task than the settings name: employment, digits, lm, package.module:Class.")
    ] = "",
    profile: Annotated[
        bool, typer.Option("--profile", help="Write a trace of a few steps for Perfetto, beside the training's log.")
    ] = False,
    deadline_h: Annotated[
        float | None,
        typer.Option(
            "--deadline-h",
            min=0.01,
            max=20_000,
            callback=finite,
            help="On a cluster: end within so many hours, on spot as long as that allows it; slipway:work says how "
            "much there is to do.",
        ),
    ] = None,
    json: Json = False,
) -> None:
    """Train a model, on this machine or on the stack's cluster, and write a release; promote it to serve it."""
    from slipway.workspace import Workspace

    result = run_training(Workspace.open(stack), quiet=json, task=task, profile=profile, deadline_h=deadline_h)
    if json:
        emit(result)
        return
    figures = " · ".join(f"{name} {value:.4f}" for name, value in sorted(result.metrics.items()))
    say(f"[green]✓[/] release [bold]{result.name} {result.digest[:12]}[/] · {figures} [dim]· {result.seconds:.0f} s[/]")
    say(f"  serve it with  slipway promote {result.digest[:12]}")


def releases(stack: Stack = "local", json: Json = False) -> None:
    """The releases of this machine's store, by task, with what they were measured at."""
    from slipway.catalogue import list_releases
    from slipway.workspace import Workspace

    workspace = Workspace.open(stack)
    pin = workspace.pin
    served = "" if pin is None else pin.digest
    found = list_releases(workspace.state)
    if json:
        emit([{"digest": r.digest, "served": r.digest == served, "release": r} for r in found])
        return
    for release in found:
        figures = " · ".join(f"{name} {value:.4f}" for name, value in sorted(release.metrics.items()))
        mark = "[green]●[/]" if release.digest == served else " "
        say(f"{mark} {release.digest[:12]}  {release.name} {release.version}  [dim]{figures}[/]")
    if not found:
        say("no release yet: slipway train")


def promote(
    digest: Annotated[str, typer.Argument(help="The release, by the beginning of its digest.")],
    stack: Stack = "local",
    json: Json = False,
) -> None:
    """Serve a release: new replicas are healthy before the old ones drain. The one in force is kept for a rollback."""
    from slipway.catalogue import resolve
    from slipway.platform import promote as serve
    from slipway.workspace import Workspace

    workspace = Workspace.open(stack)
    release = resolve(workspace.state, digest)
    progress = Progress(quiet=json)
    progress.step(f"Serving {release.name} {release.short}")
    outcome = serve(workspace, name=release.name, digest=release.digest, report=progress)
    _served(workspace, outcome.changed, json=json)


def rollback(stack: Stack = "local", json: Json = False) -> None:
    """Serve the former release again."""
    from slipway.platform import roll_back
    from slipway.workspace import Workspace

    workspace = Workspace.open(stack)
    progress = Progress(quiet=json)
    progress.step("Going back to the former release")
    outcome = roll_back(workspace, progress)
    _served(workspace, outcome.changed, json=json)


def predict(
    rows: Annotated[
        str, typer.Argument(help="A JSON file with one row or a list of rows; - reads standard input.")
    ] = "",
    example: Annotated[
        bool, typer.Option("--example", help="Send a real row of the release's evaluation data.")
    ] = False,
    region: Annotated[str, typer.Option(help="Ask as a user near this region would.")] = "",
    json: Json = False,
) -> None:
    """Send rows to the model through the edge and print its answers."""
    from slipway.ask import ask
    from slipway.example import served_example

    if bool(rows) == example:
        raise UsageError("give rows or --example, one of the two", hint="slipway predict --example")
    inventory = read_inventory(State.locate().inventory)
    instances = [served_example(inventory)] if example else _read_rows(rows)
    answer = ask(inventory, instances, region=region)
    if json:
        emit(answer)
        return
    if example:
        say(f"[dim]asked   {jsonlib.dumps(instances[0])}[/]")
    for prediction in answer.body["predictions"]:
        say(jsonlib.dumps(prediction))
    say(f"[dim]{answer.region} · release {answer.release[:12]} · {answer.took_ms:.1f} ms[/]")


def _read_rows(source: str) -> list[dict[str, Any]]:
    try:
        document = jsonlib.loads(sys.stdin.read() if source == "-" else Path(source).read_text())
    except OSError as error:
        raise SlipwayError(f"{source} cannot be read: {error.strerror}") from None
    except jsonlib.JSONDecodeError as error:
        raise SlipwayError(f"{source} is not JSON: {error}", hint="`slipway predict --example` shows a row") from None
    return document if isinstance(document, list) else [document]


def _served(workspace: "Workspace", changed: int, *, json: bool) -> None:
    pin = workspace.pin
    if json:
        emit({"changed": changed, "pin": pin})
    elif pin is not None:
        former = f", former {pin.former.digest[:12]} kept for `slipway rollback`" if pin.former else ""
        say(f"[green]✓[/] {workspace.name} serves {pin.name} {pin.digest[:12]}{former}")
