"""IAM's documents, as far as their form can be judged without IAM."""

import json
import re
from collections.abc import Iterator
from typing import Any

from tests.engine.simulated.aws.description import Document
from tests.engine.simulated.core.problem import Problem
from tests.engine.simulated.core.wire import UNKNOWN

_VERSIONS = ("2012-10-17", "2008-10-17")
_ACTION = re.compile(r"\*|[a-z0-9-]+:[A-Za-z0-9*?]+")
_STATEMENT = {
    "Sid",
    "Effect",
    "Principal",
    "NotPrincipal",
    "Action",
    "NotAction",
    "Resource",
    "NotResource",
    "Condition",
}


def problems(document: Document, text: Any, path: str) -> Iterator[Problem]:
    if text == UNKNOWN or not isinstance(text, str):
        return
    try:
        content = json.loads(text)
    except json.JSONDecodeError as error:
        yield Problem(path=path, reason=f"is no JSON: {error}")
        return
    size = len(re.sub(r"\s", "", text))
    if document.max and size > document.max:
        yield Problem(
            path=path, reason=f"has {size} characters without white space, at most {document.max} are allowed"
        )
    if document.kind != "json":
        yield from _policy(document, content, path)


def _policy(document: Document, content: Any, path: str) -> Iterator[Problem]:
    if not isinstance(content, dict) or content.get("Version") not in _VERSIONS:
        yield Problem(path=path, reason=f"MalformedPolicyDocument: Version must be one of {', '.join(_VERSIONS)}")
        return
    statements = content.get("Statement")
    statements = [statements] if isinstance(statements, dict) else statements
    if not isinstance(statements, list) or not statements:
        yield Problem(path=path, reason="MalformedPolicyDocument: there is no Statement")
        return
    for index, statement in enumerate(statements):
        for reason in _statement(document, statement):
            yield Problem(path=path, reason=f"MalformedPolicyDocument: Statement[{index}] {reason}")


def _statement(document: Document, statement: dict[str, Any]) -> Iterator[str]:
    if unknown := statement.keys() - _STATEMENT:
        yield f"has {', '.join(sorted(unknown))}, which IAM does not know"
    if statement.get("Effect") not in ("Allow", "Deny"):
        yield "needs an Effect, Allow or Deny"
    actions = statement.get("Action", statement.get("NotAction"))
    if actions is None:
        yield "needs an Action"
    for action in [actions] if isinstance(actions, str) else actions or ():
        if not _ACTION.fullmatch(action) and action != UNKNOWN:
            yield f"has {action!r}, which is no action"
    has_principal = "Principal" in statement or "NotPrincipal" in statement
    has_resource = bool(statement.get("Resource") or statement.get("NotResource"))
    if document.kind == "identity" and has_principal:
        yield "has a Principal, which a policy of an identity must not"
    if document.kind != "identity" and not has_principal:
        yield "needs a Principal"
    if document.kind == "trust" and has_resource:
        yield "has a Resource, which a trust policy must not"
    if document.kind != "trust" and not has_resource:
        yield "needs a Resource"
