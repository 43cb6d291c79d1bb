"""The Python language host of ours under the real engine. Skipped where the engine brings the official host."""

import os
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from slipway.paths import PROJECT, State
from slipway.toolchain import Engine, engine_variables, find_engine

pytestmark = pytest.mark.engine

_DEADLINE_S = 30
_RUNTIME = f"runtime:\n  name: python\n  options:\n    virtualenv: {PROJECT / '.venv'}\n"

_REFUSES_ALL = """
from pulumi_policy import EnforcementLevel, PolicyPack, StackValidationPolicy

def refuse(args, report):
    report("no stack will do")

never = StackValidationPolicy(name="never", description="refuses all", validate=refuse)
PolicyPack(name="pack", enforcement_level=EnforcementLevel.MANDATORY, policies=[never])
"""

_PROVIDER = """
import sys
from pulumi.provider.experimental import provider
from pulumi.provider.experimental.server import main

class Echo(provider.Provider):
    async def check(self, request):
        return provider.CheckResponse(inputs=request.new_inputs)

    async def check_config(self, request):
        return provider.CheckResponse(inputs=request.new_inputs)

    async def configure(self, request):
        return provider.ConfigureResponse()

    async def create(self, request):
        return provider.CreateResponse(resource_id="made-by-python", properties=request.properties)

main(sys.argv[1:], "0.1.0", Echo())
"""

_USES_THE_PROVIDER = """
import pulumi

made = pulumi.CustomResource("echo:index:Thing", "thing", {})
pulumi.export("id", made.id)
"""


@pytest.fixture(scope="module")
def engine() -> Engine:
    found = find_engine()
    if found.origin != "modules":
        pytest.skip("this engine came with Pulumi's own language host")
    return found


class Project:
    """A program of one file, and the engine on it."""

    def __init__(self, folder: Path, engine: Engine, program: str, plugins: str = "") -> None:
        (folder / "Pulumi.yaml").write_text(f"name: sample\n{_RUNTIME}{plugins}")
        (folder / "__main__.py").write_text(program)
        self.state = State(folder / "state")
        self.state.backend.mkdir(parents=True)
        self.folder = folder
        self.engine = engine
        self.environment = os.environ | engine_variables(engine, self.state, "local")
        assert self.run("stack", "init").returncode == 0

    def command(self, *arguments: str) -> list[str]:
        return [str(self.engine.executable), *arguments, "--stack", "dev", "--non-interactive"]

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Standard error comes with standard output: the engine divides what it says by its own lights."""
        return subprocess.run(
            self.command(*arguments),
            cwd=self.folder,
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=60,
        )

    def up(self) -> subprocess.CompletedProcess[str]:
        return self.run("up", "--yes", "--skip-preview")

    def processes(self) -> list[psutil.Process]:
        """Engine, host and program: all have this project's state folder in their environment."""
        return [process for process in psutil.process_iter() if self._started(process)]

    def _started(self, process: psutil.Process) -> bool:
        try:
            return process.environ().get("SLIPWAY_STATE") == str(self.state.root)
        except psutil.Error:
            return False


def wait_until(holds: Callable[[], bool], what: str) -> None:
    end = time.monotonic() + _DEADLINE_S
    while not holds():
        assert time.monotonic() < end, what
        time.sleep(0.05)


def test_a_program_runs_and_its_words_reach_the_user(tmp_path: Path, engine: Engine):
    project = Project(tmp_path, engine, "import pulumi\nprint('hello')\npulumi.export('answer', 42)")
    done = project.up()
    assert done.returncode == 0, done.stdout
    assert "hello" in done.stdout
    assert project.run("stack", "output", "answer").stdout.strip() == "42"


def test_what_a_program_writes_to_standard_error_is_no_failure(tmp_path: Path, engine: Engine):
    done = Project(tmp_path, engine, "import sys\nprint('a warning', file=sys.stderr)").up()
    assert done.returncode == 0
    assert "a warning" in done.stdout
    assert "error" not in done.stdout


def test_the_engine_has_nothing_to_say_about_its_host(tmp_path: Path, engine: Engine):
    assert "pulumi-language-python" not in Project(tmp_path, engine, "").up().stdout


def test_a_program_that_raises_ends_the_update_with_its_traceback(tmp_path: Path, engine: Engine):
    done = Project(tmp_path, engine, "raise ValueError('no such thing')").up()
    assert done.returncode != 0
    assert "ValueError: no such thing" in done.stdout


def test_a_program_that_dies_without_a_word_ends_the_update(tmp_path: Path, engine: Engine):
    done = Project(tmp_path, engine, "import os\nos._exit(3)").up()
    assert done.returncode != 0
    assert "program exited with code 3" in done.stdout


def test_an_error_that_the_sdk_has_told_is_told_once(tmp_path: Path, engine: Engine):
    done = Project(tmp_path, engine, "import pulumi\nraise pulumi.RunError('bad')").up()
    assert done.returncode != 0
    assert done.stdout.count("Traceback") == 0


def test_a_policy_pack_stops_a_preview(tmp_path: Path, engine: Engine):
    pack = tmp_path / "pack"
    pack.mkdir()
    (pack / "PulumiPolicy.yaml").write_text(_RUNTIME)
    (pack / "__main__.py").write_text(_REFUSES_ALL)
    done = Project(tmp_path, engine, "import pulumi").run("preview", "--policy-pack", str(pack))
    assert done.returncode != 0
    assert "no stack will do" in done.stdout


def test_a_provider_in_a_folder_of_python_makes_a_resource(tmp_path: Path, engine: Engine):
    provider = tmp_path / "provider"
    provider.mkdir()
    (provider / "PulumiPlugin.yaml").write_text(_RUNTIME)
    (provider / "__main__.py").write_text(_PROVIDER)
    plugins = f"plugins:\n  providers:\n    - name: echo\n      path: {provider}\n"
    project = Project(tmp_path, engine, _USES_THE_PROVIDER, plugins)
    done = project.up()
    assert done.returncode == 0, done.stdout
    assert project.run("stack", "output", "id").stdout.strip() == "made-by-python"
    wait_until(lambda: not project.processes(), "the provider has ended")


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
        running.wait(_DEADLINE_S)
        wait_until(lambda: not project.processes(), "host and program have ended")
