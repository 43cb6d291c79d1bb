"""`python -m services.predictor`: one replica, configured by the environment; see settings.py."""

import logging
import os
import sys

from services.predictor.settings import Settings
from slipway.errors import SlipwayError


def main() -> int:
    """Exit code 0 after a stop that was asked for, else that of the error, which is printed."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s", stream=sys.stderr)
    logging.getLogger("uvicorn.error").setLevel(logging.WARNING)
    try:
        settings = Settings.load(os.environ)
        # imported once the settings are right: a wrong one is told at once, not after half a second of imports
        from services.predictor.server import run

        run(settings)
    except SlipwayError as error:
        print(error, file=sys.stderr)
        return error.exit_code
    return 0


if __name__ == "__main__":
    sys.exit(main())
