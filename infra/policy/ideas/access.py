"""Who can reach what, and who may do what."""

from collections.abc import Mapping
from dataclasses import dataclass, field


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
class Passing:
    """A right to act as somebody else, or to give them to a service. anybody: no one of them is named."""

    what: str
    anybody: bool | None


@dataclass(frozen=True, kw_only=True)
class Federation:
    """Trust in what another identity provider says. subjects: who is trusted, empty for all whom it knows. wide: those
    of them that are more than one.
    """

    what: str
    subjects: tuple[str, ...]
    wide: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class SecretReader:
    """A right to read secrets. all: none of them is named."""

    what: str
    all: bool | None


@dataclass(frozen=True, kw_only=True)
class Identity:
    """Who something acts as. shared: an identity that the cloud gives to whatever says none."""

    what: str
    shared: bool | None
