"""What `pulumi up` runs: settings -> placement -> the target's platform with the pinned release -> stack outputs."""

import gc
from typing import Any

import pulumi

from infra.contract import Platform
from infra.settings import Settings
from slipway.errors import SlipwayError
from slipway.paths import State
from slipway.release import read_pin


def main() -> None:
    gc.disable()  # short-lived, and keeps all it makes: the collector would only walk it, for a third of the time
    settings, placement = place(Settings.load())
    platform = build(settings, State.locate())
    for name, value in (platform.outputs() | placement).items():
        pulumi.export(name, value)


def place(settings: Settings) -> tuple[Settings, dict[str, Any]]:
    """The settings with the places that follow from them, and what to tell of it. No solver where none is asked for."""
    if settings.serving is None and settings.work is None:
        return settings, {}
    from infra.catalog import Catalog
    from infra.placement.placement import placed, settled

    placement = placed(settings, Catalog.load())
    return settled(settings, placement), {"placement": placement.told()} if placement else {}


def build(settings: Settings, state: State) -> Platform:
    """The platform of the target. Imported here, so that one target never loads another's provider."""
    stack = pulumi.get_stack()
    pin = read_pin(state.pin(stack))
    match settings.target:
        case "local":
            from infra.local.target import build as build_local

            return build_local(settings, state, pin)
        case "aws":
            from infra.aws.target import build as build_aws

            return build_aws(settings, stack, pin)


try:
    main()
except SlipwayError as error:  # the engine prints one line for a RunError, and a traceback for anything else
    raise pulumi.RunError(str(error)) from error
