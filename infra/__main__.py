"""What `pulumi up` runs: settings -> the pinned release -> the target's platform -> stack outputs."""

import gc

import pulumi

from infra.contract import Platform
from infra.settings import Settings
from slipway.errors import SlipwayError
from slipway.paths import State
from slipway.release import read_pin


def main() -> None:
    gc.disable()  # short-lived, and keeps all it makes: the collector would only walk it, for a third of the time
    platform = build(Settings.load(), State.locate())
    for name, value in platform.outputs().items():
        pulumi.export(name, value)


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
