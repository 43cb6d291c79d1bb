"""What `pulumi up` runs: settings -> the pinned release -> the target's platform -> stack outputs."""

import pulumi

from infra.local.target import build
from infra.settings import Settings
from slipway.errors import SlipwayError
from slipway.paths import State
from slipway.release import read_pin


def main() -> None:
    settings = Settings.load()
    state = State.locate()
    platform = build(settings, state, read_pin(state.pin(pulumi.get_stack())))
    for name in ("endpoint", "store", "tracking", "launcher", "release", "regions", "dashboards"):
        pulumi.export(name, getattr(platform, name))
    pulumi.export("queue", pulumi.Output.secret(platform.queue))


try:
    main()
except SlipwayError as error:  # the engine prints one line for a RunError, and a traceback for anything else
    raise pulumi.RunError(str(error)) from error
