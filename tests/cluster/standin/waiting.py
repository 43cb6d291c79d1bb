"""Waits for what the API server only promised: an object that is ready, or gone, a kind that is served."""

import threading
import time
from collections.abc import Callable
from typing import TypeVar

from tests.cluster.api import Api, Manifest, Reference, UnknownKindError
from tests.cluster.standin.readiness import READY, Readiness, needs, pod_troubles, readiness, selector
from tests.engine.simulated.core.problem import RefusedError

_POLL_S = 0.2
_KIND_S = 15.0

_T = TypeVar("_T")


class Waiting:
    """On one cluster. cancelled: the engine was interrupted, and nothing is waited for any more."""

    def __init__(self, api: Api, cancelled: threading.Event) -> None:
        self._api, self._cancelled = api, cancelled

    def ready(self, reference: Reference, deadline_s: float) -> tuple[Manifest | None, str]:
        """The object as it is then, and why it is not ready, empty when it is. The object is None when it is gone."""
        deadline = time.monotonic() + deadline_s
        while True:
            live = self._api.find(reference)
            if live is None:
                return None, f"{reference.kind} {reference.name} was deleted while it was waited for"
            found = self._readiness(live)
            if found == READY:
                return live, ""
            if found.hopeless or not self._goes_on(deadline):
                return live, self._why(live, found, deadline_s)

    def gone(self, reference: Reference, deadline_s: float) -> None:
        """Raises RefusedError when it is still there after the deadline, with what holds it."""
        deadline = time.monotonic() + deadline_s
        while (live := self._api.find(reference)) is not None:
            if not self._goes_on(deadline):
                holding = ", ".join(live["metadata"].get("finalizers") or ()) or "nothing that shows"
                said = [
                    each["message"]
                    for each in live.get("status", {}).get("conditions") or ()
                    if each["status"] == "True" and each["type"].startswith("Namespace") and each.get("message")
                ]
                raise RefusedError(
                    "Timeout",
                    "; ".join(
                        [
                            f"{reference.kind} {reference.name} is still there after {deadline_s:g} s, "
                            f"held by finalizers: {holding}",
                            *said,
                        ]
                    ),
                )

    def served(self, act: Callable[[], _T]) -> _T:
        """What `act` gives, once the kind that it asks for is there: its definition may only just have been made."""
        deadline = time.monotonic() + _KIND_S
        while True:
            try:
                return act()
            except UnknownKindError:
                if not self._goes_on(deadline):
                    raise

    def _readiness(self, live: Manifest) -> Readiness:
        related = []
        if (need := needs(live)) is not None:
            api_version, kind, labels = need
            namespace = live["metadata"]["namespace"]
            related = self._api.all(api_version, kind, namespace=namespace, labels=labels)
        return readiness(live, related)

    def _why(self, live: Manifest, found: Readiness, deadline_s: float) -> str:
        metadata = live["metadata"]
        how = "failed" if found.hopeless else f"is not ready after {deadline_s:g} s"
        words = [f"{live['kind']} {metadata['name']} {how}: {found.missing}"]
        if labels := selector(live):
            pods = self._api.all("v1", "Pod", namespace=metadata["namespace"], labels=labels)
            words += pod_troubles(pods)
        return "; ".join(words)

    def _goes_on(self, deadline: float) -> bool:
        """Pauses; whether there is time for another look."""
        return time.monotonic() < deadline and not self._cancelled.wait(_POLL_S)
