"""One request to the model through the edge, as any client would send it."""

import time
from pathlib import Path
from typing import Any

import httpx
import msgspec

from slipway.errors import SlipwayError
from slipway.inventory import Inventory

_READY_DEADLINE_S = 30.0
_PAUSE_S = 0.1


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """body: what the predictor said. region and release: who said it. took_ms: as the client saw it."""

    body: dict[str, Any]
    region: str
    release: str
    took_ms: float


def read_token(inventory: Inventory) -> str:
    """Raises SlipwayError when the stack is not up."""
    try:
        return Path(inventory.token_file).read_text().strip()
    except OSError as error:
        raise SlipwayError(f"the edge's token cannot be read: {error.strerror}", hint="run `slipway up`") from None


def ask(inventory: Inventory, instances: list[dict[str, Any]], *, region: str = "", patience_s: float = 0.0) -> Answer:
    """Send rows to /predict. patience_s: how long a 503 may be tried again, for a platform that has just come up.

    Raises SlipwayError with the predictor's own words when it refuses the rows or nobody answers.
    """
    headers = {"authorization": f"Bearer {read_token(inventory)}"} | ({"x-slipway-region": region} if region else {})
    deadline = time.monotonic() + min(patience_s, _READY_DEADLINE_S)
    with httpx.Client(
        base_url=inventory.endpoint, headers=headers, timeout=_READY_DEADLINE_S, trust_env=False
    ) as client:
        while True:
            started = time.perf_counter()
            try:
                response = client.post("/predict", json={"instances": instances})
            except httpx.TransportError as error:
                raise SlipwayError(
                    f"{inventory.endpoint} does not answer: {error}", hint="see `slipway status`"
                ) from None
            took_ms = (time.perf_counter() - started) * 1e3
            if response.status_code != httpx.codes.SERVICE_UNAVAILABLE or time.monotonic() > deadline:
                break
            time.sleep(_PAUSE_S)
    if response.is_error:
        raise SlipwayError(
            f"{response.status_code}: {response.text.strip()}", hint="`slipway predict --example` shows a row"
        )
    return Answer(
        body=response.json(),
        region=response.headers.get("x-slipway-region", ""),
        release=response.headers.get("x-slipway-release", ""),
        took_ms=took_ms,
    )
