"""Reads what `pulumi preview --json` prints: what each resource is to be, and what it is now.

The shape is the engine's preview digest (pulumi/pkg, display.PreviewDigest): `steps`, each with an operation and the
states before and after, of which only the inputs are known for what does not exist yet.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import msgspec

from infra.cost.errors import PreviewError
from infra.cost.inputs import UNKNOWN

_PRINTED_LINES = 3
_PROVIDER_TYPE = "pulumi:providers:"
_MAKE_ONE = "pulumi preview --json --show-sames > preview.json"
_READ = ("read", "read-replacement", "read-discard")


class _State(msgspec.Struct, frozen=True, rename="camel"):
    custom: bool = False
    inputs: dict[str, Any] | None = None
    provider: str = ""
    property_dependencies: dict[str, list[str] | None] | None = None


class _Step(msgspec.Struct, frozen=True, rename="camel"):
    op: str
    urn: str
    old_state: _State | None = None
    new_state: _State | None = None


class _Note(msgspec.Struct, frozen=True):
    message: str = ""
    severity: str = ""


class _Digest(msgspec.Struct, frozen=True, rename="camel"):
    """The engine leaves out what is empty, steps too."""

    steps: list[_Step] | None = None
    diagnostics: list[_Note] | None = None
    change_summary: dict[str, int] | None = None


@dataclass(frozen=True, kw_only=True)
class Resource:
    """One state of one resource. region: as its provider names it; empty where the preview does not say.

    depends: for each input, the URNs of what it was made from.
    """

    urn: str
    type: str
    inputs: Mapping[str, Any]
    region: str
    depends: Mapping[str, tuple[str, ...]] = field(default_factory=dict[str, tuple[str, ...]])

    @property
    def name(self) -> str:
        return self.urn.rsplit("::", 1)[-1]


@dataclass(frozen=True, kw_only=True)
class Change:
    """What the update does to one resource: `before` is None when it is new, `after` when it goes."""

    urn: str
    op: str
    before: Resource | None
    after: Resource | None

    @property
    def type(self) -> str:
        return _type_of(self.urn)

    @property
    def name(self) -> str:
        return self.urn.rsplit("::", 1)[-1]


@dataclass(frozen=True, kw_only=True)
class Preview:
    """unseen: resources that stay as they are and that the preview left out."""

    stack: str
    changes: tuple[Change, ...]
    unseen: int


def read_preview(text: str, source: str = "the preview") -> Preview:
    """What a preview says. source: how errors call it.

    Raises PreviewError when it is not JSON, is no preview, or is one that failed, with the engine's own words.
    """
    digest = _digest(text, source)
    if said := _failure(digest.diagnostics or []):
        raise PreviewError(f"{source} is of a preview that failed: {said}", hint="mend the program, then preview again")
    steps = digest.steps or []
    shown = sum(1 for step in steps if step.op == "same")
    unchanged = (digest.change_summary or {}).get("same", shown)
    stack = steps[0].urn.split("::", 1)[0].removeprefix("urn:pulumi:") if steps else ""
    return Preview(stack=stack, changes=tuple(_changes(steps, _places(steps))), unseen=max(0, unchanged - shown))


def _digest(text: str, source: str) -> _Digest:
    if not text.strip():
        raise PreviewError(f"{source} is empty", hint=_MAKE_ONE)
    try:
        digest = msgspec.json.decode(text, type=_Digest)
    except msgspec.ValidationError as error:
        raise PreviewError(f"{source} is JSON, but no preview of the engine: {error}", hint=_MAKE_ONE) from None
    except (msgspec.DecodeError, RecursionError) as error:
        hint = _MAKE_ONE
        if '"sequence"' in text.splitlines()[0]:
            hint = f"unset PULUMI_ENABLE_STREAMING_JSON_PREVIEW, then {_MAKE_ONE}"
        raise PreviewError(f"{source} is not one JSON document: {error}", hint=hint) from None
    if digest.steps is None and not digest.diagnostics:
        raise PreviewError(f"{source} is JSON, but no preview of the engine: it has no steps", hint=_MAKE_ONE)
    if any(step.urn.count("::") < 3 for step in digest.steps or []):
        raise PreviewError(f"{source} is no preview of the engine: it has a step without a URN", hint=_MAKE_ONE)
    return digest


def _failure(notes: Sequence[_Note]) -> str:
    """The engine's errors, after the end of what the program printed; empty when there was none."""
    errors = [note.message.removeprefix("error: ").strip() for note in notes if note.severity == "error"]
    if not errors:
        return ""
    printed = "".join(note.message for note in notes if note.severity == "info#err")
    return "\n".join([*printed.strip().splitlines()[-_PRINTED_LINES:], *errors])


def _places(steps: Sequence[_Step]) -> dict[str, str]:
    """The region of each provider that the preview shows, by its URN."""
    found: dict[str, str] = {}
    for step in steps:
        state = step.new_state or step.old_state
        if _type_of(step.urn).startswith(_PROVIDER_TYPE) and state and state.inputs:
            region = state.inputs.get("region")
            if isinstance(region, str) and region != UNKNOWN:
                found[step.urn] = region
    return found


def _changes(steps: Sequence[_Step], places: Mapping[str, str]) -> Iterator[Change]:
    """One for each resource that a provider manages; a replacement comes as three steps and is one change."""
    by_urn: dict[str, list[_Step]] = {}
    for step in steps:
        by_urn.setdefault(step.urn, []).append(step)
    for urn, mine in by_urn.items():
        before = next((step.old_state for step in mine if step.old_state), None)
        after = next((step.new_state for step in mine if step.new_state), None)
        state = after or before
        if state is None or not state.custom or _type_of(urn).startswith("pulumi:"):
            continue
        if all(step.op in _READ for step in mine):
            continue  # another stack pays for it
        yield Change(
            urn=urn,
            op=mine[0].op if len(mine) == 1 else "replace",
            before=before and _resource(urn, before, places),
            after=after and _resource(urn, after, places),
        )


def _resource(urn: str, state: _State, places: Mapping[str, str]) -> Resource:
    inputs = state.inputs or {}
    depends = state.property_dependencies or {}
    return Resource(
        urn=urn,
        type=_type_of(urn),
        inputs=inputs,
        region=_region(inputs) or places.get(state.provider.rsplit("::", 1)[0], ""),
        depends={key: tuple(urns or ()) for key, urns in depends.items()},
    )


def _region(inputs: Mapping[str, Any]) -> str:
    """AWS and many Google resources say their region; others a zone (`us-central1-a`), or a location that is either."""
    for key in ("region", "location", "zone"):
        value = inputs.get(key)
        if isinstance(value, str) and value not in ("", UNKNOWN, "global"):
            stem, _, last = value.rpartition("-")
            return stem if len(last) == 1 and last.isalpha() else value
    return ""


def _type_of(urn: str) -> str:
    """The last part of the qualified type, which names the parents' types before it."""
    return urn.split("::")[2].rsplit("$", 1)[-1]
