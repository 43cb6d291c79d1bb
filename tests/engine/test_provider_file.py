import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from infra.local.provider import sweep
from tests.engine.conftest import Project

pytestmark = pytest.mark.engine


def program(project: Project, *, mode: int = 0o600, word: str = "one", path: str = "edge/listeners.json") -> str:
    """A stack with a file of each source."""
    return f"""
import pulumi
from infra.local.provider import *

here = pulumi.ResourceOptions(provider=Provider("local", state={str(project.run_folder)!r}))
token = File("token", path="secrets/token", random_bytes=32, opts=here)
File("plain", path={path!r}, content={word!r}, mode={mode}, opts=here)
File("filled", path="url", template='{{"url": "redis://:{{password}}@host", "word": "{{word}}"}}',
     values={{"password": token.content, "word": {word!r}}}, opts=here)
"""


@pytest.fixture(scope="module")
def up(project: Project) -> Iterator[Project]:
    project.up(program(project))
    yield project
    project.destroy()


def read(project: Project, path: str) -> str:
    return (project.run_folder / path).read_text()


def test_a_random_secret_is_drawn_once_and_stays_a_secret(up: Project):
    token = read(up, "secrets/token")
    assert len(bytes.fromhex(token)) == 32
    assert json.loads(read(up, "url")) == {"url": f"redis://:{token}@host", "word": "one"}

    report = up.up(program(up, word="two"))
    assert "2 updated" in report
    assert json.loads(read(up, "url")) == {"url": f"redis://:{token}@host", "word": "two"}
    assert token not in up.exported() + report


def test_no_other_user_reads_a_file(up: Project):
    assert not any(path.stat().st_mode & 0o077 for path in up.run_folder.rglob("*"))


def test_a_refresh_sees_what_was_done_to_files_and_the_next_up_restores_them(up: Project):
    up.settle(program(up))
    token = read(up, "secrets/token")
    (up.run_folder / "secrets/token").unlink()
    (up.run_folder / "edge/listeners.json").write_text("meddled with")

    up.pulumi("refresh", "--yes", "--skip-preview")
    assert up.state("token")["outputs"]["sha256"] == "gone"

    assert "2 updated" in up.up(program(up))
    assert read(up, "secrets/token") == token
    assert read(up, "edge/listeners.json") == "one"
    assert "5 unchanged" in up.up(program(up), "--refresh")


def test_another_path_is_another_file_and_the_old_one_goes(up: Project):
    up.settle(program(up))
    assert "1 replaced" in up.up(program(up, path="console/page.html"))
    assert read(up, "console/page.html") == "one"
    assert not (up.run_folder / "edge").exists()


def test_what_the_state_does_not_know_is_swept(up: Project):
    up.settle(program(up))
    ids = {up.state(name)["id"] for name in ("token", "plain", "filled")}
    lost = up.state("plain")["id"]
    assert sweep(up.run_folder, keep=ids) == []
    assert sweep(up.run_folder, keep=ids - {lost}) == [lost]
    assert not (up.run_folder / "edge").exists()
    up.up(program(up))


def test_a_file_that_is_not_ours_is_left_alone(up: Project, tmp_path: Path):
    letter = tmp_path / "letter.txt"
    letter.write_text("dear diary")
    report = up.up(program(up, path=str(letter)), fails=True)
    assert "is there already and is not Slipway's" in report
    assert letter.read_text() == "dear diary"


def test_a_secret_that_others_could_read_is_refused(up: Project):
    report = up.up(program(up) + "File('open', path='open', random_bytes=32, mode=0o644, opts=here)\n", fails=True)
    assert "0o644 lets others at a secret" in report


def test_destroy_leaves_no_file(up: Project):
    up.settle(program(up))
    up.destroy()
    assert not up.run_folder.exists()
