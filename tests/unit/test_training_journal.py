from pathlib import Path

from tests.bench.kills import lost_steps
from training.journal import Event, Journal, Step, losses, read_journal

NOW = 1790000000.0


def journal(folder: Path, *, leads: bool = True) -> Journal:
    return Journal(folder / "journal.jsonl", leads=leads, clock=lambda: NOW)


def taken(step: int, *, at: float = NOW) -> Step:
    return Step(step=step, loss=0.5, workers=2, at=at)


def test_what_is_written_is_read_in_order(tmp_path: Path):
    kept = journal(tmp_path)
    kept.event("started", step=0, workers=2)
    kept.step(1, loss=0.5, workers=2)
    assert list(read_journal(tmp_path / "journal.jsonl")) == [
        Event(event="started", step=0, workers=2, at=NOW),
        taken(1),
    ]


def test_only_the_worker_that_leads_writes(tmp_path: Path):
    journal(tmp_path, leads=False).step(1, loss=0.5, workers=2)
    assert list(read_journal(tmp_path / "journal.jsonl")) == []


def test_a_journal_without_a_file_is_not_worth_a_loss():
    assert not Journal(None, leads=True).is_kept


def test_a_line_that_a_kill_cut_is_left_out(tmp_path: Path):
    journal(tmp_path).step(1, loss=0.5, workers=2)
    with (tmp_path / "journal.jsonl").open("a") as file:
        file.write('{"step": 2, "lo')
    assert losses(tmp_path / "journal.jsonl") == {1: 0.5}


def test_of_a_step_that_was_taken_again_the_later_loss_counts(tmp_path: Path):
    kept = journal(tmp_path)
    kept.step(1, loss=0.5, workers=2)
    kept.step(1, loss=0.25, workers=1)
    assert losses(tmp_path / "journal.jsonl") == {1: 0.25}


def test_steps_that_are_taken_again_are_those_that_a_kill_lost():
    entries = [taken(1, at=1.0), taken(2, at=2.0), taken(2, at=4.0), taken(3, at=5.0), taken(1, at=7.0)]
    assert lost_steps(entries, killed_at=[3.0, 6.0]) == [1, 3]
