"""The main job, from settings to an answer: what `make up` runs and a newcomer sees first."""

from typing import Any

from slipway.ask import ask
from slipway.cli.output import Progress, emit, say
from slipway.cli.training import run_training
from slipway.engine_events import Outcome
from slipway.example import served_example
from slipway.inventory import Inventory, read_inventory
from slipway.platform import bring_up, promote
from slipway.workspace import Workspace

_PATIENCE_S = 20.0


def first_run(stack: str, *, json: bool) -> None:
    """Up; train and promote where no release is pinned yet; then one real row through the edge."""
    workspace = Workspace.open(stack)
    progress = Progress(quiet=json)
    progress.step(f"Bringing up {stack}")
    outcome = bring_up(workspace, progress)
    if workspace.pin is None:
        task = workspace.settings.training.task
        progress.step(f"Training {task}: no release is served yet")
        result = run_training(workspace, quiet=json)
        progress.step(f"Serving {result.name} {result.digest[:12]}")
        outcome = promote(workspace, name=result.name, digest=result.digest, report=progress)
    _answer(workspace, outcome, json=json)


def bare_run(stack: str, *, json: bool) -> None:
    """Up and no more: a platform for a release that is promoted later."""
    workspace = Workspace.open(stack)
    progress = Progress(quiet=json)
    progress.step(f"Bringing up {stack}")
    outcome = bring_up(workspace, progress)
    inventory = read_inventory(workspace.state.inventory)
    if json:
        emit(_summary(inventory, outcome))
    else:
        say(f"[green]✓[/] up: {_changes(outcome)}\n\n  endpoint   [bold]{inventory.endpoint}[/]")


def _summary(inventory: Inventory, outcome: Outcome) -> dict[str, Any]:
    return {
        "endpoint": inventory.endpoint,
        "release": inventory.release,
        "changed": outcome.changed,
        "operations": outcome.operations,
    }


def _changes(outcome: Outcome) -> str:
    changed = f"{outcome.changed} changed" if outcome.changed else "no change"
    return f"{changed}, {outcome.operations.get('same', 0)} as they were"


def _answer(workspace: Workspace, outcome: Outcome, *, json: bool) -> None:
    inventory = read_inventory(workspace.state.inventory)
    answer = ask(inventory, [served_example(inventory)], patience_s=_PATIENCE_S)
    if json:
        emit(_summary(inventory, outcome) | {"answer": answer})
        return
    say(f"\n[green]✓[/] up: {_changes(outcome)}")
    by = f"[dim]· {answer.region} · {answer.took_ms:.1f} ms[/]"
    say(f"[green]✓[/] asked through the edge: {_words(answer.body)} {by}\n")
    say(f"  endpoint   [bold]{inventory.endpoint}[/]   [dim](bearer token: slipway token)[/]")
    say(f"  release    {inventory.release_name} {inventory.release[:12]}")
    say("  look       slipway open · slipway status · slipway logs")


def _words(body: dict[str, Any]) -> str:
    prediction = body["predictions"][0]
    label = prediction.get("label")
    return f"[bold]{label}[/] ({prediction['probabilities'][label]:.1%})" if label else str(prediction)
