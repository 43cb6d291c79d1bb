"""Lets into a region only what came through the edge: the whole of a small function beside the HTTP API.

API Gateway asks it once per token and keeps the answer; a request without the header is refused before it is asked.
It runs alone, without the rest of this project.
"""

import hmac
import os
from typing import Any

HEADER = "x-slipway-origin"


def handler(event: dict[str, Any], _context: object) -> dict[str, bool]:
    shown = event.get("headers", {}).get(HEADER, "")
    return {"isAuthorized": hmac.compare_digest(shown.encode(), os.environ["SLIPWAY_ORIGIN_TOKEN"].encode())}
