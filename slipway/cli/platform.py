"""Commands on what runs: up, down, status, scale, logs."""

import time
from collections import deque
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.live import Live
from rich.table import Table

from slipway.cli.output import Json, Progress, Stack, console, emit, say
from slipway.errors import SlipwayError
from slipway.inventory import Inventory, Running, read_inventory
from slipway.paths import State

if TYPE_CHECKING:
    pass

if TYPE_CHECKING:
    from slipway.status import Observation

_RATE_WINDOW_S = 0.5
_WATCH_S = 2.0
_FOLLOW_S = 0.2


def register(app: typer.Typer) -> None:
    app.command(epilog="Examples: `slipway up` · `slipway up --json` · `slipway up --bare`")(up)
    app.command(epilog="Examples: `slipway down` · `slipway down --purge`")(down)
    app.command(epilog="Examples: `slipway status` · `slipway status --watch` · `slipway status --json`")(status)
    app.command(epilog="Example: `slipway scale predictor-us-east-1 3`")(scale)
    app.command(epilog="Examples: `slipway logs` · `slipway logs predictor-us-east-1 -f` · `slipway logs edge -n 50`")(
        logs
    )


def up(
    stack: Stack = "local",
    bare: Annotated[bool, typer.Option("--bare", help="Only what the pin says: train nothing, ask nothing.")] = False,
    json: Json = False,
) -> None:
    """Bring the stack up, train a first release where none is served yet, and ask it one question through the edge."""
    from slipway.cli.first_run import bare_run, first_run

    (bare_run if bare else first_run)(stack, json=json)


def down(
    stack: Stack = "local",
    purge: Annotated[bool, typer.Option("--purge", help="Also delete releases, runs and tasks.")] = False,
    json: Json = False,
) -> None:
    """Remove all that runs and all that was written for it. Releases and runs stay, as in a bucket, unless --purge."""
    from slipway.platform import bring_down, left_behind
    from slipway.workspace import Workspace

    workspace = Workspace.open(stack)
    progress = Progress(quiet=json)
    progress.step(f"Taking down {stack}")
    outcome = bring_down(workspace, progress, purge=purge)
    kept = left_behind(workspace.state.store)
    if json:
        emit({"operations": outcome.operations, "kept_bytes": kept})
    elif kept:
        say(f"Nothing runs. Kept: releases and runs ({kept / 1e6:.1f} MB); `slipway down --purge` deletes them.")
    else:
        say("Nothing runs, nothing is kept.")


def status(
    json: Json = False,
    watch: Annotated[bool, typer.Option("--watch", "-w", help="Look again every two seconds until Ctrl-C.")] = False,
) -> None:
    """What runs where: regions, replicas, health, release, request rate, latency, queue."""
    from slipway.status import observe, summarise

    inventory = read_inventory(State.locate().inventory)
    before = observe(inventory)
    time.sleep(_RATE_WINDOW_S)
    now = observe(inventory)
    if json:
        emit(summarise(inventory, now, before))
        return
    if not watch:
        console.print(status_table(inventory, now, before))
        return
    with Live(status_table(inventory, now, before), console=console, auto_refresh=False) as live:
        while True:
            time.sleep(_WATCH_S)
            before, now = now, observe(inventory)
            live.update(status_table(inventory, now, before), refresh=True)


def status_table(inventory: Inventory, now: "Observation", before: "Observation") -> Table:
    """A snapshot as people read it."""
    from slipway.status import summarise

    seen = summarise(inventory, now, before)
    p95 = "–" if seen.rates.p95_ms is None else f"{seen.rates.p95_ms:.1f} ms"
    caption = (
        f"{seen.release_name} {seen.release[:12]} · {seen.rates.requests_per_s:.1f} requests/s · p95 {p95} · "
        f"{'–' if seen.queue_depth is None else seen.queue_depth} tasks waiting"
        if seen.release
        else "no release is served yet: slipway train, then slipway promote"
    )
    table = Table(
        title=seen.endpoint, caption=caption, title_style="bold", box=None, pad_edge=False, padding=(0, 2, 0, 0)
    )
    for column in ("service", "region", "replica", "health", "port", "pid", "up for"):
        table.add_column(column, justify="right" if column in ("replica", "port", "pid") else "left")
    colours = {"healthy": "[green]● healthy[/]", "unhealthy": "[red]● unhealthy[/]", "unknown": "○ unknown"}
    for service in seen.services:
        for replica in service.replicas:
            off = replica.state == "stopped"
            table.add_row(
                service.name,
                service.region or "–",
                str(replica.slot),
                "[dim]○ off[/]" if off else colours[replica.health],
                str(replica.port),
                "–" if off else str(replica.pid),
                "–" if off else f"{replica.uptime_s:.0f} s",
            )
    return table


def scale(
    service: Annotated[str, typer.Argument(help="A service, as `slipway status` names it.")],
    replicas: Annotated[int, typer.Argument(min=0, help="How many of its slots should run.")],
) -> None:
    """Start or stop replicas of a service within its bounds; the engine does not see it as drift."""
    from slipway.slots import slots, start_slot, stop_slot

    inventory = read_inventory(State.locate().inventory)
    running = _find(inventory, service)
    if replicas > len(running.ports):
        raise SlipwayError(
            f"{service} has {len(running.ports)} slots, not {replicas}",
            hint="raise replicas.max in the stack's settings",
        )
    socket = Path(inventory.supervisor_socket)
    mine = sorted((s for s in slots(socket) if s.service == running.service_id), key=lambda s: s.slot)
    for slot in mine:
        if slot.slot < replicas and slot.state not in ("running", "starting"):
            start_slot(socket, running.service_id, slot.slot)
            say(f"[green]+[/] {service} replica {slot.slot} on port {running.ports[slot.slot]}")
        elif slot.slot >= replicas and slot.state in ("running", "starting"):
            stop_slot(socket, running.service_id, slot.slot)
            say(f"[red]-[/] {service} replica {slot.slot} drained")


def logs(
    service: Annotated[
        str, typer.Argument(help="A service, as `slipway status` names it; all of them when left out.")
    ] = "",
    lines: Annotated[int, typer.Option("--lines", "-n", min=1, max=10_000, help="Last lines of each file.")] = 20,
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Go on printing until Ctrl-C.")] = False,
) -> None:
    """The last lines that services wrote, each behind the name of its file."""
    inventory = read_inventory(State.locate().inventory)
    chosen = [_find(inventory, service)] if service else inventory.services
    files = {
        file: f"{running.name} {file.stem}"
        for running in chosen
        for file in sorted(Path(running.log_folder).glob("*.log"))
    }
    positions = {file: _print_tail(file, name, lines) for file, name in files.items()}
    while follow:
        time.sleep(_FOLLOW_S)
        positions = {file: _print_from(file, files[file], position) for file, position in positions.items()}


def _print_tail(file: Path, name: str, lines: int) -> int:
    with file.open(errors="replace") as stream:
        for line in deque(stream, maxlen=lines):
            typer.echo(f"{name} | {line.rstrip()}")
        return stream.tell()


def _print_from(file: Path, name: str, position: int) -> int:
    """Prints what came since `position`; a file that became shorter was rotated and is read from its start."""
    with file.open(errors="replace") as stream:
        stream.seek(position if position <= file.stat().st_size else 0)
        for line in stream.readlines():
            typer.echo(f"{name} | {line.rstrip()}")
        return stream.tell()


def _find(inventory: Inventory, name: str) -> Running:
    for running in inventory.services:
        if running.name == name:
            return running
    names = ", ".join(running.name for running in inventory.services)
    raise SlipwayError(f"there is no service {name!r}", hint=f"one of: {names}")
