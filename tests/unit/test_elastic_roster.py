"""Who belongs to the next round, whoever came, died or left before."""

from hypothesis import given
from hypothesis import strategies as st

from training.elastic.roster import Member, Roster, is_awaited, next_round, with_present, without

NOW = 1000.0
LATER = NOW + 60.0
WORKERS = [Member(host="a", process=number, born=float(number)) for number in range(6)]
ONE, TWO, THREE, FOUR, *_ = WORKERS


def running(*members: Member) -> Roster:
    return Roster(round=3, members=members)


def came(roster: Roster, *workers: Member) -> Roster:
    for worker in workers:
        roster = with_present(roster, worker, now=NOW)
    return roster


def begun(
    roster: Roster, *, dead: tuple[Member, ...] = (), fewest: int = 1, most: int = 4, now: float = LATER
) -> tuple[Member, ...] | None:
    found = next_round(roster, is_alive=lambda member: member not in dead, fewest=fewest, most=most, now=now)
    return found.members if found else None


def test_survivors_begin_without_the_dead_in_the_order_they_had():
    assert begun(came(running(ONE, TWO, THREE), THREE, ONE), dead=(TWO,)) == (ONE, THREE)


def test_a_survivor_that_has_yet_to_come_is_waited_for():
    assert begun(came(running(ONE, TWO, THREE), ONE), dead=(THREE,)) is None


def test_one_that_left_is_not_waited_for():
    assert begun(came(without(running(ONE, TWO), TWO), ONE)) == (ONE,)


def test_newcomers_follow_survivors_so_that_one_that_holds_the_run_leads():
    assert begun(came(running(TWO, THREE), ONE, THREE, TWO)) == (TWO, THREE, ONE)


def test_fewer_than_the_fewest_wait_for_more():
    assert begun(came(running(ONE, TWO), ONE), dead=(TWO,), fewest=2) is None


def test_a_first_round_begins_at_once_when_all_are_there():
    assert begun(came(Roster(), *WORKERS[:4]), now=NOW) == tuple(WORKERS[:4])


def test_a_first_round_waits_a_little_for_those_who_start_together():
    roster = came(Roster(), ONE, TWO)
    assert begun(roster, now=NOW) is None
    assert begun(roster) == (ONE, TWO)


def test_those_beyond_the_most_stay_present_for_a_later_round():
    found = next_round(came(Roster(), *WORKERS), is_alive=lambda _: True, fewest=1, most=4, now=LATER)
    assert found is not None
    assert (found.members, found.present) == (tuple(WORKERS[:4]), tuple(WORKERS[4:]))


def test_a_full_round_is_not_called_for_those_beyond_the_most():
    assert not is_awaited(came(running(ONE, TWO), THREE), within=3, most=2)


def test_a_round_with_room_is_called_when_someone_waits():
    assert is_awaited(came(running(ONE, TWO), THREE), within=3, most=3)


def test_a_round_is_called_when_one_of_its_own_has_lost_it():
    assert is_awaited(came(running(ONE, TWO), TWO), within=3, most=2)


def test_those_whom_a_later_round_has_forgotten_are_called():
    assert is_awaited(running(THREE), within=2, most=4)


@given(
    st.lists(st.sampled_from(WORKERS), unique=True),
    st.lists(st.sampled_from(WORKERS), unique=True),
    st.sets(st.sampled_from(WORKERS)),
    st.integers(1, 6),
    st.integers(1, 6),
)
def test_a_round_holds_the_living_who_came_and_no_survivor_is_left_out_for_a_newcomer(
    members: list[Member], present: list[Member], dead: set[Member], fewest: int, most: int
):
    roster = came(running(*members[:most]), *present)
    found = begun(roster, dead=tuple(dead), fewest=fewest, most=most)
    if found is None:
        return
    survivors = tuple(member for member in roster.members if member not in dead)
    assert set(found) <= set(present) - dead
    assert found[: len(survivors)] == survivors
    assert min(fewest, most) <= len(found) <= most
