from pathlib import Path

from training.journal import Journal
from training.rehearsal.written import Written


def journal(folder: Path) -> Journal:
    return Journal(folder / "journal.jsonl", leads=True, clock=lambda: 12.0)


def test_what_the_trainer_writes_is_read_as_it_comes(tmp_path: Path):
    written, told = Written(tmp_path / "journal.jsonl"), journal(tmp_path)
    told.event("started", step=0, workers=2)
    told.step(1, loss=0.5, workers=2)
    written.read()
    told.step(2, loss=0.25, workers=1)
    written.read()
    assert [(step.step, step.loss, step.workers) for step in written.steps] == [(1, 0.5, 2), (2, 0.25, 1)]
    assert [event.event for event in written.events] == ["started"]


def test_before_the_first_line_there_is_nothing_to_read(tmp_path: Path):
    written = Written(tmp_path / "journal.jsonl")
    written.read()
    assert not written.steps


def test_half_a_line_waits_for_its_other_half(tmp_path: Path):
    file = tmp_path / "journal.jsonl"
    written = Written(file)
    journal(tmp_path).step(1, loss=0.5, workers=1)
    whole = file.read_bytes()
    file.write_bytes(whole[:10])
    written.read()
    assert not written.steps
    file.write_bytes(whole)
    written.read()
    assert len(written.steps) == 1


def test_a_line_that_a_kill_cut_short_is_left_out(tmp_path: Path):
    file = tmp_path / "journal.jsonl"
    file.write_bytes(b'{"step": 1, "lo\n')
    journal(tmp_path).step(2, loss=0.5, workers=1)
    written = Written(file)
    written.read()
    assert [step.step for step in written.steps] == [2]
