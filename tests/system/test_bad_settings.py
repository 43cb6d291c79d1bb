"""Wrong settings stop before the engine starts, name the key path and change nothing."""

from pathlib import Path

import pytest

from tests.system.platform import Platform

pytestmark = pytest.mark.system


@pytest.mark.parametrize(
    ("settings", "key"),
    [
        ({"edg": {}}, "slipway:edg: unknown key"),
        ({"edge": {"port": "http"}}, "slipway:edge.port"),
        ({"predictor": {"replicas": {"min": 9, "max": 1}}}, "slipway:predictor.replicas"),
    ],
)
def test_a_wrong_setting_changes_nothing(folder: Path, settings: dict, key: str):
    platform = Platform.prepare(folder, **settings)
    done = platform.run("up")
    assert done.returncode == 2
    assert key in done.stderr
    assert "Traceback" not in done.stderr
    assert not platform.state.root.exists()


def test_a_stack_without_a_file_is_named(folder: Path):
    platform = Platform(Platform.prepare(folder).state, folder / "absent.yaml")
    done = platform.run("up")
    assert done.returncode == 2
    assert "there is no stack file" in done.stderr


def test_an_edge_port_in_use_is_named_and_leaves_nothing_running(folder: Path):
    import socket

    platform = Platform.prepare(folder)
    with socket.create_server(("127.0.0.1", platform.port)):
        done = platform.run("up")
    try:
        assert done.returncode != 0
        assert str(platform.port) in done.stderr
    finally:
        assert platform.run("down", "--purge").returncode == 0
