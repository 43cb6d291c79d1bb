"""What runs in a container stays in it: no rights on its node, no root, no files of others, a bound on what it takes.

They are the profile `restricted` of Kubernetes' Pod Security Standards and a little more. A DaemonSet serves the node
that it is on, so it may be root and reach the kubelet's own folders; nothing else may.
"""

from collections.abc import Iterator

from infra.policy.gcp import images as gcp
from infra.policy.ideas import Container, Pod
from infra.policy.kubernetes import pods as kubernetes
from infra.policy.rule import OUTSIDE_DEV, Rule
from infra.policy.terms import Terms

_KUBELETS = ("/var/lib/kubelet/device-plugins", "/var/lib/kubelet/pod-resources")
"""Folders of the kubelet's sockets: where device plugins announce devices, and where monitoring asks whose they are."""


def privileged(container: Container, _: Terms) -> Iterator[str]:
    if container.privileged:
        yield f"{container.what} has all of its node: privileged is no container at all"


def climbs(container: Container, _: Terms) -> Iterator[str]:
    if container.climbs:
        yield f"a process in {container.what} may get more rights than the one that started it"


def capable(container: Container, _: Terms) -> Iterator[str]:
    if container.capable:
        yield f"{container.what} keeps capabilities that it has no use for"
    if container.added and not container.agent:
        yield f"{container.what} has rights on its node: {', '.join(container.added)}"


def unfiltered(container: Container, _: Terms) -> Iterator[str]:
    if container.unfiltered:
        yield f"{container.what} may make any system call"


def root(container: Container, _: Terms) -> Iterator[str]:
    if container.root and not container.agent:
        yield f"{container.what} may run as root"


def writable(container: Container, _: Terms) -> Iterator[str]:
    if container.writable:
        yield f"who gets into {container.what} can change the programs in it"


def unbounded(container: Container, _: Terms) -> Iterator[str]:
    if container.unbounded:
        yield f"{container.what} does not say {', '.join(container.unbounded)}"


def unwatched(container: Container, _: Terms) -> Iterator[str]:
    if container.unwatched:
        yield f"nobody asks whether {container.what} still works: it has no probe for {', '.join(container.unwatched)}"


def shares(pod: Pod, _: Terms) -> Iterator[str]:
    for what in pod.shares:
        yield f"{pod.what} has the {what} of its node in common with it"


def host_paths(pod: Pod, _: Terms) -> Iterator[str]:
    for path in pod.paths:
        if not (pod.agent and path.rstrip("/") in _KUBELETS):
            yield f"{pod.what} has {path} of its node, and with it a way out of its container"


RULES = (
    Rule(
        name="no-privileged-containers",
        concern="pods",
        says="No container is privileged.",
        mends="take privileged away; ask for the device by its resource, or name the one capability",
        find={"kubernetes": kubernetes.containers},
        judge=privileged,
    ),
    Rule(
        name="no-more-rights-than-given",
        concern="pods",
        says="No process gets more rights than its parent.",
        mends="set allowPrivilegeEscalation to false in securityContext",
        find={"kubernetes": kubernetes.containers},
        judge=climbs,
    ),
    Rule(
        name="capabilities-are-dropped",
        concern="pods",
        says="A container drops all capabilities; a DaemonSet's names those that it cannot do without.",
        mends='set capabilities.drop to ["ALL"] in securityContext',
        find={"kubernetes": kubernetes.containers},
        judge=capable,
    ),
    Rule(
        name="system-calls-are-filtered",
        concern="pods",
        says="A container makes the system calls that its runtime thinks harmless.",
        mends="set seccompProfile.type to RuntimeDefault in securityContext",
        find={"kubernetes": kubernetes.containers},
        judge=unfiltered,
    ),
    Rule(
        name="nothing-runs-as-root",
        concern="pods",
        says="No container runs as root, but for a DaemonSet's, which serves its node.",
        mends="set runAsNonRoot in securityContext, and a user in the image",
        find={"kubernetes": kubernetes.containers},
        judge=root,
    ),
    Rule(
        name="images-are-not-written-to",
        concern="pods",
        says="A container cannot change its own image; what it writes goes to a volume.",
        mends="set readOnlyRootFilesystem in securityContext, and mount an emptyDir where it writes",
        find={"kubernetes": kubernetes.containers},
        judge=writable,
    ),
    Rule(
        name="containers-are-bounded",
        concern="pods",
        says="A container says what it needs, and how much memory it may take.",
        mends="set requests for cpu and memory and a limit for memory; a limit for cpu only slows it down",
        find={"kubernetes": kubernetes.containers},
        judge=unbounded,
    ),
    Rule(
        name="containers-are-watched",
        concern="pods",
        says="What answers requests is asked whether it still can.",
        mends="add a livenessProbe, and a readinessProbe that fails when it should get no requests",
        mends_on={"gcp": "add a startup_probe and a liveness_probe"},
        find={"gcp": gcp.containers, "kubernetes": kubernetes.containers},
        judge=unwatched,
        lenient=OUTSIDE_DEV,
    ),
    Rule(
        name="no-host-namespaces",
        concern="pods",
        says="A pod has a network, processes and shared memory of its own.",
        mends="take hostNetwork, hostPID and hostIPC away",
        find={"kubernetes": kubernetes.pods},
        judge=shares,
    ),
    Rule(
        name="no-host-paths",
        concern="pods",
        says="A pod has no files of its node; a DaemonSet may have the kubelet's sockets.",
        mends="take a volume: emptyDir for what may go, a claim or the bucket for what must stay",
        find={"kubernetes": kubernetes.pods},
        judge=host_paths,
    ),
)
