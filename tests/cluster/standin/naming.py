"""What is read out of an object's metadata, and the name of one that gives none. Pure."""

from collections.abc import Mapping
from typing import Any

from tests.engine.simulated.core.wire import Plain

AUTONAMED = "pulumi.com/autonamed"
_SKIP_AWAIT = "pulumi.com/skipAwait"
_PATCH_FORCE = "pulumi.com/patchForce"
_TIMEOUT = "pulumi.com/timeoutSeconds"
_PROPAGATION = "pulumi.com/deletionPropagationPolicy"
_LETTERS = 8


def metadata(inputs: Mapping[str, Any]) -> Mapping[str, Any]:
    found = inputs.get("metadata")
    return found if isinstance(found, Mapping) else {}


def annotations(inputs: Mapping[str, Any]) -> Mapping[str, Any]:
    found = metadata(inputs).get("annotations")
    return found if isinstance(found, Mapping) else {}


def drawn(inputs: Plain, former: Plain, name: str, letters: str) -> Plain:
    """The metadata to add where the program gives no name: the one that was drawn before, or a new one."""
    if "name" in metadata(inputs) or "generateName" in metadata(inputs):
        return {}
    kept = metadata(former).get("name") if is_autonamed(former) else None
    return {"metadata": {"name": kept or f"{name}-{letters[:_LETTERS]}", "annotations": {AUTONAMED: "true"}}}


def is_autonamed(inputs: Mapping[str, Any]) -> bool:
    return annotations(inputs).get(AUTONAMED) == "true"


def skips_await(inputs: Mapping[str, Any]) -> bool:
    return annotations(inputs).get(_SKIP_AWAIT) == "true"


def forces(inputs: Mapping[str, Any]) -> bool:
    return annotations(inputs).get(_PATCH_FORCE) == "true"


def timeout_s(inputs: Mapping[str, Any]) -> float | None:
    found = annotations(inputs).get(_TIMEOUT)
    return float(found) if isinstance(found, str) and found.isdecimal() else None


def propagation(inputs: Mapping[str, Any]) -> str:
    """How what belongs to an object goes with it; `foreground` is Pulumi's usual."""
    said = annotations(inputs).get(_PROPAGATION, "foreground")
    return {"background": "Background", "orphan": "Orphan"}.get(said, "Foreground")
