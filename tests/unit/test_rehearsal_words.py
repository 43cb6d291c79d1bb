from dataclasses import replace

from training.rehearsal import Curve, Loss, Report
from training.rehearsal.words import lines

CURVE = Curve(steps=120, missing=0, unwritten=1, difference=3e-8, at_step=7)
GOOD = Report(
    finished=True,
    why="",
    workers=4,
    notice_s=0,
    steps=120,
    turns=9,
    played=9,
    seconds=42,
    undisturbed_s=20,
    nobody_s=5,
    checkpoints=12,
    interval_s=0.4,
    given_up=1,
    resumes=1,
    unasked=0,
    losses=(
        Loss(lost=1, left=3, again_s=0.5, lost_steps=0, lost_s=0),
        Loss(lost=3, left=0, again_s=1.5, lost_steps=6, lost_s=0.3),
    ),
    curve=CURVE,
)


def said(report: Report, *, well: bool | None) -> str:
    return "\n".join(line for is_well, line in lines(report) if is_well is well)


def test_a_rehearsal_that_went_well_says_so_twice_and_nothing_bad():
    assert len(said(GOOD, well=True).splitlines()) == 2
    assert not said(GOOD, well=False)


def test_what_the_losses_cost_is_told():
    told = said(GOOD, well=None)
    assert (
        "workers lost without notice: 4, at 2 of the changes; steps taken again: 6, at most 6 at once, 0.30 s of work; "
        in told
    )
    assert "survivors stepped again after 0.50 s, at worst 0.50 s" in told
    assert "the next to come stepped after 1.50 s" in told


def test_a_training_that_did_not_end_says_why():
    assert "the disk is full" in said(replace(GOOD, finished=False, why="the disk is full"), well=False)


def test_a_trace_that_was_played_in_part_says_how_to_play_more():
    told = said(replace(GOOD, played=4), well=True)
    assert "4 of the trace's 9 changes; more epochs or fewer seconds play more" in told


def test_a_disturbed_curve_names_its_worst_step():
    told = said(replace(GOOD, curve=replace(CURVE, difference=0.25)), well=False)
    assert "the loss of step 7 is 0.25 off" in told


def test_steps_that_were_never_written_are_counted():
    assert "3 of 120 steps were never written" in said(replace(GOOD, curve=replace(CURVE, missing=3)), well=False)


def test_workers_that_went_by_themselves_are_named():
    assert "2 workers ended without being told to" in said(replace(GOOD, unasked=2), well=False)
