"""What Google adds to a resource: templates of resources/*.yaml filled from its inputs, its place and its own letters.

A template is text with names in braces: inputs of the resource (`x_last`: what follows the last slash of one),
`project`, `number` (of the project), `region`, `location`, `name`, `id`, `revision`, `address`, `condition` (which one,
of a binding), and of its own `digits6`, `digits19`, `hex8`, `hex16`, `uuid`, `words4`. A resource that is not described
gets what its SDK says that it has: a link to itself, labels in effect, times.
"""

import hashlib
import os
from collections.abc import Mapping
from typing import Any

from tests.engine.simulated.core.cloud import Made, Place, Registration
from tests.engine.simulated.core.kinds import Kind
from tests.engine.simulated.core.templates import Names, filled
from tests.engine.simulated.core.wire import UNKNOWN, Plain
from tests.engine.simulated.gcp.description import Description

NUMBER_VARIABLE = "SLIPWAY_SIMULATED_PROJECT_NUMBER"
"""The number of every simulated project; unset, one is made of the project's id."""

_TIME = "2026-11-23T00:00:00Z"
_TIMES = ("createTime", "creationTime", "creationTimestamp", "timeCreated", "updateTime", "updated")
_MARKS = ("etag", "fingerprint", "labelFingerprint")
_COMPUTE = "https://www.googleapis.com/compute/v1/"


def number(project: str) -> str:
    """A project's number, 12 digits, the same for the same id."""
    digits = str(int(hashlib.sha256(project.encode()).hexdigest()[:12], 16))
    return os.environ.get(NUMBER_VARIABLE) or f"{digits:0<12}"[:12]


def foretold(description: Description, kind: Kind, inputs: Plain, place: Place) -> Plain:
    """Where it is and which labels it carries, as the provider works out before it calls."""
    known: Plain = {}
    types = kind.properties.types
    if "project" in types:
        known["project"] = inputs.get("project", place.account)
    for where in ("region", "location"):
        if where in types:
            known[where] = inputs.get(where) or description.location or place.region
    if "pulumiLabels" in kind.outputs:
        given = inputs.get("labels", inputs.get("resourceLabels", {}))
        whole = UNKNOWN if given == UNKNOWN else {**place.labels, **given}
        known |= {"pulumiLabels": whole, "effectiveLabels": whole}
    return known


def made(registration: Registration, description: Description, kind: Kind, naming: str) -> Made:
    known = foretold(description, kind, registration.inputs, registration.place)
    names = _names(registration, known, naming)
    made_id = filled(description.id, names).rstrip("/") if description.id else _usual_id(registration, names)
    names["id"] = made_id
    outputs: Plain = {**known, **_usual(kind, registration, names), **filled(description.outputs, names)}
    others = (filled(each, names) for each in description.handles)
    own = {made_id, _numbered(made_id, names), *others, *(outputs.get(key) for key in ("selfLink", "email", "name"))}
    own |= {str(registration.inputs.get(naming, ""))} if naming else set()
    return Made(id=made_id, outputs=outputs, handles=frozenset(handle for handle in own if handle))


def _usual(kind: Kind, registration: Registration, names: Names) -> dict[str, Any]:
    """Outputs that mean the same wherever they are."""
    told: dict[str, Any] = {name: _TIME for name in _TIMES if name in kind.outputs}
    told |= {name: f"{names['hex8']}{registration.revision:x}" for name in _MARKS if name in kind.outputs}
    if "name" in kind.outputs:
        told["name"] = names["id"]
    if "selfLink" in kind.outputs:
        told["selfLink"] = f"{_COMPUTE}{names['id']}"
    return told


def _names(registration: Registration, known: Plain, naming: str) -> Names:
    letters, inputs = registration.letters, registration.inputs
    project = str(known.get("project") or inputs.get("project") or registration.place.account)
    region = str(known.get("region") or known.get("location") or registration.place.region)
    own = {
        "project": project,
        "number": number(project),
        "region": region,
        "location": str(known.get("location") or region),
        "name": str(inputs.get(naming) or f"{int(letters[:16], 16):019d}"[:19]),
        "revision": str(registration.revision),
        "address": _address(letters, inputs),
        "condition": _condition(inputs.get("condition")),
        "digits6": f"{1 + int(letters[:5], 16) % 999_999}",
        "digits19": f"{int(letters[:16], 16):019d}"[:19],
        "hex8": letters[:8],
        "hex16": letters[:16],
        "words4": "".join(chr(ord("a") + int(letters[at : at + 2], 16) % 26) for at in range(0, 20, 2)),
        "uuid": "-".join((letters[:8], letters[8:12], letters[12:16], letters[16:20], letters[20:32])),
    }
    return Names(_texts(inputs) | own)


def _texts(inputs: Mapping[str, Any]) -> dict[str, str]:
    texts = {key: str(value) for key, value in inputs.items() if isinstance(value, str | int | float)}
    return texts | {f"{key}_last": _last(value) for key, value in texts.items()}


def _address(letters: str, inputs: Plain) -> str:
    """Of the ranges for documentation."""
    if inputs.get("ipVersion") == "IPV6":
        return f"2001:db8:{letters[:4]}:{letters[4:8]}::"
    return f"203.0.113.{int(letters[:2], 16)}"


def _condition(given: Any) -> str:
    """Two bindings that differ in their condition alone are two."""
    if not isinstance(given, Mapping):
        return ""
    return f"{given.get('title', '')}-{hashlib.sha256(str(sorted(given.items())).encode()).hexdigest()[:8]}"


def _last(text: str) -> str:
    return text if text == UNKNOWN else text.rstrip("/").rsplit("/", 1)[-1]


def _usual_id(registration: Registration, names: Names) -> str:
    """`projects/PROJECT/COLLECTION/NAME`, as most have it, with the region where there is one."""
    collection = registration.token.rsplit(":", 1)[1]
    where = f"locations/{names['location']}/" if {"region", "location"} & registration.inputs.keys() else ""
    return f"projects/{names['project']}/{where}{collection[0].lower()}{collection[1:]}s/{names['name']}"


def _numbered(made_id: str, names: Names) -> str:
    """The same id with the project's number, as some of Google's services tell it."""
    return made_id.replace(f"projects/{names['project']}/", f"projects/{names['number']}/", 1)
