"""Which inputs name other resources: those declared, names of Google's form, addresses of service accounts, images."""

import re
from collections.abc import Iterator

from tests.engine.simulated.core.cloud import Place, Reference
from tests.engine.simulated.core.difference import is_among
from tests.engine.simulated.core.wire import UNKNOWN, Plain, leaves
from tests.engine.simulated.gcp.description import Description, collections
from tests.engine.simulated.gcp.outputs import number

_INDEX = re.compile(r"\[\d+\]")
_HOST = re.compile(r"(https:)?//[a-z0-9.-]+/(compute/(v1|beta)/|v\d[a-z0-9]*/)?")
_NAME = re.compile(r"projects/(?P<project>[a-z0-9:.-]+)/([^/]+/)*(?P<collection>[A-Za-z]+)/[^/*?]+")
_ACCOUNT = re.compile(r"(serviceAccount:)?(?P<email>[a-z0-9-]+@(?P<project>[a-z0-9-]+)\.iam\.gserviceaccount\.com)")
_IMAGE = re.compile(r"(?P<repository>[a-z0-9-]+-docker\.pkg\.dev/(?P<project>[a-z0-9:.-]+)/[a-z0-9-]+)/.+")
_IDENTITY = re.compile(
    r"(serviceAccount:|principal(Set)?://iam\.googleapis\.com/projects/\d+/locations/global/workloadIdentityPools/)"
    r"(?P<project>[a-z0-9-]+)\.svc\.id\.goog[/\[]"
)
_CLUSTER = "gcp:container/cluster:Cluster"
_SERVICE_ACCOUNT, _REPOSITORY = "gcp:serviceaccount/account:Account", "gcp:artifactregistry/repository:Repository"
_LABELS = ("labels", "userLabels", "resourceLabels", "nodeConfig.labels", "nodeConfig.resourceLabels")


def references(description: Description, inputs: Plain, place: Place) -> Iterator[Reference]:
    for path, value in leaves(inputs):
        if not isinstance(value, str) or value == UNKNOWN or not value:
            continue
        bare = _HOST.sub("", value, count=1) if _HOST.match(value) else value
        declared = frozenset(f"gcp:{each}" for each in description.referred(_INDEX.sub("", path)))
        if declared:
            yield Reference(path=path, value=bare, tokens=declared, anywhere="/" in bare)
        elif not is_among(path, (*_LABELS, *description.apart)):
            yield from _by_form(path, bare, place)


def _by_form(path: str, value: str, place: Place) -> Iterator[Reference]:
    """What looks like a name of the project's own."""
    ours = (place.account, number(place.account))
    if (found := _NAME.fullmatch(value)) and found["project"] in ours and found["collection"] in collections():
        yield Reference(path=path, value=value, tokens=collections()[found["collection"]], anywhere=True)
    elif (found := _ACCOUNT.fullmatch(value)) and found["project"] in ours:
        yield Reference(path=path, value=found["email"], tokens=frozenset({_SERVICE_ACCOUNT}), anywhere=True)
    elif (found := _IDENTITY.match(value)) and found["project"] == place.account:  # exists from the first cluster on
        pool = f"{place.account}.svc.id.goog"
        yield Reference(path=path, value=pool, tokens=frozenset({_CLUSTER}), anywhere=True, holds=False)
    elif (found := _IMAGE.fullmatch(value)) and found["project"] in ours:
        yield Reference(path=path, value=found["repository"], tokens=frozenset({_REPOSITORY}), anywhere=True)
