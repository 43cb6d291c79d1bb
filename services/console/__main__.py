"""`python -m services.console`: PORT or SLIPWAY_PORT, and SLIPWAY_INVENTORY, the file that says what to look at."""

import os
from pathlib import Path

import uvicorn

from services.console.app import Console


def main() -> None:
    port = int(os.environ.get("PORT") or os.environ["SLIPWAY_PORT"])
    console = Console(Path(os.environ["SLIPWAY_INVENTORY"]))
    uvicorn.run(console, host="127.0.0.1", port=port, log_level="warning", access_log=False, lifespan="off")


if __name__ == "__main__":
    main()
