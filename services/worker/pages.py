"""A few GET pages over HTTP/1.1 for probes and scrapers, one answer a connection; no server library is worth its start.

It reads no body, knows no method but GET and trusts nobody: a request line that is long or slow ends its connection.
"""

import asyncio
from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import NamedTuple

from slipway.errors import SettingsError

_MOST_BYTES = 8192
_PATIENCE_S = 5.0


class Page(NamedTuple):
    body: bytes
    status: HTTPStatus = HTTPStatus.OK
    media_type: str = "application/json"


Pages = Mapping[str, Callable[[], Page]]


async def serve(host: str, port: int, pages: Pages) -> asyncio.Server:
    """Answer at `host`:`port` until closed. Raises SettingsError when the port cannot be had."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            async with asyncio.timeout(_PATIENCE_S):
                request = await reader.readuntil(b"\r\n\r\n")
                writer.write(_response(_page(request, pages)))
                await writer.drain()
        except (TimeoutError, OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            pass  # whoever it was is gone or talks no HTTP
        finally:
            writer.close()

    try:
        return await asyncio.start_server(answer, host, port, limit=_MOST_BYTES)
    except OSError as error:
        raise SettingsError(
            f"cannot listen at {host}:{port}: {error.strerror}", hint="free the port or set PORT to another"
        ) from error


def _page(request: bytes, pages: Pages) -> Page:
    method, _, rest = request.partition(b"\r\n")[0].partition(b" ")
    path = rest.partition(b" ")[0].partition(b"?")[0].decode("latin-1")
    if path not in pages:
        return Page(b'{"error":"there is nothing here"}', HTTPStatus.NOT_FOUND)
    if method != b"GET":
        return Page(b'{"error":"only GET is allowed here"}', HTTPStatus.METHOD_NOT_ALLOWED)
    return pages[path]()


def _response(page: Page) -> bytes:
    head = (
        f"HTTP/1.1 {page.status.value} {page.status.phrase}\r\ncontent-type: {page.media_type}\r\n"
        f"content-length: {len(page.body)}\r\nconnection: close\r\n\r\n"
    )
    return head.encode() + page.body
