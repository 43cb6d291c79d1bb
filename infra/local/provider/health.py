"""Whether a slot answers."""

import http.client
import socket

from infra.local.provider.spec import Probe


def answers(probe: Probe, port: int) -> bool:
    """One attempt, at most `probe.timeout_s` long. Never raises for a service that is not there yet."""
    try:
        if probe.path is None:
            socket.create_connection(("127.0.0.1", port), timeout=probe.timeout_s).close()
            return True
        return _get(probe.path, port, probe.timeout_s)
    except (OSError, http.client.HTTPException):
        return False


def _get(path: str, port: int, timeout_s: float) -> bool:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=timeout_s)
    try:
        connection.request("GET", path, headers={"Connection": "close"})
        return 200 <= connection.getresponse().status < 300
    finally:
        connection.close()
