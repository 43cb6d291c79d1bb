import json
import os
import socket

from slipway.engine import _held


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
