import configparser
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from infra.local.provider.rendering import service_config, slot_script, slot_scripts
from infra.local.provider.spec import Limits, Restart, ServiceSpec

SPEC = ServiceSpec(
    argv=("web", "--port", "{port}", "--name=slot-{slot}"),
    environment={"URL": "http://127.0.0.1:{port}/{slot}", "JSON": '{"a": {}}'},
    secret_environment={"KEY": "{port}"},
    slots_min=1,
    slots_max=2,
)
ANY_TEXT = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=40)


def parsed(spec: ServiceSpec) -> configparser.RawConfigParser:
    parser = configparser.RawConfigParser()
    parser.read_string(service_config("web-1", spec))
    return parser


def shown(spec: ServiceSpec, name: str) -> str:
    """What a process started by the slot's script sees in one variable."""
    tell = ServiceSpec(
        argv=(sys.executable, "-Sc", f"import os, sys; sys.stdout.buffer.write(os.environb[b'{name}'])"),
        environment=spec.environment,
        secret_environment=spec.secret_environment,
    )
    script = slot_script(tell, slot=0, port=8080, folder="/")
    return subprocess.run(["/bin/sh"], input=script.encode(), capture_output=True, check=True).stdout.decode()


def test_each_slot_is_told_its_number_and_port():
    first, second = slot_scripts(SPEC, (8080, 8081), "/run").values()
    assert first.endswith("exec web --port 8080 --name=slot-0\n")
    assert second.endswith("exec web --port 8081 --name=slot-1\n")


def test_other_braces_and_secrets_stay_as_they_are():
    assert shown(SPEC, "URL") == "http://127.0.0.1:8080/0"
    assert shown(SPEC, "JSON") == '{"a": {}}'
    assert shown(SPEC, "KEY") == "{port}"


@settings(max_examples=25, deadline=None)
@given(ANY_TEXT)
def test_any_value_reaches_the_process_as_it_was_given(value: str):
    spec = ServiceSpec(argv=("true",), secret_environment={"KEY": value})
    assert shown(spec, "KEY") == value


def test_secrets_and_arguments_do_not_show_in_the_configuration_of_supervisord():
    spec = ServiceSpec(argv=("web", "--verbose"), secret_environment={"KEY": "hunter2"})
    assert "hunter2" not in service_config("web-1", spec)
    assert "--verbose" not in service_config("web-1", spec)


def test_only_the_lowest_slots_start_by_themselves():
    config = parsed(SPEC)
    assert config["group:web-1"]["programs"] == "web-1-0,web-1-1"
    assert [config[f"program:web-1-{slot}"]["autostart"] for slot in (0, 1)] == ["true", "false"]


@pytest.mark.parametrize(
    ("restart", "autorestart", "tries"),
    [("always", "true", "1000000"), ("on-failure", "unexpected", "1000000"), ("never", "false", "0")],
)
def test_the_restart_policy_is_supervisords(restart: Restart, autorestart: str, tries: str):
    program = parsed(ServiceSpec(argv=("web",), restart=restart))["program:web-1-0"]
    assert (program["autorestart"], program["startretries"]) == (autorestart, tries)


def test_a_slot_stops_with_its_grace_and_then_with_all_its_children():
    program = parsed(ServiceSpec(argv=("web",), stop_grace_s=7))["program:web-1-0"]
    assert (program["stopsignal"], program["stopwaitsecs"], program["killasgroup"]) == ("TERM", "7", "true")


def test_limits_hold_in_the_process(tmp_path: Path):
    tell = "import resource as r; print(r.getrlimit(r.RLIMIT_NOFILE)[0], r.getrlimit(r.RLIMIT_DATA)[0])"
    spec = ServiceSpec(argv=(sys.executable, "-Sc", tell), limits=Limits(memory_gib=0.5, open_files=128))
    script = slot_script(spec, slot=0, port=None, folder=str(tmp_path))
    told = subprocess.run(["/bin/sh"], input=script, capture_output=True, check=True, text=True).stdout
    assert told.split() == ["128", str(512 * 1024 * 1024)]


def test_a_limit_that_cannot_be_set_ends_the_slot_before_it_starts():
    spec = ServiceSpec(argv=("echo", "started"), limits=Limits(open_files=10**9))
    script = slot_script(spec, slot=0, port=None, folder="/")
    done = subprocess.run(["/bin/sh"], input=script, capture_output=True, text=True)
    assert done.returncode
    assert "started" not in done.stdout
