"""What runs and what it listens on: clusters, machines, pools, functions, the edge."""

from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True, kw_only=True)
class Image:
    """A container image that something runs."""

    reference: str


@dataclass(frozen=True, kw_only=True)
class ControlPlane:
    """Kubernetes. version: as `1.35`, empty where the cloud chooses. ends: its standard support, None for a version
    that the cloud's table does not have yet. extended: it lives on for a price. silent: logs that are not kept.
    adrift: nobody brings it forward. own_identities: pods can have identities of the cloud's. filters: it enforces
    network policies. old_ways: ways in that are open although there are better ones, in words.
    """

    version: str
    ends: date | None
    extended: bool | None = False
    silent: tuple[str, ...] = ()
    adrift: bool | None = False
    own_identities: bool | None = True
    filters: bool | None = True
    old_ways: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class NodeImage:
    """ends: the day on which its maker stops mending it, None for one without such a day."""

    name: str
    ends: date | None = None


@dataclass(frozen=True, kw_only=True)
class Machine:
    """How a machine is launched. keeps_credentials: not every process on it can have them. public: it gets an address
    that the internet reaches. verified: it boots only what its maker has signed.
    """

    what: str
    keeps_credentials: bool | None = True
    public: bool | None = False
    verified: bool | None = True


@dataclass(frozen=True, kw_only=True)
class NodePool:
    """family: pools of one family can take each other's work; None where not known. spot: it can be taken back.

    ahead: it is paid for whether used or not. min: nodes that always run, None where not known. tainted: it keeps pods
    off that do not ask for it.
    """

    name: str
    family: str | None
    spot: bool
    accelerated: bool
    ahead: bool = False
    min: int | None = 0
    tainted: bool | None = True


@dataclass(frozen=True, kw_only=True)
class SpotPool:
    """A pool that can be taken back, and the pools that take over from it."""

    pool: NodePool
    fallbacks: tuple[NodePool, ...]


@dataclass(frozen=True, kw_only=True)
class Function:
    """ceiling: how many run at once at most; below 0 for as many as callers ask for, None where not known."""

    ceiling: int | None


@dataclass(frozen=True, kw_only=True)
class Ear:
    """Something that speaks TLS. plain: also without. oldest: the oldest protocol that it takes, in its cloud's words;
    modern: that one is TLS 1.2 at least.
    """

    what: str
    plain: bool | None = False
    oldest: str = ""
    modern: bool | None = True


@dataclass(frozen=True, kw_only=True)
class Edge:
    """What users reach first. limited: one address cannot take it all."""

    what: str
    limited: bool | None


@dataclass(frozen=True, kw_only=True)
class Watched:
    """Something that must be watched, and whether it is."""

    what: str
    watched: bool | None


@dataclass(frozen=True, kw_only=True)
class Network:
    """unplanned: the cloud gives it ranges of its own choice. inward: without a public address one reaches the cloud's
    services all the same.
    """

    what: str
    unplanned: bool | None = False
    inward: bool | None = True
