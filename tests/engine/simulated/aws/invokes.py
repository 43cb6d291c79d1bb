"""What a program may ask of AWS in a preview, answered from the place where its provider works."""

import hashlib
import json
from collections.abc import Callable, Mapping
from typing import Any

from tests.engine.simulated.core.cloud import Find, Place
from tests.engine.simulated.core.problem import RefusedError
from tests.engine.simulated.core.wire import Plain

_ZONES = {"us-east-1": 6, "us-west-2": 4, "eu-west-1": 3, "eu-central-1": 3, "ap-south-1": 3}
_FEWEST = 3


def invoke(token: str, arguments: Plain, place: Place, find: Find) -> Plain:
    """Raises RefusedError for a question that nobody has asked so far."""
    if token not in _ANSWERS:
        raise RefusedError(
            "NotSimulated", f"{token} is not answered here; tests/engine/simulated/aws/invokes.py lists what is"
        )
    return _ANSWERS[token](arguments, place)


def _caller(_: Plain, place: Place) -> Plain:
    arn = f"arn:aws:sts::{place.account}:assumed-role/simulated/slipway"
    return {"id": place.account, "accountId": place.account, "arn": arn, "userId": "AROASIMULATED:slipway"}


def _zones(_: Plain, place: Place) -> Plain:
    letters = "abcdef"[: _ZONES.get(place.region, _FEWEST)]
    ids = [f"{_short(place.region)}-az{position}" for position in range(1, len(letters) + 1)]
    names = [f"{place.region}{letter}" for letter in letters]
    return {
        "id": place.region,
        "names": names,
        "zoneIds": ids,
        "groupNames": [f"{place.region}-zg-1"],
        "region": place.region,
    }


def _short(region: str) -> str:
    """`use1` for `us-east-1`, as zone ids begin."""
    area, direction, number = region.rsplit("-", 2)
    sides = {"northeast": "ne", "southeast": "se", "northwest": "nw", "southwest": "sw"}
    return f"{area}{sides.get(direction, direction[0])}{number}"


def _region(arguments: Plain, place: Place) -> Plain:
    name = arguments.get("region", place.region)
    return {"id": name, "name": name, "region": name, "endpoint": f"ec2.{name}.amazonaws.com", "description": name}


def _partition(_: Plain, __: Place) -> Plain:
    suffix = {"dnsSuffix": "amazonaws.com", "reverseDnsPrefix": "com.amazonaws"}
    return {"id": "aws", "partition": "aws", **suffix}


def _document(arguments: Plain, _: Place) -> Plain:
    rendered = {
        "Version": arguments.get("version", "2012-10-17"),
        "Statement": list(map(_statement, arguments.get("statements", ()))),
    }
    text = json.dumps(rendered, indent=2)
    return {
        **arguments,
        "id": hashlib.sha256(text.encode()).hexdigest()[:10],
        "json": text,
        "minifiedJson": json.dumps(rendered),
    }


def _statement(given: Mapping[str, Any]) -> dict[str, Any]:
    """As the provider renders it: a list of one is that one."""
    statement: dict[str, Any] = {"Effect": given.get("effect", "Allow")}
    for key in ("sid", "actions", "notActions", "resources", "notResources"):
        if values := given.get(key):
            name = f"{key[0].upper()}{key[1:]}".removesuffix("s")
            statement[name] = values[0] if isinstance(values, list) and len(values) == 1 else values
    for who in ("principals", "notPrincipals"):
        if named := given.get(who):
            people = {each["type"]: each["identifiers"] for each in named}
            statement[f"{who[0].upper()}{who[1:]}".removesuffix("s")] = "*" if people.get("*") == ["*"] else people
    for condition in given.get("conditions", ()):
        statement.setdefault("Condition", {}).setdefault(condition["test"], {})[condition["variable"]] = condition[
            "values"
        ]
    return statement


def _parameter(arguments: Plain, place: Place) -> Plain:
    name = arguments["name"]
    if not name.startswith("/aws/service/"):
        raise RefusedError("ParameterNotFound", f"{name}; only AWS' own, below /aws/service/, are simulated")
    image = f"ami-{hashlib.sha256(f'{place.region}{name}'.encode()).hexdigest()[:17]}"
    return {"id": name, "name": name, "type": "String", "value": image, "insecureValue": image, "version": 1}


def _image(arguments: Plain, place: Place) -> Plain:
    found = f"ami-{hashlib.sha256(f'{place.region}{json.dumps(arguments, sort_keys=True)}'.encode()).hexdigest()[:17]}"
    return {
        "id": found,
        "imageId": found,
        "architecture": "x86_64",
        "rootDeviceName": "/dev/xvda",
        "state": "available",
    }


def _hosted_zone(arguments: Plain, _: Place) -> Plain:
    """A zone is somebody's before a stack is: any is found."""
    name = arguments.get("name", "example.com")
    zone = arguments.get("zoneId") or f"Z{hashlib.sha256(name.encode()).hexdigest()[:13].upper()}"
    return {
        "id": zone,
        "zoneId": zone,
        "name": name,
        "arn": f"arn:aws:route53:::hostedzone/{zone}",
        "privateZone": False,
    }


_ANSWERS: dict[str, Callable[[Plain, Place], Plain]] = {
    "aws:index/getCallerIdentity:getCallerIdentity": _caller,
    "aws:index/getAvailabilityZones:getAvailabilityZones": _zones,
    "aws:index/getRegion:getRegion": _region,
    "aws:index/getPartition:getPartition": _partition,
    "aws:iam/getPolicyDocument:getPolicyDocument": _document,
    "aws:ssm/getParameter:getParameter": _parameter,
    "aws:ec2/getAmi:getAmi": _image,
    "aws:route53/getZone:getZone": _hosted_zone,
}
