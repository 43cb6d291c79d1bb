"""The worker's pages over a real socket: what probes get, and what becomes of a stranger."""

import asyncio
import contextlib
import socket

import pytest

from services.worker.pages import Page, serve
from slipway.errors import SettingsError

PAGES = {"/health/live": lambda: Page(b"{}")}


async def say(request: bytes) -> bytes:
    server = await serve("127.0.0.1", 0, PAGES)
    async with server:
        reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
        writer.write(request)
        writer.write_eof()
        answer = b""
        with contextlib.suppress(ConnectionError):
            answer = await asyncio.wait_for(reader.read(), 5)
        writer.close()
        return answer


@pytest.mark.parametrize(
    ("request_line", "status"),
    [
        (b"GET /health/live HTTP/1.1", b"200 OK"),
        (b"GET /health/live?probe=1 HTTP/1.1", b"200 OK"),
        (b"GET /etc/passwd HTTP/1.1", b"404 Not Found"),
        (b"POST /health/live HTTP/1.1", b"405 Method Not Allowed"),
    ],
)
def test_a_probe_gets_its_page_and_nothing_else_is_there(request_line: bytes, status: bytes):
    answer = asyncio.run(say(request_line + b"\r\nhost: x\r\n\r\n"))
    assert answer.startswith(b"HTTP/1.1 " + status)
    assert b"\r\nconnection: close\r\n" in answer


@pytest.mark.parametrize("noise", [b"", b"\x16\x03\x01\x00", b"GET /" + b"a" * 20_000])
def test_noise_ends_its_own_connection(noise: bytes):
    assert asyncio.run(say(noise)) == b""


def test_a_port_in_use_is_named():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(SettingsError, match=f"cannot listen at 127.0.0.1:{port}"):
            asyncio.run(serve("127.0.0.1", port, PAGES))
