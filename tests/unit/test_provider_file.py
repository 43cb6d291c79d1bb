from pathlib import Path
from typing import Any

import pytest

from infra.local.provider.file import Files, check_file, fill
from infra.local.provider.layout import Run
from infra.local.provider.values import UNKNOWN
from slipway.errors import SlipwayError

URN = "urn:pulumi:dev::slipway::slipway:local:File::token"


def failures(*, secret: bool = False, **inputs: Any) -> dict[str, str]:
    return {failure.path: failure.reason for failure in check_file(inputs, secret=secret)}


@pytest.mark.parametrize(
    ("inputs", "path", "reason"),
    [
        ({"content": "x"}, "path", "is required"),
        ({"path": "a"}, "content", "set one of content, template, random_bytes; got none of them"),
        ({"path": "a", "content": "x", "random_bytes": 32}, "content", "got content and random_bytes"),
        ({"path": "../a", "content": "x"}, "path", "../a leads out of the run folder"),
        ({"path": "a", "content": "x", "mode": 0o1777}, "mode", "expected `int` <= 511"),
        ({"path": "a", "content": "x", "mode": 0o044}, "mode", "0o44 would lock its own user out"),
        ({"path": "a", "random_bytes": 32, "mode": 0o644}, "mode", "lets others at a secret"),
        ({"path": "a", "random_bytes": 4}, "random_bytes", "expected `int` >= 16"),
        ({"path": "a", "content": "x", "values": {"b": "c"}}, "values", "only a template has values"),
        ({"path": "a", "template": "{x}", "values": {"y": "1"}}, "values.y", "the template has no {y}"),
        ({"path": "a", "contents": "x"}, "contents", "there is no such input"),
    ],
)
def test_what_is_wrong_is_named_by_its_path(inputs: dict[str, Any], path: str, reason: str):
    assert reason in failures(**inputs)[path]


def test_secret_content_is_for_its_user_alone():
    assert "mode" in failures(secret=True, path="a", content="x", mode=0o640)
    assert failures(secret=True, path="a", content="x", mode=0o600) == {}


def test_what_a_preview_does_not_know_is_not_judged():
    assert failures(path="a", content=UNKNOWN) == {}
    assert failures(path="a", template=UNKNOWN, values={"y": "1"}) == {}
    assert failures(path=UNKNOWN, content="x") == {}


def test_a_template_fills_its_names_once_and_leaves_other_braces():
    assert fill('{"a": "{a}", "b": {}}', {"a": "{b}"}) == '{"a": "{b}", "b": {}}'


def test_a_create_that_was_interrupted_is_taken_up_with_its_random_content(tmp_path: Path):
    files = Files(Run(tmp_path / "run"))
    inputs = {"path": "secrets/token", "random_bytes": 32}
    first = files.create("token", URN, inputs, secret=False)
    again = files.create("token", URN, inputs, secret=False)
    assert (again.record.id, again.content) == (first.record.id, first.content)


def test_a_late_delete_of_an_older_incarnation_spares_the_file(tmp_path: Path):
    """The engine may delete a resource replaced in an interrupted run after its namesake was created again."""
    files = Files(Run(tmp_path / "run"))
    inputs = {"path": "a", "content": "x"}
    old = files.create("a", URN, inputs, secret=False)
    new = files.create("a", URN, inputs, secret=False)
    files.delete(old.record.id, old.record.incarnation)
    assert (tmp_path / "run" / "a").read_text() == "x"
    files.delete(new.record.id, new.record.incarnation)
    assert not (tmp_path / "run").exists()


def test_a_relative_path_cannot_lead_out_through_a_link(tmp_path: Path):
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "out").symlink_to(tmp_path)
    with pytest.raises(SlipwayError, match="leads out of the run folder"):
        Files(Run(tmp_path / "run")).create("a", URN, {"path": "out/a", "content": "x"}, secret=False)


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path):
    (tmp_path / "run").write_text("not a folder")
    with pytest.raises(SlipwayError, match="cannot be made"):
        Files(Run(tmp_path / "run" / "deeper")).create("a", URN, {"path": "a", "content": "x"}, secret=False)
