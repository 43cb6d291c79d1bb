"""What keeps something: how it is encrypted, closed, guarded, and how long it is kept."""

from dataclasses import dataclass


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
class Store:
    """Keeps objects or messages. closed: nobody can make it public. tls_only: its policy refuses plain text. lists: of
    who may read an object can stand beside the store's own policy. recalls: what was deleted can be brought back.
    """

    what: str
    encrypted: bool | None = True
    versioned: bool | None = True
    closed: bool | None = True
    tls_only: bool | None = True
    lists: bool | None = False
    recalls: bool | None = True


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
class Registry:
    immutable: bool | None
    scanned: bool | None


@dataclass(frozen=True, kw_only=True)
class Queue:
    """dead_letters: what fails again and again is put aside. takes_dead_letters: it is where that goes. expires: it is
    deleted, with what waits in it, when nobody takes from it for a while.
    """

    dead_letters: bool
    takes_dead_letters: bool = False
    kept_s: int
    expires: bool | None = False


@dataclass(frozen=True, kw_only=True)
class Logs:
    """days: how long they are kept; 0 for ever, None where not known."""

    days: int | None
