"""No secret stands anywhere in plain text: not in a property, not in an output, not inside a document.

A secret is known by its shape (keys that clouds and forges hand out, private keys), by the name that it stands under,
or by looking like nothing but chance. What the engine keeps encrypted is passed over. A message says where, never what.
"""

import base64
import math
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from infra.policy.kubernetes import identity as kubernetes
from infra.policy.rule import ANY_CLOUD, Found, Rule
from infra.policy.stack import STACK_TYPE, Resource, Sealed, Stack, is_block, is_list, parsed
from infra.policy.terms import Terms

_SHAPES = {
    "an AWS access key": re.compile(r"\b(AKIA|ASIA)[0-9A-Z]{16}\b"),
    "a private key": re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----"),
    "a GitHub token": re.compile(r"\b(gh[pousr]_[A-Za-z0-9]{36,}|github_pat_[A-Za-z0-9_]{22,})"),
    "a Google API key": re.compile(r"\bAIza[0-9A-Za-z_-]{35}\b"),
    "a Slack token": re.compile(r"\bxox[abprs]-[0-9A-Za-z-]{10,}"),
    "a Hugging Face token": re.compile(r"\bhf_[A-Za-z0-9]{30,}"),
    "a signed token": re.compile(r"\beyJ[A-Za-z0-9_-]{10,}\.eyJ[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]+"),
    "a password in an address": re.compile(r"://[^/\s:@]+:[^/\s:@]+@"),
}
_ARMOUR, _WRAPPED_ARMOUR = "-----BEGIN ", "LS0tLS1CRUdJTi"
_NAMED = re.compile(
    r"(password|passwd|secret|secret_?string|token|api_?key|private_?key|secret_?key|access_?key)$", re.IGNORECASE
)
_REFERENCE = re.compile(r"^(arn:|/|\$|https?://|projects/)")
_LEAST = 8  # shorter ones are switches and modes, as `required`
_WORD = re.compile(r"^[a-z]+([ _-][a-z]+)*$", re.IGNORECASE)
_NOT_SECRET = re.compile(
    r"(id|ids|arn|hash|digest|sha256|fingerprint|thumbprint|checksum|etag|urn|url|uri)$", re.IGNORECASE
)

_RUN = re.compile(r"[A-Za-z0-9]+")
_SHORTEST, _LONGEST = 20, 128  # longer ones are certificates and code
_KINDS = 3  # capitals, small letters and digits
_CHANCE_BITS = 3.7
_CHANCE_CHANGES = 0.4
"""Of such a run: bits of entropy in each letter, and how often its kind changes from one to the next. Random base64 has
about 4.1 and 0.6 over 24 letters; names in camel case have as many bits, and change at 0.25 of their letters.
"""


@dataclass(frozen=True, kw_only=True)
class Text:
    """A text somewhere in a resource. path: to it. name: what it stands under."""

    path: str
    name: str
    value: str


def texts(resource: Resource) -> Iterator[Text]:
    return _texts(resource.props, "", "")


def outputs(stack: Stack) -> Iterator[Found]:
    """What the stack and its components give away; a resource's inputs are judged before it is made."""
    for resource in stack.resources:
        if resource.type == STACK_TYPE or not resource.custom:
            yield from (Found(at=resource, idea=text) for text in texts(resource))


def in_plain_text(text: Text, _: Terms) -> Iterator[str]:
    if isinstance(text.value, Sealed):
        return
    value = _out_of_base64(text.value)
    shape = next((what for what, shape in _SHAPES.items() if shape.search(value)), "")
    if shape:
        yield f"{text.path} holds {shape} in plain text"
    elif value.startswith(_ARMOUR):
        return  # a certificate or a public key
    elif _NAMED.search(text.name) and _may_be_secret(text.value):
        yield f"{text.path} is named like a secret, and stands in plain text"
    elif not _NOT_SECRET.search(text.name) and looks_random(text.value):
        yield f"{text.path} holds what looks like a key, in plain text"


def unsealed(path: str, _: Terms) -> Iterator[str]:
    yield f"{path} of a Secret stands in the engine's state as it is; base64 hides nothing"


def looks_random(value: str) -> bool:
    """Whether the longest run of letters and digits has no more order in it than a key has."""
    run = max(_RUN.findall(value), key=len, default="")
    if len(value) > _LONGEST or len(run) < _SHORTEST:
        return False
    kinds = [(letter.isupper(), letter.islower()) for letter in run]
    changes = sum(one != other for one, other in pairwise(kinds)) / (len(run) - 1)
    return len(set(kinds)) == _KINDS and changes >= _CHANCE_CHANGES and _bits(run) >= _CHANCE_BITS


def _out_of_base64(value: str) -> str:
    """What an armoured key or certificate was before it was wrapped in base64, as Kubernetes hands them out."""
    if not value.startswith(_WRAPPED_ARMOUR):
        return value
    try:
        return base64.b64decode(value + "==").decode(errors="replace")
    except ValueError:  # it was none after all
        return value


def _bits(value: str) -> float:
    """Shannon's entropy of its letters."""
    shares = [count / len(value) for count in Counter(value).values()]
    return -sum(share * math.log2(share) for share in shares)


def _may_be_secret(value: str) -> bool:
    return len(value) >= _LEAST and not _REFERENCE.match(value) and not _WORD.match(value)


def _texts(value: Any, path: str, name: str) -> Iterator[Text]:
    if isinstance(value, str):
        inside = parsed(value) if value[:1] in ("{", "[") and not isinstance(value, Sealed) else None
        if is_block(inside) or is_list(inside):
            yield from _texts(inside, path, name)
        else:
            yield Text(path=path, name=name, value=value)
    elif is_block(value):
        yield from _entries(value, path)
    elif is_list(value):
        for at, part in enumerate(value):
            yield from _texts(part, f"{path}[{at}]", name)


def _entries(block: Mapping[str, Any], path: str) -> Iterator[Text]:
    """Of a header or a variable that is written as name and value, the value stands under that name."""
    said = block.get("name")
    for key, part in block.items():
        name = said if key == "value" and isinstance(said, str) else key
        yield from _texts(part, f"{path}.{key}" if path else key, name)


RULES = (
    Rule(
        name="no-secret-in-plain-text",
        concern="plaintext",
        says="A secret is kept by the engine's encryption or by the cloud's secret store, never in plain text.",
        mends="set it with `pulumi config set --secret` and pass it on as an output, or name a secret of the cloud's "
        "store; replace the one that stood here, for it was seen",
        find={ANY_CLOUD: texts},
        judge=in_plain_text,
    ),
    Rule(
        name="no-secret-in-outputs",
        concern="plaintext",
        says="What a stack gives away holds no secret in plain text.",
        mends="export it as pulumi.Output.secret(...), or do not export it",
        survey={ANY_CLOUD: outputs},
        judge=in_plain_text,
    ),
    Rule(
        name="secret-objects-are-sealed",
        concern="plaintext",
        says="What a Secret of Kubernetes holds is a secret to the engine too.",
        mends="pass it as pulumi.Output.secret(...), or let the cluster take it from the cloud's secret store",
        find={"kubernetes": kubernetes.open_secrets},
        judge=unsealed,
    ),
)
