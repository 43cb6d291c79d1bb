"""What the environment may decide about a worker, parsed once; a wrong value is refused with its variable's name."""

import re
from collections.abc import Mapping
from typing import Annotated, Any

import msgspec
from msgspec import Meta, field

from services.tasks import Policy
from slipway.errors import SettingsError

_AT = re.compile(r"^(?P<expected>.*) - at `\$\.(?P<name>\w+)`$")
_PORT = Annotated[int, Meta(ge=1, le=65_535)]


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """One worker's configuration, each field read from the variable that it is named after.

    release: folder of a release; digest: what it must hash to. store: URL of the bucket that the release `name` is
    brought from into that folder; empty where it lies there already. port: of health and metrics.
    batch: most tasks claimed at a time. concurrency: batches in hand at a time; with two, one is claimed while another
    is computed. stop_s: how long a worker that was told to stop may take to finish what it has in hand.
    The rest is the queue's Policy.
    """

    release: str = field(name="SLIPWAY_RELEASE")
    digest: Annotated[str, Meta(pattern="^[0-9a-f]{64}$")] = field(name="SLIPWAY_RELEASE_DIGEST")
    port: _PORT = field(name="SLIPWAY_PORT")
    store: str = field(name="SLIPWAY_STORE", default="")
    name: str = field(name="SLIPWAY_RELEASE_NAME", default="")
    host: str = field(name="SLIPWAY_HOST", default="127.0.0.1")
    batch: Annotated[int, Meta(ge=1, le=1024)] = field(name="SLIPWAY_BATCH", default=64)
    concurrency: Annotated[int, Meta(ge=1, le=16)] = field(name="SLIPWAY_CONCURRENCY", default=2)
    stop_s: Annotated[float, Meta(ge=0, le=3600)] = field(name="SLIPWAY_STOP_S", default=15.0)
    visibility_s: Annotated[float, Meta(ge=1, le=43_200)] = field(
        name="SLIPWAY_VISIBILITY_S", default=Policy.visibility_s
    )
    max_attempts: Annotated[int, Meta(ge=1, le=100)] = field(name="SLIPWAY_MAX_ATTEMPTS", default=Policy.max_attempts)
    backoff_s: Annotated[float, Meta(ge=0, le=3600)] = field(name="SLIPWAY_BACKOFF_S", default=Policy.backoff_s)
    result_ttl_s: Annotated[float, Meta(ge=1, le=2_592_000)] = field(
        name="SLIPWAY_RESULT_TTL_S", default=Policy.result_ttl_s
    )

    @classmethod
    def load(cls, environment: Mapping[str, str]) -> "Settings":
        """Parse the process's environment. Raises SettingsError naming the variable that is missing or wrong."""
        given: dict[str, Any] = {name: value for name, value in environment.items() if value.strip()}
        # Cloud Run and supervisor's slots pass PORT; SLIPWAY_PORT wins where a platform sets PORT for another use
        given.setdefault("SLIPWAY_PORT", given.get("PORT", msgspec.UNSET))
        if given["SLIPWAY_PORT"] is msgspec.UNSET:
            raise SettingsError("neither SLIPWAY_PORT nor PORT is set")
        if "SLIPWAY_STORE" in given and "SLIPWAY_RELEASE_NAME" not in given:
            raise SettingsError("SLIPWAY_RELEASE_NAME is not set", hint="a store holds releases by name and digest")
        try:
            return msgspec.convert(given, cls, strict=False)
        except msgspec.ValidationError as error:
            raise _told(str(error), given) from None

    @property
    def policy(self) -> Policy:
        return Policy(
            max_attempts=self.max_attempts,
            backoff_s=self.backoff_s,
            visibility_s=self.visibility_s,
            result_ttl_s=self.result_ttl_s,
        )


def _told(message: str, given: Mapping[str, Any]) -> SettingsError:
    hint = "services/worker/settings.py lists what a worker needs"
    if found := _AT.match(message):
        name = found["name"]
        return SettingsError(f"{name} is {given[name]!r}: {found['expected'].lower()}", hint=hint)
    return SettingsError(f"the worker's environment is wrong: {message}", hint=hint)
