"""A request and its answer, as endpoints see them: bytes and values, no ASGI."""

import math
from collections.abc import Awaitable, Callable
from http import HTTPStatus
from typing import Any, NamedTuple

import msgspec

JSON = b"application/json"

Headers = list[tuple[bytes, bytes]]


class Request(NamedTuple):
    """began: on the clock of time.monotonic. patience_s: how long from then the edge waits for the answer, as it says.
    rest: what followed the prefix of a route that takes one.
    """

    headers: Headers
    query: bytes
    body: bytes
    began: float
    patience_s: float = math.inf
    rest: str = ""


class Answer(NamedTuple):
    body: bytes
    status: int = HTTPStatus.OK
    media_type: bytes = JSON
    headers: tuple[tuple[bytes, bytes], ...] = ()


class Endpoint(NamedTuple):
    """route: its name in metrics. takes_body: whether a JSON body is read and wanted."""

    route: str
    call: Callable[[Request], Awaitable[Answer]]
    takes_body: bool = False


Routes = dict[str, dict[str, Endpoint]]
"""Path to method to endpoint. A path that ends in a slash takes everything below it."""


def as_json(value: Any, status: int = HTTPStatus.OK, headers: Headers | None = None) -> Answer:
    return Answer(msgspec.json.encode(value), status, headers=tuple(headers or ()))
