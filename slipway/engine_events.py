"""What the engine says while it works: its event stream, read into changes, errors and counts.

Pure but for the stream it is given; starting and ending the engine is in engine.py.
"""

import contextlib
import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

_QUIET = frozenset({"same", "refresh", "read"})
_ECHOES = ("an unhandled error occurred: program exited", "update failed")  # of an error that was told already

Report = Callable[["Change"], None]


@dataclass(frozen=True, kw_only=True)
class Change:
    """One finished operation on one resource: op is the engine's word (create, update, replace, delete, …).

    component: it only groups others, nothing real was done.
    """

    op: str
    name: str
    type: str
    component: bool


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """How many resources had each operation; `same` counts those left alone."""

    operations: Mapping[str, int]

    @property
    def changed(self) -> int:
        return sum(count for op, count in self.operations.items() if op not in _QUIET)


@dataclass
class Heard:
    """What an engine said while it ran. asides: what the program wrote to standard error."""

    errors: list[str] = field(default_factory=list)
    asides: list[str] = field(default_factory=list)
    operations: dict[str, int] = field(default_factory=dict)

    @property
    def why(self) -> str:
        """Of a failure: the engine's errors, or all that a program which crashed left."""
        return "\n".join(self.errors or self.asides)

    def take(self, lines: Iterable[str], report: Report) -> None:
        """Follow a stream of events to its end; each change is reported as it comes."""
        for event in _events(lines):
            if message := _error(event) or _refusal(event):
                self.errors.append(message)
            if aside := _aside(event):
                self.asides.append(aside)
            if change := _change(event):
                report(change)
            self.operations |= event.get("summaryEvent", {}).get("resourceChanges", {})


def _events(stream: Iterable[str]) -> Iterator[dict[str, Any]]:
    for line in stream:
        with contextlib.suppress(json.JSONDecodeError):
            yield json.loads(line)


def _error(event: Mapping[str, Any]) -> str:
    diagnostic = event.get("diagnosticEvent", {})
    said = diagnostic.get("message", "").strip() if diagnostic.get("severity") == "error" else ""
    return "" if said.startswith(_ECHOES) else said


def _refusal(event: Mapping[str, Any]) -> str:
    """What a mandatory policy has against a resource, and how to mend it; the engine says only that it failed."""
    violation = event.get("policyEvent", {})
    if violation.get("enforcementLevel") != "mandatory":
        return ""
    resource = violation["resourceUrn"].rsplit("::", 1)[-1]
    return f"{resource}: {violation['message'].strip().splitlines()[-1]} ({violation['policyName']})"


def _aside(event: Mapping[str, Any]) -> str:
    """What the program wrote to standard error: often a warning, the only trace of a program that crashed."""
    diagnostic = event.get("diagnosticEvent", {})
    return diagnostic.get("message", "").strip() if diagnostic.get("severity") == "info#err" else ""


def _change(event: Mapping[str, Any]) -> Change | None:
    metadata = event.get("resOutputsEvent", {}).get("metadata")
    if metadata is None or metadata["op"] in _QUIET:
        return None
    return Change(
        op=metadata["op"],
        name=metadata["urn"].rsplit("::", 1)[-1],
        type=metadata["type"],
        component=not metadata.get("provider"),
    )
