"""The ASGI application: routing, reading a body within its limits, problems as answers, and one count per request.

It knows nothing of models. Every answer says which release and region gave it; that is done in server.py, by headers
that uvicorn adds, so that even its own answer to a broken request line carries them.
"""

import asyncio
import logging
import math
import time
from http import HTTPStatus
from typing import Any

from services.predictor import problem
from services.predictor.exchange import JSON, Answer, Endpoint, Headers, Request, Routes, as_json
from services.predictor.metrics import Metrics
from services.predictor.patience import Patience
from services.predictor.problem import Fault, Problem, did_you_mean

log = logging.getLogger(__name__)

_ENVOY_TIMEOUT = b"x-envoy-expected-rq-timeout-ms"
_BINARY_TENSORS = b"inference-header-content-length"
_CLOSE = (b"connection", b"close")
_MOST_DIGITS = 16  # of a number in a header; Python refuses to read one of thousands


class App:
    """max_body_bytes, body_s: the most a caller may send, and the time it has for it. stopping: once it is set, every
    answer asks its connection to close, so that none is idle when serving ends.
    """

    def __init__(
        self, routes: Routes, metrics: Metrics, stopping: asyncio.Event, *, max_body_bytes: int, body_s: float
    ) -> None:
        self._routes = {path: methods for path, methods in routes.items() if not path.endswith("/")}
        self._prefixes = {path: methods for path, methods in routes.items() if path.endswith("/")}
        self._metrics = metrics
        self._max_body_bytes = max_body_bytes
        self._body_s = body_s
        self._patience = Patience(body_s)
        self._stopping = stopping

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        began = time.monotonic()
        self._metrics.in_flight += 1
        route = "none"
        try:
            endpoint, rest = self._find(scope["path"], scope["method"])
            route = endpoint.route
            answer = await self._answer(endpoint, rest, scope, receive, began)
        except Problem as found:
            answer = as_json(found.document(), found.status, found.headers)._replace(media_type=problem.MEDIA_TYPE)
        except Exception:
            log.exception("%s failed", route)
            failed = Problem(HTTPStatus.INTERNAL_SERVER_ERROR, "the server failed; its log says why")
            answer = as_json(failed.document(), failed.status)._replace(media_type=problem.MEDIA_TYPE)
        finally:
            self._metrics.in_flight -= 1
        self._metrics.answered(route, answer.status, time.monotonic() - began)
        headers = [
            (b"content-type", answer.media_type),
            (b"content-length", b"%d" % len(answer.body)),
            *answer.headers,
        ]
        if self._stopping.is_set():
            headers.append(_CLOSE)
        await send({"type": "http.response.start", "status": answer.status, "headers": headers})
        await send({"type": "http.response.body", "body": answer.body})

    def _find(self, path: str, method: str) -> tuple[Endpoint, str]:
        """The endpoint, and what follows its path when that is a prefix. Raises Problem: 404, or 405 with Allow."""
        methods, rest = self._routes.get(path), ""
        if methods is None:
            prefix = next((p for p in self._prefixes if path.startswith(p) and path != p), None)
            if prefix is None:
                raise Problem(
                    HTTPStatus.NOT_FOUND,
                    f"there is nothing at {path[:100]}{did_you_mean(path, self._routes)}; /docs shows what there is",
                )
            methods, rest = self._prefixes[prefix], path.removeprefix(prefix)
        endpoint = methods.get(method) or (methods.get("GET") if method == "HEAD" else None)
        if endpoint is None:
            allow = ", ".join(sorted(methods) + (["HEAD"] if "GET" in methods else []))
            raise Problem(
                HTTPStatus.METHOD_NOT_ALLOWED,
                f"{method[:20]} is not allowed here, only {allow}",
                headers=[(b"allow", allow.encode())],
            )
        return endpoint, rest

    async def _answer(self, endpoint: Endpoint, rest: str, scope: Any, receive: Any, began: float) -> Answer:
        headers: Headers = scope["headers"]
        patience_s = math.inf
        media_type = length = b""
        for name, value in headers:
            if name == b"content-type":
                media_type = value
            elif name == b"content-length":
                length = value
            elif name == _ENVOY_TIMEOUT and value.isdigit() and len(value) < _MOST_DIGITS:
                patience_s = int(value) / 1e3
            elif name == _BINARY_TENSORS:
                raise _unsupported(_BINARY_TENSORS.decode(), "binary tensors are not supported; send them as JSON")
        body = b""
        if endpoint.takes_body:
            if media_type and media_type != JSON and media_type.partition(b";")[0].strip().lower() != JSON:
                shown = media_type.decode("latin-1")[:60]
                raise _unsupported("content-type", f"content-type is {shown!r}; send application/json")
            if len(length) >= _MOST_DIGITS or (length.isdigit() and int(length) > self._max_body_bytes):
                raise self._too_large()
            body = await self._read(receive)
        return await endpoint.call(Request(headers, scope["query_string"], body, began, patience_s, rest))

    async def _read(self, receive: Any) -> bytes:
        try:
            with self._patience:
                body, more = b"", True
                while more:
                    message = await receive()
                    if message["type"] == "http.disconnect":
                        raise Problem(HTTPStatus.BAD_REQUEST, "the connection closed before the body was whole")
                    body += message.get("body", b"")
                    more = message.get("more_body", False)
                    if len(body) > self._max_body_bytes:
                        raise self._too_large()
        except TimeoutError:
            raise Problem(
                HTTPStatus.REQUEST_TIMEOUT, f"the body did not arrive within {self._body_s:g} s", headers=[_CLOSE]
            ) from None
        return body

    def _too_large(self) -> Problem:
        """Leaves the connection open: uvicorn reads on and drops the rest, where a reset could overtake the answer."""
        expected = f"at most {self._max_body_bytes} bytes"
        return Problem(
            HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
            f"the body is too large; expected {expected}",
            faults=[Fault(field="body", problem="is too large", expected=expected)],
        )


def _unsupported(field: str, detail: str) -> Problem:
    return Problem(
        HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
        detail,
        faults=[Fault(field=field, problem="is not supported", expected="application/json")],
    )
