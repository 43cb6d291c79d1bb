"""Benches over spot traces take folders as they come: what cannot be replayed is left out with the reason."""

import json
from pathlib import Path

import pytest

from infra.placement.errors import PlacementError
from tests.bench.spot import scored, verdicts
from tests.bench.traces import Cases, cases


def write(file: Path, nodes: list[int], gap_s: int = 600) -> None:
    file.parent.mkdir(exist_ok=True)
    file.write_text(json.dumps({"metadata": {"gap_seconds": gap_s}, "data": nodes}))


def found(folder: Path) -> Cases:
    return cases(folder, hours=6, starts=1)


def test_a_trace_shorter_than_the_deadline_is_left_out_and_the_rest_stays(tmp_path: Path):
    write(tmp_path / "us" / "a.json", [1] * 100)
    write(tmp_path / "us" / "short.json", [1] * 10)
    made = found(tmp_path)
    assert {case.name for case in made.alone} == {"us/a"}
    assert "us/short at 1.5 x the work: a trace of 1.7 h is too short" in made.left_out


def test_traces_on_different_clocks_are_still_replayed_alone(tmp_path: Path):
    write(tmp_path / "us" / "a.json", [1] * 100)
    write(tmp_path / "us" / "b.json", [1] * 200, gap_s=300)
    made = found(tmp_path)
    assert {case.name for case in made.alone} == {"us/a", "us/b"}
    assert (made.together, made.left_out) == ((), ("us, all zones: its traces have different gap_seconds",))


def test_a_file_that_is_no_trace_is_left_out_by_name(tmp_path: Path):
    write(tmp_path / "us" / "a.json", [1] * 100)
    (tmp_path / "us" / "notes.json").write_text("{}")
    assert "notes.json is no spot trace" in found(tmp_path).left_out[0]


def test_a_folder_that_is_not_there_is_named(tmp_path: Path):
    with pytest.raises(PlacementError, match="nowhere holds no trace that can be replayed"):
        found(tmp_path / "nowhere")


def test_each_bar_has_a_verdict_with_its_figure(tmp_path: Path):
    write(tmp_path / "us" / "a.json", [0] * 100)
    write(tmp_path / "us" / "b.json", [1] * 100)
    made = found(tmp_path)
    alone, together = ([(case, scored(case)) for case in some] for some in (made.alone, made.together))
    assert [met for met, _ in verdicts(alone, together)] == [True] * 7
