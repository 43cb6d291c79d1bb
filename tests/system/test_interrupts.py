"""An `up` that is cut off anywhere converges at the next, and `down` leaves nothing (issue 3, bar 5).

`make test` cuts off a few times; `SLIPWAY_INTERRUPTS=20 pytest tests/system/test_interrupts.py` is the bar.
"""

import os
import random
import signal
import socket
import time
from collections.abc import Iterator

import psutil
import pytest

from tests.system.platform import Platform, short_folder, wait_until

pytestmark = pytest.mark.system

_INTERRUPTS = int(os.environ.get("SLIPWAY_INTERRUPTS", "2"))
_LONGEST_S = 6.0  # an `up` of this platform takes about as long


@pytest.fixture(scope="module")
def empty() -> Iterator[Platform]:
    """A platform that serves no release: edge, queue, console and their files are enough to be cut off in."""
    with short_folder() as folder:
        platform = Platform.prepare(folder)
        yield platform
        platform.run("down", "--purge")


def ours(platform: Platform) -> list[psutil.Process]:
    """Every process that works for this platform: its state folder is in what it was started with."""
    mine = str(platform.state.root)
    found = []
    for process in psutil.process_iter(["cmdline"]):
        try:
            started_with = " ".join(process.info["cmdline"] or []) + " ".join(process.environ().values())
        except psutil.Error:
            continue
        if mine in started_with:
            found.append(process)
    return found


def interrupt(platform: Platform, process_id: int) -> None:
    """As Ctrl-C does: to the whole group of the terminal."""
    os.killpg(process_id, signal.SIGINT)


def kill_provider(platform: Platform, process_id: int) -> None:
    for process in ours(platform):
        if any("pulumi-resource-slipway" in word for word in process.cmdline()):
            process.kill()


@pytest.mark.parametrize("how", [interrupt, kill_provider])
def test_an_up_that_was_cut_off_converges_at_the_next(empty: Platform, how):
    chance = random.Random(how.__name__)
    for _ in range(_INTERRUPTS // 2):
        assert empty.run("down", "--purge").returncode == 0
        cut_off = empty.start("up", "--bare", start_new_session=True)
        time.sleep(chance.uniform(0.3, _LONGEST_S))
        how(empty, cut_off.pid)
        cut_off.communicate(timeout=120)

        assert empty.slipway("up", "--bare")["operations"]
        assert empty.slipway("up", "--bare")["changed"] == 0


def test_down_leaves_no_process_no_port_no_file(empty: Platform):
    empty.slipway("up", "--bare")
    ports = {port for service in empty.inventory.services for port in service.ports}
    assert empty.run("down", "--purge").returncode == 0
    wait_until(lambda: not ours(empty), "every process gone", deadline_s=5)
    assert not empty.state.root.exists()
    for port in ports:
        with socket.socket() as probe:
            assert probe.connect_ex(("127.0.0.1", port)) != 0


def test_down_twice_is_no_error(empty: Platform):
    assert empty.run("down").returncode == 0
    assert empty.run("down").returncode == 0
