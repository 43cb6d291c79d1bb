"""Reads what `pulumi preview --json` prints: what each resource is to be, and what it is now.

The shape is the engine's preview digest (pulumi/pkg, display.PreviewDigest): `steps`, each with an operation and the
states before and after, of which only the inputs are known for what does not exist yet. A value that the engine does
not know before the update stands there as a fixed identifier.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from infra.cost.errors import NotPriced, PreviewError

_UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"  # plugin.UnknownStringValue of the engine
_PRINTED_LINES = 3
_PROVIDER_TYPE = "pulumi:providers:"
_MAKE_ONE = "pulumi preview --json --show-sames > preview.json"


@dataclass(frozen=True, kw_only=True)
class Resource:
    """One state of one resource. region: as its provider names it; empty where the preview does not say.

    depends: for each input, the URNs of what it was made from.
    """

    urn: str
    type: str
    inputs: Mapping[str, Any]
    region: str
    depends: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    @property
    def name(self) -> str:
        return self.urn.rsplit("::", 1)[-1]

    def get(self, key: str, default: Any = None) -> Any:
        """An input. Raises NotPriced when the engine does not know it before the update."""
        value = self.inputs.get(key)
        return default if value is None else _known(value, key)

    def need(self, key: str) -> Any:
        """An input without which there is no price. Raises NotPriced."""
        value = self.get(key)
        if value is None:
            raise NotPriced(f"its {key} is not in the preview")
        return value


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
    document = _document(text, source)
    if said := _failure(document.get("diagnostics") or []):
        raise PreviewError(f"{source} is of a preview that failed: {said}", hint="mend the program, then preview again")
    steps = [_step(step, source) for step in document["steps"]]
    places = _places(steps)
    changes = tuple(_changes(steps, places))
    shown = sum(1 for step in steps if step["op"] == "same")
    unchanged = document.get("changeSummary", {}).get("same", shown)
    stack = steps[0]["urn"].split("::", 1)[0].removeprefix("urn:pulumi:") if steps else ""
    return Preview(stack=stack, changes=changes, unseen=max(0, unchanged - shown))


def _document(text: str, source: str) -> dict[str, Any]:
    if not text.strip():
        raise PreviewError(f"{source} is empty", hint=_MAKE_ONE)
    try:
        document = json.loads(text)
    except json.JSONDecodeError as error:
        hint = _MAKE_ONE
        if '"sequence"' in text.splitlines()[0]:
            hint = f"unset PULUMI_ENABLE_STREAMING_JSON_PREVIEW, then {_MAKE_ONE}"
        raise PreviewError(f"{source} is not one JSON document: {error}", hint=hint) from None
    if not isinstance(document, dict) or not isinstance(document.get("steps"), list):
        raise PreviewError(f"{source} is JSON, but no preview of the engine: it has no list of steps", hint=_MAKE_ONE)
    return document


def _failure(diagnostics: list[Any]) -> str:
    """The engine's errors, after the end of what the program printed; empty when there was none."""
    if not any(note.get("severity") == "error" for note in diagnostics):
        return ""
    printed = [note["message"] for note in diagnostics if note.get("severity") == "info#err"]
    errors = [note["message"].removeprefix("error: ") for note in diagnostics if note.get("severity") == "error"]
    last = "".join(printed).strip().splitlines()[-_PRINTED_LINES:]
    return "\n".join([*last, *(error.strip() for error in errors)])


def _step(step: Any, source: str) -> dict[str, Any]:
    if not isinstance(step, dict) or not isinstance(step.get("urn"), str) or step["urn"].count("::") < 3:
        raise PreviewError(f"{source} has a step without a URN", hint=_MAKE_ONE)
    return step


def _places(steps: list[dict[str, Any]]) -> dict[str, str]:
    """The region of each provider that the preview shows, by its URN."""
    found: dict[str, str] = {}
    for step in steps:
        if _type_of(step["urn"]).startswith(_PROVIDER_TYPE):
            state = step.get("newState") or step.get("oldState") or {}
            region = (state.get("inputs") or {}).get("region")
            if isinstance(region, str) and region != _UNKNOWN:
                found[step["urn"]] = region
    return found


def _changes(steps: list[dict[str, Any]], places: Mapping[str, str]) -> Iterator[Change]:
    """One for each resource that a provider manages; a replacement comes as three steps and is one change."""
    by_urn: dict[str, list[dict[str, Any]]] = {}
    for step in steps:
        by_urn.setdefault(step["urn"], []).append(step)
    for urn, mine in by_urn.items():
        kind = _type_of(urn)
        states = [step.get("newState") or step.get("oldState") or {} for step in mine]
        if kind.startswith("pulumi:") or not any(state.get("custom") for state in states):
            continue
        if all(step["op"] in ("read", "read-replacement", "read-discard") for step in mine):
            continue  # another stack pays for it
        before = next((step["oldState"] for step in mine if step.get("oldState")), None)
        after = next((step["newState"] for step in mine if step.get("newState")), None)
        yield Change(
            urn=urn,
            op=mine[0]["op"] if len(mine) == 1 else "replace",
            before=before and _resource(urn, before, places),
            after=after and _resource(urn, after, places),
        )


def _resource(urn: str, state: Mapping[str, Any], places: Mapping[str, str]) -> Resource:
    inputs = state.get("inputs") or {}
    provider = str(state.get("provider", "")).rsplit("::", 1)[0]
    return Resource(
        urn=urn,
        type=_type_of(urn),
        inputs=inputs,
        region=_region(inputs) or places.get(provider, ""),
        depends={key: tuple(urns) for key, urns in (state.get("propertyDependencies") or {}).items()},
    )


def _region(inputs: Mapping[str, Any]) -> str:
    """AWS and many Google resources say their region; others a zone (`us-central1-a`), or a location that is either."""
    for key in ("region", "location", "zone"):
        value = inputs.get(key)
        if isinstance(value, str) and value not in ("", _UNKNOWN, "global"):
            stem, _, last = value.rpartition("-")
            return stem if len(last) == 1 and last.isalpha() else value
    return ""


def _type_of(urn: str) -> str:
    """The last part of the qualified type, which names the parents' types before it."""
    return urn.split("::")[2].rsplit("$", 1)[-1]


def _known(value: Any, key: str) -> Any:
    if value == _UNKNOWN:
        raise NotPriced(f"its {key} is known only after the update")
    return value
