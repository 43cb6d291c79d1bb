"""How the command line speaks: people read coloured lines on a terminal, scripts read JSON, pipes get no colour."""

import time
from typing import Annotated, Any

import msgspec
import typer
from rich.console import Console
from rich.markup import escape

from slipway.engine_events import Change
from slipway.errors import SlipwayError

console = Console(highlight=False, soft_wrap=True, emoji=False)
errors = Console(stderr=True, highlight=False, soft_wrap=True, emoji=False)

_MARKS = {"create": "[green]+[/]", "delete": "[red]-[/]", "update": "[yellow]~[/]"}

Stack = Annotated[str, typer.Option("--stack", "-s", help="A stack is a file stacks/Pulumi.<stack>.yaml.")]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON document for scripts.")]


def say(text: str) -> None:
    console.print(text)


def emit(document: Any) -> None:
    """One JSON document on standard output."""
    typer.echo(msgspec.json.format(msgspec.json.encode(document), indent=2).decode())


def show_error(error: SlipwayError) -> None:
    errors.print(f"[bold red]error:[/] {escape(error.message)}")
    if error.hint:
        errors.print(f"[dim]try:[/]   {escape(error.hint)}")


class Progress:
    """Tells each change as the engine makes it. quiet: for --json, whose output is one document at the end."""

    def __init__(self, *, quiet: bool) -> None:
        self._quiet = quiet
        self._started = time.monotonic()

    def __call__(self, change: Change) -> None:
        if self._quiet or change.component or change.type.startswith("pulumi:"):
            return
        mark = next((mark for op, mark in _MARKS.items() if op in change.op), "[yellow]±[/]")
        kind = change.type.rsplit(":", 1)[-1]
        say(f"  {mark} {change.name} [dim]{kind.lower()} · {time.monotonic() - self._started:.1f} s[/]")

    def step(self, text: str) -> None:
        if not self._quiet:
            say(f"[bold]{text}[/]")
