from collections.abc import Sequence
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from training.journal import Event, EventName, Step
from training.outcome import Outcome, TrainingResult
from training.rehearsal import Report, report, schedule
from training.rehearsal.played import Move, Played

MADE = Outcome(
    state="succeeded",
    result=TrainingResult(name="tiny", digest="0" * 64, metrics={}, epochs=1, best_epoch=1, seconds=1.0),
)


def step(number: int, at: float, *, workers: int = 2, loss: float = 0.5) -> Step:
    return Step(step=number, loss=loss, workers=workers, at=at)


def move(at: float, before: int, after: int) -> Move:
    return Move(at=at, before=before, after=after)


def played(
    *, moves: Sequence[Move], steps: Sequence[Step], ended: float = 100.0, outcome: Outcome | None = MADE
) -> Played:
    return Played(began=0.0, ended=ended, moves=tuple(moves), steps=tuple(steps), events=(), unasked=0, outcome=outcome)


def reported(*moves: Move, steps: Sequence[Step], ended: float = 100.0, outcome: Outcome | None = MADE) -> Report:
    run = played(moves=moves, steps=steps, ended=ended, outcome=outcome)
    return report(run, run, plan=schedule([2, 1, 0]), notice_s=0)


def test_survivors_step_again_when_a_step_is_taken_without_the_lost_ones():
    told = [step(1, 1.0), step(2, 2.1), step(3, 2.6, workers=1)]  # the second one still with the one that leaves
    (loss,) = reported(move(0.5, 0, 2), move(2.0, 2, 1), steps=told).losses
    assert loss.again_s == pytest.approx(0.6)


def test_where_nobody_stayed_the_seconds_count_from_the_next_arrival():
    told = [step(1, 1.0), step(2, 9.0, workers=1)]
    (loss,) = reported(move(0.5, 0, 2), move(2.0, 2, 0), move(8.0, 0, 1), steps=told).losses
    assert (loss.left, loss.again_s) == (0, 1.0)


def test_survivors_that_were_lost_too_before_a_step_count_until_then():
    moves = (move(0.5, 0, 2), move(2.0, 2, 1), move(7.0, 1, 0), move(8.0, 0, 1))
    first, _ = reported(*moves, steps=[step(1, 1.0), step(2, 9.0, workers=1)]).losses
    assert first.again_s == 5.0


def test_a_loss_after_the_last_step_costs_no_time():
    (loss,) = reported(move(0.5, 0, 2), move(2.0, 2, 1), steps=[step(1, 1.0)]).losses
    assert loss.again_s is None


def test_steps_that_are_taken_again_are_lost_by_the_loss_before():
    told = [step(1, 1.0), step(2, 2.0), step(3, 3.0), step(2, 9.0, workers=1), step(3, 9.5, workers=1)]
    (loss,) = reported(move(0.5, 0, 2), move(3.5, 2, 0), move(8.0, 0, 1), steps=told).losses
    assert (loss.lost_steps, loss.lost_s) == (2, 2.0)


def test_a_run_that_goes_on_where_it_was_has_lost_no_step():
    told = [step(1, 1.0), step(2, 2.0, workers=1), step(3, 3.0, workers=1)]
    assert reported(move(0.5, 0, 2), move(1.5, 2, 1), steps=told).lost_steps == 0


def test_a_step_that_is_taken_three_times_is_lost_twice():
    moves = (move(0.0, 0, 1), move(2.0, 1, 0), move(3.0, 0, 1), move(5.0, 1, 0), move(6.0, 0, 1))
    told = [step(1, 1.0, workers=1), step(1, 4.0, workers=1), step(1, 7.0, workers=1)]
    assert [loss.lost_steps for loss in reported(*moves, steps=told).losses] == [1, 1]


@given(st.lists(st.tuples(st.integers(1, 8), st.integers(0, 8)), max_size=6))
def test_every_step_that_has_two_lines_was_lost_once(lives: list[tuple[int, int]]):
    """lives: how many steps each takes, and how many of all so far the kill at its end costs."""
    moves, told, at, taken = [move(0.0, 0, 1)], [], 0.0, 0
    for steps, costs in [*lives, (60, 0)]:
        for _ in range(steps):
            at, taken = at + 1, taken + 1
            told.append(step(taken, at, workers=1))
        moves += [move(at + 0.25, 1, 0), move(at + 0.5, 0, 1)]
        taken = max(0, taken - costs)
    made = reported(*moves, steps=told)
    assert made.lost_steps == len(told) - len({each.step for each in told})


def test_time_without_a_worker_counts_from_the_start_to_the_end():
    moves = (move(1.0, 0, 1), move(4.0, 1, 0), move(6.0, 0, 1), move(9.0, 1, 0))
    assert reported(*moves, steps=[step(1, 2.0)], ended=10.0).nobody_s == pytest.approx(1 + 2 + 1)


def test_a_run_that_failed_says_why():
    failed = Outcome(state="failed", message="the disk is full")
    made = reported(move(0.0, 0, 1), steps=[step(1, 1.0)], outcome=failed)
    assert (made.went_well, made.why) == (False, "the disk is full")


def told(*events: tuple[EventName, int, float]) -> Report:
    """events: each with its step and time."""
    run = played(moves=[move(0.0, 0, 1)], steps=[step(1, 1.0)])
    journal = tuple(Event(event=name, step=number, workers=1, at=at) for name, number, at in events)
    return report(replace(run, events=journal), run, plan=schedule([1]), notice_s=0)


def test_checkpoints_and_the_starts_from_them_are_counted():
    made = told(("checkpoint", 3, 1.0), ("checkpoint", 6, 2.0), ("resumed", 6, 3.0))
    assert (made.checkpoints, made.resumes) == (2, 1)


def test_the_interval_is_the_longest_from_a_checkpoint_or_a_start_to_the_next():
    made = told(("started", 0, 1.0), ("checkpoint", 3, 2.0), ("checkpoint", 7, 2.5), ("resumed", 7, 9.0))
    assert made.interval_s == 1.0


def test_the_time_until_a_run_resumes_is_no_interval():
    assert told(("checkpoint", 3, 1.0), ("resumed", 3, 9.0), ("checkpoint", 4, 9.5)).interval_s == 0.5


def test_a_checkpoint_that_was_begun_after_the_one_that_a_start_was_from_is_given_up():
    assert told(("checkpoint", 3, 1.0), ("checkpoint", 7, 2.0), ("resumed", 3, 3.0)).given_up == 1


def test_a_start_from_the_newest_checkpoint_gives_none_up():
    assert told(("checkpoint", 3, 1.0), ("checkpoint", 7, 2.0), ("resumed", 7, 3.0)).given_up == 0
