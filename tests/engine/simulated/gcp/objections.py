"""What can be refused only beside what is there already: ranges that overlap, or that a subnet does not have."""

from tests.engine.simulated.core.cloud import Find, Others, Registration
from tests.engine.simulated.core.wire import Plain
from tests.engine.simulated.gcp import ranges

_SUBNET, _CLUSTER = "gcp:compute/subnetwork:Subnetwork", "gcp:container/cluster:Cluster"
_ENTRY = "gcp:certificatemanager/certificateMapEntry:CertificateMapEntry"
_SECONDARY = ("clusterSecondaryRangeName", "servicesSecondaryRangeName")


def objection(registration: Registration, find: Find, others: Others) -> str:
    """In Google's words, roughly; empty for none."""
    match registration.token:
        case token if token == _SUBNET:
            return _subnet(registration.inputs, others)
        case token if token == _CLUSTER:
            return _cluster(registration.inputs, find, others)
        case token if token == _ENTRY:
            return _entry(registration.inputs, others)
        case _:
            return ""


def _subnet(inputs: Plain, others: Others) -> str:
    ours = ranges.of_subnet(inputs)
    for other in others(_SUBNET):
        theirs = other.plain_inputs
        if _last(theirs["network"]) == _last(inputs["network"]) and (
            found := ranges.overlap(ours, ranges.of_subnet(theirs))
        ):
            return f"ipCidrRange: {found} of subnetwork {other.name}"
    return ""


def _cluster(inputs: Plain, find: Find, others: Others) -> str:
    subnet = next((it for it in others(_SUBNET) if _last(it.id) == _last(inputs.get("subnetwork", ""))), None)
    if subnet is None:
        return ""
    named = {each.get("rangeName") for each in subnet.plain_inputs.get("secondaryIpRanges", [])}
    for key in _SECONDARY:
        wanted = inputs.get("ipAllocationPolicy", {}).get(key)
        if wanted and wanted not in named:
            return f"ipAllocationPolicy.{key}: subnetwork {subnet.name} has no secondary range {wanted}"
    master = ranges.read(inputs.get("privateClusterConfig", {}).get("masterIpv4CidrBlock", ""))
    network = _last(subnet.plain_inputs["network"])
    for other in others(_SUBNET):
        theirs = other.plain_inputs
        if _last(theirs["network"]) == network and (found := ranges.overlap(master, ranges.of_subnet(theirs))):
            return f"privateClusterConfig.masterIpv4CidrBlock: {found} of subnetwork {other.name}"
    return ""


def _entry(inputs: Plain, others: Others) -> str:
    """A name, or all other names, leads to one entry of a map."""
    for other in others(_ENTRY):
        theirs = other.plain_inputs
        if all(theirs.get(key) == inputs.get(key) for key in ("map", "hostname", "matcher")):
            return (
                f"hostname: entry {other.name} of the map has {inputs.get('hostname', 'the primary matcher')} already"
            )
    return ""


def _last(text: str) -> str:
    return text.rsplit("/", 1)[-1]
