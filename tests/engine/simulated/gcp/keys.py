"""Where a key may encrypt: in its own location, which is that of what it encrypts."""

import re
from collections.abc import Iterator

from infra.settings.rules.dual_regions import key_location
from tests.engine.simulated.core.problem import Problem
from tests.engine.simulated.core.wire import Plain, leaves

_KEY = re.compile(r"projects/[^/]+/locations/(?P<location>[^/]+)/keyRings/[^/]+/cryptoKeys/[^/]+")
_BINDING = "gcp:kms/cryptoKeyIAMMember:CryptoKeyIAMMember"
_NODES = "gcp:container/nodePool:NodePool"  # disks take a key of no region too
_WORLD = "gcp:secretmanager/secret:Secret"  # each copy has a place of its own


def problems(token: str, inputs: Plain) -> Iterator[Problem]:
    """Of what says in its inputs where it is: a bucket on two regions has the place that both lie in."""
    where = str(inputs.get("location") or inputs.get("region") or "").lower()
    if token in (_BINDING, _WORLD) or not where:
        return
    taken = {where, where.rsplit("-", 1)[0]} if where.count("-") > 1 else {where}
    taken |= {key_location(where)} | ({"global"} if token == _NODES else set())
    for path, value in leaves(inputs):
        found = _KEY.fullmatch(value) if isinstance(value, str) else None
        if found and found["location"] not in taken:
            yield Problem(path=path, reason=f"a key of {found['location']} cannot encrypt what is in {where}")
