"""The command tree, and the one place where an error becomes a message and an exit code."""

import sys

import typer

from slipway.cli import cost, machine, model, plan, platform, prices, rehearse, simulate
from slipway.cli.output import show_error
from slipway.errors import SlipwayError

_INTERRUPTED = 130

app = typer.Typer(
    name="slipway",
    help="Takes a PyTorch model from a laptop to spot-priced training and multi-region serving.",
    epilog="Start with `slipway up`. Every command has `--help` with examples.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
for group in (platform, model, rehearse, simulate, plan, cost, prices, machine):
    group.register(app)


def main() -> None:
    """Entry point: no traceback reaches a user for anything that they can mend."""
    try:
        app()
    except SlipwayError as error:
        show_error(error)
        sys.exit(error.exit_code)
    except KeyboardInterrupt:
        show_error(SlipwayError("interrupted", hint="`slipway up` goes on from here, `slipway down` removes it"))
        sys.exit(_INTERRUPTED)
