"""Which inputs name other resources: those that are declared, ids of EC2's form, and ARNs of the account."""

import re
from collections.abc import Iterator

from tests.engine.simulated.aws.description import Description
from tests.engine.simulated.core.cloud import Place, Reference
from tests.engine.simulated.core.difference import is_among
from tests.engine.simulated.core.wire import UNKNOWN, Plain, leaves

_INDEX = re.compile(r"\[\d+\]")
_ID = re.compile(r"(vpc|subnet|sg|rtb|igw|nat|eipalloc|lt|vpce|fl|eni|pg)-[0-9a-f]{17}")
_ARN = re.compile(r"arn:aws:(?P<service>[a-z0-9-]+):(?P<region>[a-z0-9-]*):(?P<account>\d{12}):(?P<rest>[^*?]+)")
_SERVICES = {"iam", "kms", "sqs", "sns", "lambda", "logs", "ecr", "eks", "acm", "wafv2", "ce", "events"}
"""Services whose ARNs in an input name one resource, which has to be there; of others they may be patterns."""


def references(token: str, description: Description, inputs: Plain, place: Place) -> Iterator[Reference]:
    for path, value in leaves(inputs):
        if not isinstance(value, str) or value == UNKNOWN or not value or value.startswith("{"):
            continue
        plain = _INDEX.sub("", path)
        if is_among(path, ("tags", "tagsAll", *description.apart)):
            continue
        if plain in description.refers:
            anywhere = value.startswith("arn:")
            tokens = frozenset(f"aws:{each}" for each in description.referred(plain))
            yield Reference(path=path, value=value, tokens=tokens, anywhere=anywhere)
        elif _ID.fullmatch(value):
            yield Reference(path=path, value=value)
        elif (arn := _ARN.fullmatch(value)) and _is_ours(arn, place):
            yield Reference(path=path, value=value, anywhere=True)


def _is_ours(arn: re.Match[str], place: Place) -> bool:
    """Whether an ARN names one resource of the account, and not the account itself."""
    return arn["account"] == place.account and arn["service"] in _SERVICES and arn["rest"] != "root"
