"""What EC2 tells a spot instance: that it will be taken back two minutes from now, or that this has become likely.

docs.aws.amazon.com/AWSEC2/latest/UserGuide: spot-instance-termination-notices (ask every 5 s),
rebalance-recommendations, instance-metadata-v2-how-it-works. Only version 2 of the metadata service is spoken: a token
first, with a time to live. Its answer passes as many network hops as the instance's `http_put_response_hop_limit`; with
1, a container in a network of its own hears nothing. Slipway's nodes have 1 on purpose: their pods are told by SIGTERM.
"""

import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import TypeVar

import msgspec

from training.notices.metadata import Reply, Server, ask
from training.notices.source import NoAnswerError
from training.preempt import Notice

_TOKEN = "/latest/api/token"  # noqa: S105 - where one is to be had
_ACTION = "/latest/meta-data/spot/instance-action"
_REBALANCE = "/latest/meta-data/events/recommendations/rebalance"
_TTL_HEADER, _TOKEN_HEADER = "X-aws-ec2-metadata-token-ttl-seconds", "X-aws-ec2-metadata-token"

_TTL_S = 21_600
"""The longest a token may live."""

_RENEWED_AT = 0.9
"""Share of a token's life after which the next one is fetched."""

_TIMEOUT_S = 2.0


class _Action(msgspec.Struct, frozen=True):
    action: str
    time: datetime


class _Rebalance(msgspec.Struct, frozen=True):
    noticeTime: datetime  # noqa: N815 - EC2's own name


_Kind = TypeVar("_Kind", _Action, _Rebalance)


class Ec2:
    """See Source. server: another only in tests. clock: seconds, monotonic."""

    name = "EC2"

    def __init__(
        self, *, server: Server | None = None, clock: Callable[[], float] = time.monotonic, pause_s: float = 3.0
    ) -> None:
        self.pause_s = pause_s
        self._server, self._clock = server or Server(), clock
        self._token, self._renew_at = "", 0.0

    def look(self) -> Notice | None:
        if (told := self._read(_ACTION)) is not None:
            action = _decoded(told, _Action)
            return Notice(said=f"EC2 takes this instance back at {_utc(action.time)} ({action.action})")
        if (told := self._read(_REBALANCE)) is not None:
            since = _utc(_decoded(told, _Rebalance).noticeTime)
            return Notice(said=f"EC2 may take this instance back soon (rebalance, {since})", leaves=False)
        return None

    def _read(self, path: str) -> bytes | None:
        """None: there is no such notice."""
        if not self._token or self._clock() >= self._renew_at:
            self._renew()
        reply = self._get(path)
        if reply.status == 401:  # the token's time is over there, whatever the clock says here
            self._renew()
            reply = self._get(path)
        if reply.status == 404:
            return None
        if reply.status != 200:
            raise NoAnswerError(f"GET {path}: {reply.status}")
        return reply.body

    def _get(self, path: str) -> Reply:
        return ask(self._server, "GET", path, {_TOKEN_HEADER: self._token}, timeout_s=_TIMEOUT_S)

    def _renew(self) -> None:
        asked_at = self._clock()
        reply = ask(self._server, "PUT", _TOKEN, {_TTL_HEADER: str(_TTL_S)}, timeout_s=_TIMEOUT_S)
        try:
            token, ttl_s = reply.body.decode("ascii"), int(reply.headers.get(_TTL_HEADER.lower(), _TTL_S))
        except ValueError:
            token, ttl_s = "", 0
        if reply.status != 200 or not token or not token.isprintable():
            raise NoAnswerError(f"PUT {_TOKEN}: {reply.status}, no token")
        self._token, self._renew_at = token, asked_at + ttl_s * _RENEWED_AT


def _decoded(told: bytes, kind: type[_Kind]) -> _Kind:
    try:
        return msgspec.json.decode(told, type=kind)
    except msgspec.DecodeError as error:
        raise NoAnswerError(f"{told[:80]!r} is no notice: {error}") from error


def _utc(at: datetime) -> str:
    """Without a zone it is UTC already, as all times of EC2's metadata are."""
    return f"{at if at.tzinfo is None else at.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"
