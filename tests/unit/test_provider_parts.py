import socket
from pathlib import Path

import pytest
from pulumi.provider.experimental.property_value import PropertyValue

from infra.local.provider.layout import path_problem, write
from infra.local.provider.ports import choose, holder, is_free
from infra.local.provider.records import physical_id
from infra.local.provider.server import config_failures
from infra.local.provider.service import RUNNING, condition
from infra.local.provider.spec import ServiceSpec
from infra.local.provider.values import plain_map, secret_paths, wire_map
from infra.local.provider.waiting import redact, tail
from slipway.errors import SlipwayError
from slipway.slots import Slot

SPEC = ServiceSpec(argv=("web",), slots_min=2, slots_max=3)


def slot(number: int, state: str) -> Slot:
    return Slot(service="web-1", slot=number, port=None, state=state, pid=0, uptime_s=0)


def test_the_same_inputs_have_the_same_id_and_others_another():
    first = physical_id("web", "urn", {"argv": ["a"]}, b"key")
    assert first.startswith("web-")
    assert physical_id("web", "urn", {"argv": ["a"]}, b"key") == first
    others = [physical_id("web", "urn", {"argv": ["b"]}, b"key"), physical_id("web", "urn", {"argv": ["a"]}, b"other")]
    assert first not in [*others, physical_id("web", "other", {"argv": ["a"]}, b"key")]


def test_an_id_is_safe_in_paths_and_configuration():
    assert physical_id("a/../b c;d\n", "urn", {}, b"").rsplit("-", 1)[0] == "a-..-b-c-d"


def test_chosen_ports_are_free_and_nobodys():
    chosen = choose(3, seed="web", taken={20_001}, free=lambda port: port % 2 == 1)
    assert len(set(chosen)) == 3
    assert all(port % 2 == 1 and port != 20_001 for port in chosen)


def test_too_few_ports_are_an_error():
    with pytest.raises(SlipwayError, match="2 free ports are needed"):
        choose(2, seed="web", taken=(), free=lambda port: port == 20_000)


def test_a_port_that_somebody_listens_on_is_not_free():
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        assert not is_free(port)
        assert "pid" in holder(port)
    assert is_free(port)


def test_a_service_runs_when_its_least_number_does():
    assert condition(SPEC, [slot(0, "running"), slot(1, "starting"), slot(2, "stopped")], True) == RUNNING
    assert condition(SPEC, [slot(0, "running"), slot(1, "running"), slot(2, "running")], True) == RUNNING


def test_what_is_amiss_is_told():
    assert condition(SPEC, None, True) == "supervisord is down"
    assert condition(SPEC, [], True) == "supervisord does not know it"
    assert condition(SPEC, [slot(0, "running"), slot(1, "running")], False) == "its files were changed"
    assert condition(SPEC, [slot(0, "running"), slot(1, "backoff")], True) == "1 of 2 slots run: slot 1 is backoff"


def test_secrets_are_taken_out_of_what_a_service_said():
    assert redact("key=abcdef, part=abc", frozenset({"abc", "abcdef"})) == "key=[secret], part=[secret]"


def test_a_tail_is_the_last_lines_and_nothing_where_there_is_no_log(tmp_path: Path):
    log = tmp_path / "log"
    log.write_text("\n".join(map(str, range(100))))
    assert tail(log).splitlines() == [f"  {number}" for number in range(80, 100)]
    assert tail(tmp_path / "none") == ""


def test_values_pass_through_the_protocol_unchanged():
    values = {"text": "a", "number": 3, "share": 0.5, "flag": True, "list": ["a", 1], "map": {"a": {"b": "c"}}}
    assert plain_map(wire_map(values)) == values


def test_secret_inputs_are_found_at_any_depth():
    secret = PropertyValue("x", is_secret=True)
    inputs = {"argv": PropertyValue([PropertyValue("a"), secret]), "environment": PropertyValue({"A": secret})}
    assert list(secret_paths(inputs)) == ["argv[1]", "environment.A"]


def test_a_write_replaces_the_whole_file_and_leaves_nothing_beside_it(tmp_path: Path):
    file = tmp_path / "below" / "file"
    write(file, "one")
    write(file, "two\r\n", mode=0o640)
    assert file.read_bytes() == b"two\r\n"
    assert file.stat().st_mode & 0o777 == 0o640
    assert list(file.parent.iterdir()) == [file]


@pytest.mark.parametrize(
    ("config", "reason"),
    [
        ({}, "is required"),
        ({"state": "run"}, "is not absolute"),
        ({"state": "/srv/" + "x" * 90}, "choose a shorter folder"),
        ({"state": "/srv/a*b"}, "takes for a pattern"),
        ({"state": "/srv/a", "stat": "b"}, "there is no such input"),
    ],
)
def test_a_provider_refuses_a_run_folder_it_cannot_use(config: dict[str, str], reason: str):
    assert any(reason in failure.reason for failure in config_failures(config))


def test_a_short_absolute_run_folder_will_do():
    assert path_problem("/srv/slipway") is None
