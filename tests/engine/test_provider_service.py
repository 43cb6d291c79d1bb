import contextlib
import http.client
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from infra.local.provider.ports import choose, is_free
from slipway.slots import Slot, slots, start_slot
from tests.engine.conftest import Project

pytestmark = pytest.mark.engine

_SOON_S = 15

SERVER = """
import http.server, os, sys, time

time.sleep(float(os.environ.get("START_S", "0")))
print("the word is", os.environ.get("WORD"), "and the secret", os.environ.get("SECRET"), flush=True)
if os.environ.get("WORD") == "crash":
    sys.exit("cannot load the model")


class Answer(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
        self.wfile.write(os.environ["WORD"].encode())

    def log_message(self, *_):
        pass


http.server.ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Answer).serve_forever()
"""


@pytest.fixture(scope="module", autouse=True)
def _server(project: Project) -> None:
    (project.folder / "server.py").write_text(SERVER)


def program(project: Project, **arguments: object) -> str:
    """A stack of one Service `web`, with what a test changes about it."""
    environment = {"WORD": "one", **arguments.pop("environment", {})}  # type: ignore[dict-item]
    given = {"slots_min": 1, "slots_max": 2, "stop_grace_s": 2, "environment": environment} | arguments
    return f"""
import pulumi
from infra.local.provider import *

here = pulumi.ResourceOptions(provider=Provider("local", state={str(project.run_folder)!r}))
web = Service(
    "web",
    argv=[{sys.executable!r}, "-S", {str(project.folder / "server.py")!r}, "{{port}}"],
    secret_environment={{"SECRET": "hunter2-and-more"}},
    health=Probe(path="/", deadline_s=10),
    opts=here,
    **{given!r},
)
"""


def ports(project: Project) -> list[int]:
    return [int(port) for port in project.state("web")["outputs"]["ports"]]


def ask(port: int) -> str:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=2)
    try:
        connection.request("GET", "/")
        return connection.getresponse().read().decode()
    finally:
        connection.close()


def running(project: Project) -> list[Slot]:
    return [slot for slot in slots(project.run_folder / "supervisor" / "supervisor.sock") if slot.up]


def processes(project: Project) -> list[psutil.Process]:
    """Whatever runs with this project's folder in its command line, the engine's own processes aside."""
    mine = (str(project.folder / "server.py"), str(project.run_folder))
    found = []
    for process in psutil.process_iter():
        try:
            line = " ".join(process.cmdline())
            folder = process.environ().get("SLIPWAY_RUN_FOLDER")
        except psutil.Error:
            continue
        if folder == str(project.run_folder) or any(part in line for part in mine):
            found.append(process)
    return found


def provider_of(engine: subprocess.Popen[bytes]) -> psutil.Process:
    children = psutil.Process(engine.pid).children(recursive=True)
    return next(child for child in children if "pulumi-resource-slipway" in " ".join(child.cmdline()))


def until(condition: Callable[[], object], what: str) -> None:
    deadline = time.monotonic() + _SOON_S
    while not condition():
        assert time.monotonic() < deadline, f"not within {_SOON_S} s: {what}"
        time.sleep(0.02)


@pytest.fixture(scope="module")
def up(project: Project) -> Iterator[Project]:
    project.up(program(project))
    yield project
    project.destroy()


def test_a_service_answers_once_up_returns(up: Project):
    assert ask(ports(up)[0]) == "one"
    assert [slot.slot for slot in running(up)] == [0]


def test_everything_written_is_for_its_user_alone(up: Project):
    modes = {path: path.stat().st_mode & 0o077 for path in up.run_folder.rglob("*")}
    assert not any(modes.values()), modes


def test_a_slot_above_the_least_number_is_no_drift(up: Project):
    service = up.state("web")["outputs"]["service_id"]
    start_slot(up.run_folder / "supervisor" / "supervisor.sock", service, 1)
    report = up.up(program(up), "--refresh")
    assert "3 unchanged" in report
    assert [slot.slot for slot in running(up)] == [0, 1]


def test_a_killed_process_is_started_again(up: Project):
    up.settle(program(up))
    first, port = running(up)[0], ports(up)[0]
    os.kill(first.pid, signal.SIGKILL)
    until(lambda: any(slot.slot == first.slot and slot.pid != first.pid for slot in running(up)), "a new process")
    until(lambda: not is_free(port), "it listens")
    assert ask(port) == "one"


def test_new_bounds_leave_running_slots_alone(up: Project):
    up.settle(program(up))
    before = running(up)[0].pid
    report = up.up(program(up, slots_min=2, slots_max=3, stop_grace_s=1))
    assert "1 updated" in report
    assert [slot.slot for slot in running(up)] == [0, 1]
    assert running(up)[0].pid == before
    up.up(program(up))
    assert running(up)[0].pid == before
    assert len(ports(up)) == 2


def test_a_change_starts_the_new_service_before_the_old_one_drains(up: Project):
    up.settle(program(up))
    old = ports(up)[0]
    seen: list[tuple[bool, bool]] = []
    done = threading.Event()

    def watch() -> None:
        while not done.is_set():
            words = {slot.port for slot in running(up)}
            seen.append((old in words, any(port != old for port in words if port)))
            time.sleep(0.02)

    watcher = threading.Thread(target=watch)
    watcher.start()
    report = up.up(program(up, environment={"WORD": "two", "START_S": "0.3"}))
    done.set()
    watcher.join()

    assert "1 replaced" in report
    assert (True, True) in seen, "both ran at once"
    assert all(old_runs or new_runs for old_runs, new_runs in seen)
    assert ask(ports(up)[0]) == "two"
    assert is_free(old)


def test_a_replacement_that_fails_shows_its_log_and_leaves_the_old_one(up: Project):
    up.settle(program(up))
    report = up.up(program(up, environment={"WORD": "crash"}), fails=True)
    assert "cannot load the model" in report
    assert "hunter2" not in report
    assert "[secret]" in report
    assert "Traceback" not in report
    assert ask(ports(up)[0]) == "one"
    assert len(list((up.run_folder / "services").glob("web-*"))) == 1


def test_secrets_show_neither_in_state_nor_in_logs_nor_in_a_process_list(up: Project):
    up.settle(program(up))
    assert "hunter2" not in up.exported()
    assert not any("hunter2" in " ".join(process.cmdline()) for process in processes(up))
    supervisor = [*(up.run_folder / "supervisor").iterdir(), *up.run_folder.glob("services/*/supervisor.conf")]
    assert not any("hunter2" in file.read_text() for file in supervisor if file.is_file())


def test_a_refresh_sees_a_killed_supervisord_and_the_next_up_mends_it(up: Project):
    up.settle(program(up))
    address = ports(up)[0]
    pid = int((up.run_folder / "supervisor" / "supervisord.pid").read_text())
    orphan = running(up)[0].pid
    os.kill(pid, signal.SIGKILL)
    until(lambda: not psutil.pid_exists(pid) or psutil.Process(pid).status() == psutil.STATUS_ZOMBIE, "it is dead")

    up.pulumi("refresh", "--yes", "--skip-preview")
    assert up.state("web")["outputs"]["condition"] == "supervisord is down"

    assert "1 updated" in up.up(program(up))
    assert ports(up)[0] == address, "it keeps its port"
    assert ask(address) == "one"
    assert running(up)[0].pid != orphan
    assert "3 unchanged" in up.up(program(up))


def test_a_port_in_use_is_refused_by_name(up: Project):
    taken = ports(up)[0]
    report = up.up(program(up) + f"Service('other', argv=['sleep', '60'], ports=[{taken}], opts=here)\n", fails=True)
    assert f"port {taken} is in use by service web-" in report


def test_a_service_that_keeps_a_given_port_is_stopped_before_its_successor_starts(up: Project):
    port = choose(1, seed=str(up.folder), taken=(), free=is_free)[0]
    fixed = program(up, slots_max=1, ports=[port])
    up.up(fixed)
    report = up.up(fixed.replace("'WORD': 'one'", "'WORD': 'two'"))
    assert report.index("deleted original") < report.index("created replacement")
    assert ask(port) == "two"


def test_a_killed_engine_takes_its_provider_with_it(up: Project):
    up.settle(program(up))
    up.write(program(up, environment={"WORD": "five", "START_S": "30"}))
    engine = subprocess.Popen(
        up.command("up", "--yes", "--skip-preview"),
        cwd=up.folder,
        env=dict(up.environment),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    until(lambda: len(list(up.run_folder.glob("services/web-*/slot-0.sh"))) > 1, "the new service is being made")
    provider = provider_of(engine)
    program_of_it = [child for child in psutil.Process(engine.pid).children(recursive=True) if child != provider]
    engine.kill()
    engine.wait(_SOON_S)
    until(lambda: not provider.is_running(), "the provider has ended")
    for process in program_of_it:  # whether these end by themselves is the language host's own test
        with contextlib.suppress(psutil.NoSuchProcess):
            process.kill()
    until(lambda: len(list(up.run_folder.glob("services/web-*"))) == 1, "what it began is gone")
    up.pulumi("cancel", "--yes")


def test_a_killed_provider_is_made_up_for_by_the_next_up(up: Project):
    slow = program(up, environment={"WORD": "three", "START_S": "2"})
    up.write(slow)
    engine = subprocess.Popen(
        up.command("up", "--yes", "--skip-preview"),
        cwd=up.folder,
        env=dict(up.environment),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    until(lambda: len(list(up.run_folder.glob("services/web-*/slot-0.sh"))) > 1, "the new service is being made")
    provider_of(engine).kill()
    assert engine.wait(_SOON_S) != 0

    up.up(slow)
    assert ask(ports(up)[0]) == "three"
    assert [slot.service for slot in running(up)] == [up.state("web")["outputs"]["service_id"]]


def test_an_interrupted_up_ends_soon_and_leaves_nothing_half_made(up: Project):
    up.settle(program(up))
    up.write(program(up, environment={"WORD": "four", "START_S": "8"}))
    engine = subprocess.Popen(
        up.command("up", "--yes", "--skip-preview"),
        cwd=up.folder,
        env=dict(up.environment),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    until(lambda: len(list(up.run_folder.glob("services/web-*/slot-0.sh"))) > 1, "the new service is being made")
    began = time.monotonic()
    engine.send_signal(signal.SIGINT)
    report, _ = engine.communicate(timeout=_SOON_S)
    assert time.monotonic() - began < 4
    assert "Traceback" not in report
    assert len(list((up.run_folder / "services").glob("web-*"))) == 1
    assert ask(ports(up)[0]) == "one"


def test_a_service_can_be_imported_by_its_id(up: Project):
    up.settle(program(up))
    state = up.state("web")
    pid = running(up)[0].pid
    up.pulumi("state", "delete", "--yes", state["urn"])
    imported = program(up).replace("(provider=", f"(import_={state['id']!r}, provider=")
    assert "1 imported" in up.up(imported)
    assert "3 unchanged" in up.up(program(up))
    assert running(up)[0].pid == pid


def test_destroy_leaves_no_process_no_port_and_no_file(up: Project):
    up.up(program(up, slots_min=2))
    had = ports(up)
    up.destroy()
    assert processes(up) == []
    assert all(is_free(port) for port in had)
    assert not up.run_folder.exists()


def test_wrong_inputs_are_named_before_anything_starts(project: Project):
    services = Path(project.run_folder / "services")
    before = sorted(services.glob("*"))
    wrong = program(project, slots_min=3, working_folder="/nowhere/at/all").replace("'WORD'", "'WO RD'")
    report = project.up(wrong, fails=True)
    assert "slots_min" in report
    assert "3 is above slots_max, which is 2" in report
    assert "environment.WO RD" in report
    assert sorted(services.glob("*")) == before
