"""What Compute Engine tells an instance: that it was preempted and has 30 s, or that its host is to be maintained.

cloud.google.com/compute/docs: instances/spot, metadata/querying-metadata (waiting for a change), and
metadata/getting-live-migration-notice. Maintenance stops an instance with GPUs an hour after it is announced and moves
others: a checkpoint soon is enough, since the shutdown itself sends SIGTERM. Pods on GKE ask a server of GKE's instead,
which has none of this: they are told by SIGTERM.
"""

import time
from collections.abc import Callable
from datetime import UTC, datetime
from urllib.parse import urlencode

from training.notices.metadata import Server, ask
from training.notices.source import NoAnswerError
from training.preempt import Notice

_INSTANCE = "/computeMetadata/v1/instance"
_FLAVOR, _GOOGLE = "Metadata-Flavor", "Google"
_HOST = "metadata.google.internal"
_NOTICE_S = 30.0
_WAIT_S = 10
_TIMEOUT_S = 2.0

_MAINTENANCE = {
    "MIGRATE_ON_HOST_MAINTENANCE": "Compute Engine is about to move this instance to another host",
    "TERMINATE_ON_HOST_MAINTENANCE": "Compute Engine stops this instance for maintenance (with GPUs, within an hour)",
}


class Gce:
    """See Source. A look waits for a change, `wait_s` seconds at most. server: another only in tests. clock: Unix."""

    name = "Compute Engine"

    def __init__(
        self,
        *,
        server: Server | None = None,
        clock: Callable[[], float] = time.time,
        wait_s: int = _WAIT_S,
        pause_s: float = 1.0,
    ) -> None:
        self.pause_s = pause_s
        self._server, self._clock, self._wait_s = server or Server(), clock, wait_s
        self._etag = ""

    def look(self) -> Notice | None:
        if self._preempted() == "TRUE":
            gone = datetime.fromtimestamp(self._clock() + _NOTICE_S, UTC)
            return Notice(said=f"Compute Engine takes this instance back by {gone:%Y-%m-%d %H:%M:%S} UTC (preempted)")
        event, _ = self._value("maintenance-event", {})
        said = _MAINTENANCE.get(event)
        return None if said is None else Notice(said=said, leaves=False)

    def _preempted(self) -> str:
        """At once the first time; then as soon as it is another than it was."""
        wait = {"wait_for_change": "true", "timeout_sec": self._wait_s, "last_etag": self._etag} if self._etag else {}
        value, self._etag = self._value("preempted", wait)
        return value

    def _value(self, key: str, query: dict[str, object]) -> tuple[str, str]:
        """With its etag. Raises NoAnswerError unless it is Google that answers: anyone may stand at that address."""
        path = f"{_INSTANCE}/{key}" + (f"?{urlencode(query)}" if query else "")
        timeout_s = _TIMEOUT_S + (self._wait_s if query else 0)
        reply = ask(self._server, "GET", path, {_FLAVOR: _GOOGLE, "Host": _HOST}, timeout_s=timeout_s)
        if reply.status != 200 or reply.headers.get(_FLAVOR.lower()) != _GOOGLE:
            raise NoAnswerError(f"GET {path}: {reply.status}")
        return reply.body.decode("ascii", errors="replace").strip(), reply.headers.get("etag", "")
