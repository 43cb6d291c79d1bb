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
    stack = pulumi.get_stack()
    pin = read_pin(State.locate().pin(stack))
    settings, placement = place(Settings.load(), released=pin is not None)
    # imported here, so that one target never loads another's provider
    target = cast(Target, import_module(f"infra.{settings.target}.target"))
    for name, value in (target.build(settings, stack, pin).outputs() | placement).items():
        pulumi.export(name, value)


def _forget_own_folder() -> None:
    """The engine puts the program's folder first, where infra/kubernetes would hide the library of that name."""
    sys.path[:] = [entry for entry in sys.path if not entry or Path(entry).resolve() != Path(__file__).resolve().parent]


def place(settings: Settings, *, released: bool) -> tuple[Settings, dict[str, Any]]:
    """The settings with what follows from them, and what to tell of it. No solver where none is asked for."""
    if settings.serving is None and settings.work is None:
        return settings, {}
    from infra.catalog import Catalog
    from infra.placement.placement import placed, settled

    placement = placed(settings, Catalog.load())
    return settled(settings, placement, released=released), {"placement": placement.told()} if placement else {}


class Target(Protocol):
    """What infra/<target>/target.py holds."""

    @staticmethod
    def build(settings: Settings, stack: str, pin: Pin | None) -> Platform: ...


try:
    main()
except SlipwayError as error:  # the engine prints one line for a RunError, and a traceback for anything else
    raise pulumi.RunError(str(error)) from error
