"""Which ports a service gets, and who holds one that it cannot have."""

import errno
import hashlib
import socket
from collections.abc import Callable, Collection

import psutil

from slipway.errors import SlipwayError

_FIRST, _LAST = 20_000, 29_999
"""Below the range from which Linux (32768 up) and macOS (49152 up) take ports for outgoing connections: a slot that
restarts under load must not find its port taken by somebody's request."""


def choose(count: int, *, seed: str, taken: Collection[int], free: Callable[[int], bool]) -> tuple[int, ...]:
    """`count` ports that nobody has, from a place that `seed` decides, so that two stacks seldom meet.

    Raises SlipwayError when there are not so many.
    """
    size = _LAST - _FIRST + 1
    start = int.from_bytes(hashlib.sha256(seed.encode()).digest()[:4]) % size
    chosen: list[int] = []
    for step in range(size):
        if len(chosen) == count:
            break
        port = _FIRST + (start + step) % size
        if port not in taken and free(port):
            chosen.append(port)
    if len(chosen) < count:
        raise SlipwayError(f"{count} free ports are needed between {_FIRST} and {_LAST}, {len(chosen)} are left")
    return tuple(chosen)


def is_free(port: int) -> bool:
    """Whether a server could listen on loopback now."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # as servers do, so TIME_WAIT is no hindrance
        try:
            probe.bind(("127.0.0.1", port))
            probe.listen(1)
        except OSError as error:
            if error.errno in (errno.EADDRINUSE, errno.EACCES):
                return False
            raise
    return True


def holder(port: int) -> str:
    """Who listens on a port, for a message: as much as this user may see."""
    try:
        listening = [c for c in psutil.net_connections(kind="tcp") if c.status == psutil.CONN_LISTEN]
    except psutil.AccessDenied:  # macOS shows other processes' sockets to root only
        return "another process"
    pid = next((c.pid for c in listening if c.laddr and c.laddr.port == port and c.pid), None)
    if pid is None:
        return "another process"
    try:
        return f"{psutil.Process(pid).name()} (pid {pid})"
    except psutil.Error:
        return f"pid {pid}"
