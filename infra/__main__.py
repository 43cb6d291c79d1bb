"""What `pulumi up` runs: settings -> placement -> the target's platform with the pinned release -> stack outputs."""

import gc
import sys
from importlib import import_module
from pathlib import Path
from typing import Any, Protocol, cast

import pulumi

from infra.contract import Platform
from infra.settings import Settings
from slipway.errors import SlipwayError
from slipway.paths import State
from slipway.release import Pin, read_pin


def main() -> None:
    gc.disable()  # short-lived, and keeps all it makes: the collector would only walk it, for a third of the time
    _forget_own_folder()
    settings, placement = place(Settings.load())
    for name, value in (build(settings).outputs() | placement).items():
        pulumi.export(name, value)


def _forget_own_folder() -> None:
    """The engine puts the program's folder first, where infra/kubernetes would hide the library of that name."""
    sys.path[:] = [entry for entry in sys.path if not entry or Path(entry).resolve() != Path(__file__).resolve().parent]


def place(settings: Settings) -> tuple[Settings, dict[str, Any]]:
    """The settings with the places that follow from them, and what to tell of it. No solver where none is asked for."""
    if settings.serving is None and settings.work is None:
        return settings, {}
    from infra.catalog import Catalog
    from infra.placement.placement import placed, settled

    placement = placed(settings, Catalog.load())
    return settled(settings, placement), {"placement": placement.told()} if placement else {}


class Target(Protocol):
    """What infra/<target>/target.py holds."""

    @staticmethod
    def build(settings: Settings, stack: str, pin: Pin | None) -> Platform: ...


def build(settings: Settings) -> Platform:
    """The platform of the target. Imported here, so that one target never loads another's provider."""
    stack = pulumi.get_stack()
    target = cast(Target, import_module(f"infra.{settings.target}.target"))
    return target.build(settings, stack, read_pin(State.locate().pin(stack)))


try:
    main()
except SlipwayError as error:  # the engine prints one line for a RunError, and a traceback for anything else
    raise pulumi.RunError(str(error)) from error
