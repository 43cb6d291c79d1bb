"""What the environment may decide about a replica, parsed once; a wrong value is refused with its variable's name."""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from string import hexdigits
from typing import TypeVar

from services.tasks import queue_url
from slipway.errors import SettingsError

_DIGEST_LENGTH = 64
_N = TypeVar("_N", int, float)


@dataclass(frozen=True, kw_only=True)
class Settings:
    """One replica's configuration.

    release: folder of a release, digest: what it must hash to. store: URL of the bucket that the release `name` is
    brought from into that folder; empty where it lies there already. region: told to callers and metrics.
    max_batch: most rows in one run of the model, and in one request. queue_limit: rows admitted and not yet answered,
    beyond which a caller is sent away with 503. deadline_s: the longest a request may wait for its turn.
    max_body_bytes: a larger body is refused with 413. body_s: how long a caller may take to send its body.
    drain_s: how long a replica that was told to stop goes on serving while it reports not ready; longer than the
    edge takes to notice. stop_s: how long requests in flight may then take.
    queue_url: where tasks go, masked in the repr; empty where the replica takes none.
    """

    release: Path
    digest: str
    port: int
    store: str = ""
    name: str = ""
    host: str = "127.0.0.1"
    region: str = "local"
    queue_url: str = field(default="", repr=False)
    max_batch: int = 64
    queue_limit: int = 1024
    deadline_s: float = 2.0
    max_body_bytes: int = 4 << 20
    body_s: float = 10.0
    drain_s: float = 2.0
    stop_s: float = 10.0

    @classmethod
    def load(cls, environment: Mapping[str, str]) -> "Settings":
        """Parse the process's environment. Raises SettingsError naming the variable that is missing or wrong."""
        read = _Reader(environment)
        settings = cls(
            release=Path(read.text("SLIPWAY_RELEASE")),
            digest=_digest(read.text("SLIPWAY_RELEASE_DIGEST")),
            # Cloud Run and supervisor's slots pass PORT; SLIPWAY_PORT wins where a platform sets PORT for another use
            port=read.whole("SLIPWAY_PORT" if "SLIPWAY_PORT" in environment else "PORT", None, least=1, most=65_535),
            store=environment.get("SLIPWAY_STORE", "").strip(),
            name=environment.get("SLIPWAY_RELEASE_NAME", "").strip(),
            host=read.text("SLIPWAY_HOST", cls.host),
            region=read.text("SLIPWAY_REGION", cls.region),
            queue_url=queue_url(environment),
            max_batch=read.whole("SLIPWAY_MAX_BATCH", cls.max_batch, least=1, most=4096),
            queue_limit=read.whole("SLIPWAY_QUEUE_LIMIT", cls.queue_limit, least=1, most=1_000_000),
            deadline_s=read.whole("SLIPWAY_DEADLINE_MS", round(cls.deadline_s * 1e3), least=1, most=600_000) / 1e3,
            max_body_bytes=read.whole("SLIPWAY_MAX_BODY_BYTES", cls.max_body_bytes, least=1, most=1 << 30),
            body_s=read.seconds("SLIPWAY_BODY_S", cls.body_s, least=0.1, most=600),
            drain_s=read.seconds("SLIPWAY_DRAIN_S", cls.drain_s, least=0, most=600),
            stop_s=read.seconds("SLIPWAY_STOP_S", cls.stop_s, least=0, most=3600),
        )
        if settings.queue_limit < settings.max_batch:
            raise SettingsError(
                f"SLIPWAY_QUEUE_LIMIT is {settings.queue_limit}, less than SLIPWAY_MAX_BATCH ({settings.max_batch})",
                hint="a queue that cannot hold one batch would refuse every full one",
            )
        if settings.store and not settings.name:
            raise SettingsError("SLIPWAY_RELEASE_NAME is not set", hint="a store holds releases by name and digest")
        if not settings.region.isascii() or not settings.region.isprintable():
            raise SettingsError("SLIPWAY_REGION must be printable ASCII: it is sent in a header")
        return settings


@dataclass(frozen=True)
class _Reader:
    environment: Mapping[str, str]

    def text(self, name: str, default: str | None = None) -> str:
        value = self.environment.get(name, "").strip() or default
        if value is None:
            raise SettingsError(f"{name} is not set", hint="services/predictor/settings.py lists what a replica needs")
        return value

    def whole(self, name: str, default: int | None, *, least: int, most: int) -> int:
        return self._number(int, "a whole number", name, default, least, most)

    def seconds(self, name: str, default: float, *, least: float, most: float) -> float:
        return self._number(float, "a number of seconds", name, default, least, most)

    def _number(self, parse: Callable[[str], _N], kind: str, name: str, default: _N | None, least: _N, most: _N) -> _N:
        written = self.text(name, None if default is None else str(default))
        try:
            value = parse(written)
        except ValueError:
            value = math.nan
        if not least <= value <= most:
            raise SettingsError(f"{name} is {written!r}; it must be {kind} from {least} to {most}")
        return parse(written)


def _digest(value: str) -> str:
    if len(value) != _DIGEST_LENGTH or not set(value) <= set(hexdigits.lower()):
        raise SettingsError(
            f"SLIPWAY_RELEASE_DIGEST is {value!r}; it must be the {_DIGEST_LENGTH} hex digits of a release"
        )
    return value
