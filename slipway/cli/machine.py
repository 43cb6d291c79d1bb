"""Commands on this machine: doctor, env, token, open, ui."""

import shlex
import webbrowser
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from slipway.cli.output import Json, Stack, console, emit, say
from slipway.inventory import read_inventory
from slipway.paths import State


def register(app: typer.Typer) -> None:
    app.command(epilog="Examples: `slipway doctor` · `slipway doctor --json`")(doctor)
    app.command(epilog='Example: `eval "$(slipway env)"`, then `pulumi up -s local`')(env)
    app.command(epilog='Example: `curl -H "authorization: Bearer $(slipway token)" …`')(token)
    app.command(epilog="Example: `curl $(slipway endpoint)/openapi.json`")(endpoint)
    app.command("open", epilog="Examples: `slipway open` · `slipway open --print`")(open_page)
    app.command(epilog="Examples: `slipway ui` · `slipway ui --stop`")(ui)


def doctor(json: Json = False) -> None:
    """What was found on this machine, what is missing and what to do about it, for every target."""
    from slipway.doctor import examine

    findings = examine()
    if json:
        emit(findings)
    else:
        table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
        for column in ("target", "", "found", "to do"):
            table.add_column(column)
        marks = {"ok": "[green]✓[/]", "warning": "[yellow]![/]", "missing": "[red]✗[/]"}
        for finding in findings:
            table.add_row(finding.area, marks[finding.status], finding.found, finding.remedy)
        console.print(table)
    if any(finding.status == "missing" and finding.area == "local" for finding in findings):
        raise typer.Exit(1)


def env(stack: Stack = "local") -> None:
    """Shell lines that let the plain `pulumi` command work on a stack as this tool does. No secret is printed."""
    from slipway.workspace import Workspace

    for name, value in sorted(Workspace.open(stack).engine_variables.items()):
        typer.echo(f"export {name}={shlex.quote(value)}")


def token() -> None:
    """The edge's bearer token, for a client of yours. Keep it out of logs."""
    from slipway.ask import read_token

    typer.echo(read_token(read_inventory(State.locate().inventory)))


def endpoint() -> None:
    """The URL that callers use."""
    typer.echo(read_inventory(State.locate().inventory).endpoint)


def open_page(
    show: Annotated[bool, typer.Option("--print", help="Print the link instead of opening a browser.")] = False,
) -> None:
    """Open the status page with its token. It travels in the URL's fragment, which no server sees."""
    from slipway.ask import read_token

    inventory = read_inventory(State.locate().inventory)
    link = f"{inventory.endpoint}/#token={read_token(inventory)}"
    if show or not webbrowser.open(link):
        typer.echo(link)


def ui(stop: Annotated[bool, typer.Option("--stop", help="Stop it again; it takes 550 MB.")] = False) -> None:
    """Start MLflow's page on the runs and models of this machine. The first start takes about 20 seconds."""
    from slipway.slots import start_slot, stop_slot

    inventory = read_inventory(State.locate().inventory)
    tracking = next(running for running in inventory.services if running.role == "tracking")
    socket = Path(inventory.supervisor_socket)
    if stop:
        stop_slot(socket, tracking.service_id, 0)
        say("MLflow's page is stopped.")
        return
    start_slot(socket, tracking.service_id, 0)
    say(f"MLflow starts on {inventory.links['mlflow']}")
