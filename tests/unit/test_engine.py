import json
import os
import socket

from slipway.engine import Change, Outcome, _aside, _change, _error, _held


def event(op: str) -> dict:
    urn = "urn:pulumi:local::slipway::slipway:local:Edge$slipway:local:Service::edge-envoy"
    metadata = {"op": op, "urn": urn, "type": "slipway:local:Service", "provider": "urn:…::cluster::id"}
    return {"resOutputsEvent": {"metadata": metadata}}


def test_a_finished_operation_is_told_by_its_resource():
    created = Change(op="create", name="edge-envoy", type="slipway:local:Service", component=False)
    assert _change(event("create")) == created


def test_what_was_only_looked_at_is_no_change():
    assert [_change(event(op)) for op in ("same", "refresh", "read")] == [None, None, None]


def test_an_outcome_counts_what_changed():
    assert Outcome(operations={"same": 12, "create-replacement": 2, "delete": 1}).changed == 3


def test_an_error_is_the_programs_own_words():
    said = {"diagnosticEvent": {"severity": "error", "message": "port 8080 is in use\n"}}
    assert _error(said) == "port 8080 is in use"


def test_that_a_program_ended_is_not_told_twice():
    said = {
        "diagnosticEvent": {"severity": "error", "message": "an unhandled error occurred: program exited with code 1"}
    }
    assert _error(said) == ""


def test_what_a_program_wrote_to_standard_error_is_no_error_but_kept():
    said = {"diagnosticEvent": {"severity": "info#err", "message": "Segmentation fault\n"}}
    assert (_error(said), _aside(said)) == ("", "Segmentation fault")


def test_the_lock_of_a_living_engine_is_held(tmp_path):
    lock = tmp_path / "lock.json"
    lock.write_text(json.dumps({"pid": os.getpid(), "hostname": socket.gethostname()}))
    assert _held(lock)


def test_the_lock_of_another_machine_is_held(tmp_path):
    lock = tmp_path / "lock.json"
    lock.write_text(json.dumps({"pid": 2**22 + 1, "hostname": "elsewhere"}))
    assert _held(lock)


def test_the_lock_of_a_killed_engine_is_not(tmp_path):
    lock = tmp_path / "lock.json"
    lock.write_text(json.dumps({"pid": 2**22 + 1, "hostname": socket.gethostname()}))
    assert not _held(lock)
