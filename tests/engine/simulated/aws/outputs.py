"""What AWS adds to a resource: templates of resources/*.yaml filled from its inputs, its place and letters of its own.

A template is text with names in braces: inputs of the resource, `region`, `account`, `name`, `revision`, `zone` (the
zone's name, from its id), `host` (of a URL), `address`, and letters as `hex8`, `hex17`, `hex32`, `base13`, `uuid`. A
resource that is not described gets an ARN of the usual form where the SDK says that it has one.
"""

from tests.engine.simulated.aws.description import Description
from tests.engine.simulated.core.cloud import Made, Registration
from tests.engine.simulated.core.kinds import Kind
from tests.engine.simulated.core.templates import Names, filled

_ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"


def made(registration: Registration, description: Description, kind: Kind, naming: str) -> Made:
    names = _names(registration, naming)
    outputs = {key: filled(value, names) for key, value in description.outputs.items()}
    outputs |= dict.fromkeys(description.counts, registration.revision)
    if "arn" in kind.outputs and "arn" not in outputs:
        outputs["arn"] = _usual_arn(registration, names)
    if "tagsAll" in kind.outputs and "tagsAll" not in registration.inputs:
        outputs["tagsAll"] = registration.place.labels | registration.inputs.get("tags", {})
    if "region" in kind.properties.types and not description.whole_world:
        outputs["region"] = registration.inputs.get("region", registration.place.region)
    made_id = filled(description.id, names) if description.id else names["name"] or names["hex17"]
    others = (filled(each, names) for each in description.handles)
    own = {made_id, names["name"], *others, *(outputs[key] for key in ("arn", "url", "id") if key in outputs)}
    return Made(id=made_id, outputs=outputs, handles=frozenset(handle for handle in own if handle))


def _names(registration: Registration, naming: str) -> Names:
    letters, inputs, place = registration.letters, registration.inputs, registration.place
    texts = {key: str(value) for key, value in inputs.items() if isinstance(value, str | int | float)}
    return Names(
        {"path": "/"}
        | texts
        | {
            "account": place.account,
            "region": inputs.get("region", place.region),
            "name": str(inputs.get(naming, "")) if naming else "",
            "name_given": texts.get("name", ""),
            "host": texts.get("url", "").removeprefix("https://"),
            "address": f"203.0.113.{int(letters[:2], 16)}",  # of the range for documentation
            "revision": str(registration.revision),
            "zone": _zone_name(inputs.get("region", place.region), str(inputs.get("availabilityZoneId", ""))),
            "hex8": letters[:8],
            "hex10": letters[:10],
            "hex17": letters[:17],
            "hex32": letters[:32],
            "base13": "".join(_ALPHABET[int(letters[at : at + 2], 16) % 32] for at in range(0, 26, 2)),
            "uuid": "-".join((letters[:8], letters[8:12], letters[12:16], letters[16:20], letters[20:32])),
        }
    )


def _usual_arn(registration: Registration, names: Names) -> str:
    """`arn:aws:SERVICE:REGION:ACCOUNT:TYPE/NAME`, as most services have it."""
    service, kind = registration.token.split(":")[1].split("/")
    return filled(f"arn:aws:{service}:{{region}}:{{account}}:{kind.lower()}/{names['name'] or names['hex17']}", names)


def _zone_name(region: str, zone_id: str) -> str:
    """`us-east-1a` for `use1-az1`. In an account AWS shuffles the letters; here they follow the numbers."""
    number = zone_id.rsplit("-az", 1)[-1]
    return f"{region}{chr(ord('a') + int(number) - 1)}" if number.isdigit() else ""
