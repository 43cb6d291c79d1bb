"""What rules speak of, whatever the cloud: openings, grants, stores, pools and the like.

A folder per cloud (aws/) finds these in its resources; the file of a concern judges them. A switch is None while it is
not known, which no judge holds against it. what: how a message names the thing, with its own word for it.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any


@dataclass(frozen=True, kw_only=True)
class Opening:
    """Traffic that a firewall lets in. source: a range, or empty for what is inside. ports: in words."""

    source: str
    ports: str


@dataclass(frozen=True, kw_only=True)
class ApiServer:
    """public: reached from outside the network, from `sources`; None for sources that are not known."""

    public: bool | None
    sources: tuple[str, ...] | None


@dataclass(frozen=True, kw_only=True)
class Door:
    """Something that answers callers. open: whoever finds it may call it."""

    what: str
    open: bool | None


@dataclass(frozen=True, kw_only=True)
class Grant:
    """One statement that allows something. what: the document it stands in.

    everything_but: it names what it does not allow. principals: who, empty where the document's holder is meant.
    conditions: their keys, in lower case, with their values.
    """

    what: str
    actions: tuple[str, ...]
    resources: tuple[str, ...] = ()
    principals: tuple[str, ...] = ()
    everything_but: bool = False
    conditions: Mapping[str, tuple[str, ...]] = field(default_factory=dict[str, tuple[str, ...]])


@dataclass(frozen=True, kw_only=True)
class Held:
    """A ready-made policy that somebody holds, by name."""

    policy: str


@dataclass(frozen=True, kw_only=True)
class LastingKey:
    """A credential that works until somebody takes it away."""

    what: str


@dataclass(frozen=True, kw_only=True)
class AtRest:
    """Something that keeps data. encrypted: as its rule asks."""

    what: str
    encrypted: bool | None


@dataclass(frozen=True, kw_only=True)
class Key:
    """An encryption key. rotates: its material is renewed by itself."""

    rotates: bool | None


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
class Store:
    """Keeps objects or messages. closed: nobody can make it public. tls_only: its policy refuses plain text."""

    what: str
    encrypted: bool | None = True
    versioned: bool | None = True
    closed: bool | None = True
    tls_only: bool | None = True


@dataclass(frozen=True, kw_only=True)
class Stateful:
    """What holds something that cannot be made again. protected: the engine refuses to delete it. guarded: so does the
    cloud, None where it has no such switch. emptied: a deletion takes the content with it.
    """

    what: str
    protected: bool
    guarded: bool | None = None
    emptied: bool | None = False


@dataclass(frozen=True, kw_only=True)
class Image:
    """A container image that something runs."""

    reference: str


@dataclass(frozen=True, kw_only=True)
class Registry:
    immutable: bool | None
    scanned: bool | None


@dataclass(frozen=True, kw_only=True)
class ControlPlane:
    """Kubernetes. version: as `1.35`, empty where the cloud chooses. ends: its standard support, None for a version
    that the cloud's table does not have yet. extended: it lives on for a price. silent: logs that are not kept.
    """

    version: str
    ends: date | None
    extended: bool | None = False
    silent: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class NodeImage:
    """ends: the day on which its maker stops mending it, None for one without such a day."""

    name: str
    ends: date | None = None


@dataclass(frozen=True, kw_only=True)
class Machine:
    """How a machine is launched. session_tokens: its credentials are given only to who asks with a token. public: it
    gets an address that the internet reaches.
    """

    what: str
    session_tokens: bool | None = True
    public: bool | None = False


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
class Queue:
    """dead_letters: what fails again and again is put aside. takes_dead_letters: it is where that goes."""

    dead_letters: bool
    takes_dead_letters: bool = False
    kept_s: int


@dataclass(frozen=True, kw_only=True)
class Function:
    """ceiling: how many run at once at most; below 0 for as many as callers ask for, None where not known."""

    ceiling: int | None


@dataclass(frozen=True, kw_only=True)
class Logs:
    """days: how long they are kept; 0 for ever, None where not known."""

    days: int | None


@dataclass(frozen=True, kw_only=True)
class Watched:
    """Something that must be watched, and whether it is."""

    what: str
    watched: bool | None


@dataclass(frozen=True, kw_only=True)
class Edge:
    """What users reach first. limited: one address cannot take it all."""

    what: str
    limited: bool | None


@dataclass(frozen=True, kw_only=True)
class Labelled:
    """A resource that can carry labels, and those that it carries."""

    labels: Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class Budgets:
    """How many budgets a stack has, and how many of them tell somebody."""

    count: int
    alerting: int


@dataclass(frozen=True, kw_only=True)
class Placed:
    """region: where a resource is. worldwide: it is managed there, but belongs to no region."""

    region: str
    worldwide: bool


@dataclass(frozen=True, kw_only=True)
class Managed:
    """by_default: nobody made the provider that manages a resource."""

    by_default: bool


@dataclass(frozen=True, kw_only=True)
class Spend:
    """What a stack costs a month, and what of it is dearest, in words. unpriced: how many resources have no figure."""

    usd_per_month: float
    dearest: str
    unpriced: int = 0
