"""The Python language host of ours under the real engine. Skipped where the engine brings the official host."""

import os
import signal
import subprocess
import time
from pathlib import Path

import psutil
import pytest

from slipway.paths import PROJECT, State
from slipway.toolchain import Engine, engine_variables, find_engine

pytestmark = pytest.mark.engine

_DEADLINE_S = 30


@pytest.fixture(scope="module")
def engine() -> Engine:
    found = find_engine()
    if found.origin != "modules":
        pytest.skip("this engine came with Pulumi's own language host")
    return found


class Project:
    """A program of one file, and the engine on it."""

    def __init__(self, folder: Path, engine: Engine, program: str) -> None:
        (folder / "Pulumi.yaml").write_text(
            f"name: sample\nruntime:\n  name: python\n  options:\n    virtualenv: {PROJECT / '.venv'}\n"
        )
        (folder / "__main__.py").write_text(program)
        state = State(folder / "state")
        state.backend.mkdir(parents=True)
        self.folder = folder
        self.engine = engine
        self.environment = os.environ | engine_variables(engine, state, "local")
        assert self.run("stack", "init").returncode == 0

    def command(self, *arguments: str) -> list[str]:
        return [str(self.engine.executable), *arguments, "--stack", "dev", "--non-interactive"]

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            self.command(*arguments), cwd=self.folder, env=self.environment, capture_output=True, text=True, timeout=60
        )

    def processes(self) -> list[psutil.Process]:
        return [p for p in psutil.process_iter(["cmdline"]) if str(self.folder) in " ".join(p.info["cmdline"] or [])]


def wait_until(holds, what: str) -> None:
    end = time.monotonic() + _DEADLINE_S
    while not holds():
        assert time.monotonic() < end, what
        time.sleep(0.05)


def test_a_program_runs_and_its_words_reach_the_user(tmp_path: Path, engine: Engine):
    project = Project(tmp_path, engine, "import pulumi\nprint('hello')\npulumi.export('answer', 42)")
    done = project.run("up", "--yes", "--skip-preview")
    assert done.returncode == 0, done.stderr
    assert "hello" in done.stdout
    assert project.run("stack", "output", "answer").stdout.strip() == "42"


def test_a_program_that_raises_ends_the_update_with_its_traceback(tmp_path: Path, engine: Engine):
    done = Project(tmp_path, engine, "raise ValueError('no such thing')").run("up", "--yes", "--skip-preview")
    assert done.returncode != 0
    assert "ValueError: no such thing" in done.stdout + done.stderr


def test_an_error_that_the_sdk_has_told_is_told_once(tmp_path: Path, engine: Engine):
    done = Project(tmp_path, engine, "import pulumi\nraise pulumi.RunError('bad')").run("up", "--yes", "--skip-preview")
    assert done.returncode != 0
    assert (done.stdout + done.stderr).count("Traceback") == 0


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGKILL])
def test_an_engine_that_is_stopped_leaves_no_process(tmp_path: Path, engine: Engine, how: signal.Signals):
    started = tmp_path / "started"
    program = f"import time, pathlib\npathlib.Path({str(started)!r}).touch()\ntime.sleep(60)"
    project = Project(tmp_path, engine, program)
    with subprocess.Popen(
        project.command("preview"),
        cwd=tmp_path,
        env=project.environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    ) as running:
        wait_until(started.exists, "the program runs")
        os.kill(running.pid, how)
        if how is signal.SIGINT:
            os.kill(running.pid, how)  # a second one ends an engine that waits for its program
        wait_until(lambda: not project.processes(), "the program has ended")
        running.kill()
