"""Who is given a role, and which: the forms that IAM takes, from its reference on principal identifiers and roles."""

import re
from collections.abc import Iterator

from tests.engine.simulated.core.problem import Problem
from tests.engine.simulated.core.wire import UNKNOWN, Plain, leaves

_EMAIL = r"[^@\s]+@[^@\s]+\.[^@\s]+"
_POOL = r"iam\.googleapis\.com/(projects/\d+/locations/global/workloadIdentityPools|locations/global/workforcePools)"
_MEMBERS = (
    r"allUsers|allAuthenticatedUsers",
    rf"(user|group):{_EMAIL}",
    rf"serviceAccount:({_EMAIL}|[a-z0-9:.-]+\.svc\.id\.goog\[[a-z0-9-]+/[a-z0-9-]+\])",
    r"domain:[a-z0-9.-]+",
    rf"principal://{_POOL}/[a-z0-9.-]+/subject/.+",
    rf"principalSet://{_POOL}/[a-z0-9.-]+/(\*|(group|kubernetes\.cluster|namespace|attribute\.[a-z0-9_]+)/.+)",
    r"project(Owner|Editor|Viewer):[a-z0-9.:-]+",
    rf"deleted:(user|group|serviceAccount):{_EMAIL}\?uid=\d+",
)
_MEMBER = re.compile("|".join(f"({each})" for each in _MEMBERS))
_ROLE = re.compile(r"roles/[A-Za-z0-9_.]+|(projects/[a-z0-9:.-]+|organizations/\d+)/roles/[A-Za-z0-9_.]{3,64}")
_PERMISSION = re.compile(r"[a-z0-9]+(\.[A-Za-z0-9_]+){2,}")
_BASIC = frozenset({"roles/owner", "roles/editor", "roles/viewer"})


def problems(token: str, inputs: Plain) -> Iterator[Problem]:
    """Of any type that gives a role, and of a role that is made."""
    if "Iam" in token or "iAM" in token:
        yield from _forms(
            inputs, "member", _MEMBER, "names nobody: user:, serviceAccount:, group: or principal:// begins"
        )
        yield from _forms(inputs, "role", _ROLE, "is no role: roles/NAME, or projects/PROJECT/roles/NAME of one's own")
        yield from _forms(inputs, "permissions", _PERMISSION, "is no permission: service.resource.verb")
        if inputs.get("role") in _BASIC and "condition" in inputs:
            yield Problem(path="condition", reason=f"IAM takes no condition on {inputs['role']}")


def _forms(inputs: Plain, name: str, form: re.Pattern[str], reason: str) -> Iterator[Problem]:
    for path, value in leaves(inputs.get(name, []), name):
        if isinstance(value, str) and value != UNKNOWN and not form.fullmatch(value):
            yield Problem(path=path, reason=f"{value!r} {reason}")
