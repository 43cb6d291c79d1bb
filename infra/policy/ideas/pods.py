"""What runs in Kubernetes, and on what runs containers like it: what it may do there, and how it outlives a bad day."""

from dataclasses import dataclass, field


@dataclass(frozen=True, kw_only=True)
class Container:
    """One container of a pod or of a service. agent: it runs on every node to serve the node itself.

    privileged: as if it were no container. climbs: a process may get more rights than its parent. capable: it keeps
    capabilities that it does not name; added: those that it names. unfiltered: it may make any system call. root: its
    user may be root. writable: it can change its own image's files. unbounded: resources of which nothing says how much
    it takes. unwatched: probes that are missing.
    """

    what: str
    agent: bool = False
    privileged: bool | None = False
    climbs: bool | None = False
    capable: bool | None = False
    added: tuple[str, ...] = ()
    unfiltered: bool | None = False
    root: bool | None = False
    writable: bool | None = False
    unbounded: tuple[str, ...] = ()
    unwatched: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Pod:
    """A pod, or the template of many. shares: namespaces that it has in common with its node. paths: of the node that
    are mounted into it.
    """

    what: str
    agent: bool = False
    shares: tuple[str, ...] = ()
    paths: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Namespace:
    """level: of pod security that it enforces, empty for none and None where not known. agents: all that runs there
    serves nodes. closed: traffic that nothing may send or receive without being allowed to. bounded: a quota.
    """

    name: str
    level: str | None
    agents: bool
    closed: frozenset[str] = field(default_factory=frozenset[str])
    bounded: bool


@dataclass(frozen=True, kw_only=True)
class Replicated:
    """replicas: how many there are at least. budgeted: a budget says how many may be gone at once. spread: over
    zones.
    """

    what: str
    replicas: int
    budgeted: bool
    spread: bool | None


@dataclass(frozen=True, kw_only=True)
class DisruptionBudget:
    """stuck: it lets no pod go, so that its node cannot be drained."""

    stuck: bool


@dataclass(frozen=True, kw_only=True)
class Job:
    """ends: it is stopped after a while. forgives: a pod that its node lost does not count as a failure. piles_up: the
    next one starts while this one runs.
    """

    what: str
    ends: bool | None
    forgives: bool | None
    piles_up: bool | None = False
