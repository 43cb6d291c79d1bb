"""Who belongs to a run, round by round: pure decisions over one small value that all workers share.

A round is a set of workers that compute together. When one dies, is told to go, or waits to be let in, all of them
come to meet, and the next round is whoever has come. Ranks: survivors keep their order, newcomers follow, so that the
leading worker is the same for as long as it lives.
"""

from collections.abc import Callable

import msgspec

_LAST_CALL_S = 1.0
"""How long a first round, in which nobody holds anything yet, waits for more than the fewest workers."""


class Member(msgspec.Struct, frozen=True, kw_only=True):
    """A worker process. born: when it was started, Unix seconds; with host and process it is unique."""

    host: str
    process: int
    born: float

    @property
    def name(self) -> str:
        return f"{self.host}-{self.process}-{self.born:.2f}"


class Roster(msgspec.Struct, frozen=True, kw_only=True):
    """members: of the round, in order of rank. present: who have come for the next one, in order of coming. since:
    when the first of these came, Unix seconds. is_over: the run has ended, nobody need come."""

    round: int = 0
    members: tuple[Member, ...] = ()
    present: tuple[Member, ...] = ()
    since: float = 0.0
    is_over: bool = False


def with_present(roster: Roster, member: Member, *, now: float) -> Roster:
    """A worker has come to meet."""
    if member in roster.present:
        return roster
    since = roster.since if roster.present else now
    return msgspec.structs.replace(roster, present=(*roster.present, member), since=since)


def without(roster: Roster, member: Member) -> Roster:
    """A worker has left: nobody waits for it."""
    return msgspec.structs.replace(
        roster,
        members=tuple(other for other in roster.members if other != member),
        present=tuple(other for other in roster.present if other != member),
    )


def next_round(
    roster: Roster, *, is_alive: Callable[[Member], bool], fewest: int, most: int, now: float
) -> Roster | None:
    """The round that can begin now, or None: some survivor has yet to come, or too few are there.

    Newcomers alone wait a little for each other; survivors, who hold what the run has reached, wait for nobody.
    """
    survivors = [member for member in roster.members if is_alive(member)]
    newcomers = [member for member in roster.present if member not in survivors and is_alive(member)]
    if any(survivor not in roster.present for survivor in survivors):
        return None
    ranked = (*survivors, *newcomers)
    if len(ranked) < fewest or (not survivors and len(ranked) < most and now - roster.since < _LAST_CALL_S):
        return None
    return Roster(round=roster.round + 1, members=ranked[:most], present=ranked[most:], since=now)


def is_awaited(roster: Roster, *, within: int, most: int) -> bool:
    """Whether those within a round should meet again: others wait, and there is room; one of their own has lost them;
    or a later round has begun without them, since they were taken for dead."""
    has_room = len(roster.members) < most
    return roster.round > within or any(has_room or member in roster.members for member in roster.present)
