"""`python -m services.worker`: one worker, configured by the environment; see settings.py."""

import logging
import os
import sys

from services.tasks import open_queue, queue_url
from services.worker.settings import Settings
from slipway.errors import SettingsError, SlipwayError


def main() -> int:
    """Exit code 0 after a stop that was asked for, else that of the error, which is printed."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s", stream=sys.stderr)
    try:
        settings = Settings.load(os.environ)
        url = queue_url(os.environ)
        if not url:
            raise SettingsError("neither SLIPWAY_QUEUE_URL_FILE nor SLIPWAY_QUEUE_URL is set")
        queue = open_queue(url, policy=settings.policy)
        # imported once the settings are right: a wrong one is told at once, not after half a second of imports
        from services.worker.process import run

        run(settings, queue)
    except SlipwayError as error:
        print(error, file=sys.stderr)
        return error.exit_code
    return 0


if __name__ == "__main__":
    sys.exit(main())
