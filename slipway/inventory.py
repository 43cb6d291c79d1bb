"""What the local stack runs and where: written by infra/local/observability, read by status, logs and the page.

It names files that hold secrets, never a secret.
"""

from pathlib import Path
from typing import Literal

import msgspec

from slipway.errors import SlipwayError

Role = Literal["predictor", "worker", "edge", "queue", "console", "tracking"]


class Running(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One Service: its name in the program, its id under supervisord, a port for each slot."""

    name: str
    role: Role
    service_id: str
    ports: tuple[int, ...]
    log_folder: str
    region: str = ""


class Inventory(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    endpoint: str
    regions: tuple[str, ...]
    release_name: str
    release: str
    release_folder: str
    store: str
    tracking: str
    supervisor_socket: str
    edge_admin_socket: str
    queue_url_file: str
    token_file: str
    services: tuple[Running, ...]
    links: dict[str, str]


def read_inventory(file: Path) -> Inventory:
    """Raises SlipwayError when nothing is up."""
    try:
        return msgspec.json.decode(file.read_bytes(), type=Inventory)
    except FileNotFoundError:
        raise SlipwayError("the local stack is not up", hint="start it with `make up` or `slipway up`") from None
    except msgspec.DecodeError as error:
        raise SlipwayError(f"{file} cannot be read: {error}", hint="write it again with `slipway up`") from error
