"""Takes the pictures of the README and the site from the local stack that is up: the page, and `slipway status`."""

import io
import re
import shutil
import threading
import time

from playwright.sync_api import expect, sync_playwright
from rich.console import Console

from slipway.ask import ask, read_token
from slipway.cli.platform import status_table
from slipway.example import served_example
from slipway.inventory import Inventory, read_inventory
from slipway.paths import PROJECT, State
from slipway.status import Observation, observe

_FOLDER = PROJECT / "docs" / "pictures"
_BROWSER_ARGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"]
_SETTLE_S = 5.0  # the edge flushes its percentiles every two seconds
_MOST_S = 60.0
_FONT = re.compile(r"@font-face \{.*?\}", re.DOTALL)


def main() -> None:
    inventory = read_inventory(State.locate().inventory)
    done = threading.Event()
    callers = [threading.Thread(target=call, args=(inventory, region, done)) for region in inventory.regions]
    for caller in callers:
        caller.start()
    try:
        before = observe(inventory)
        time.sleep(_SETTLE_S)
        take_status(inventory, before)
        take_page(inventory)
    finally:
        done.set()


def call(inventory: Inventory, region: str, done: threading.Event) -> None:
    """Some traffic, so that the pictures show rates; it ends by itself."""
    row = served_example(inventory)
    end = time.monotonic() + _MOST_S
    while not done.is_set() and time.monotonic() < end:
        ask(inventory, [row], region=region)


def take_status(inventory: Inventory, before: Observation) -> None:
    console = Console(record=True, width=100, file=io.StringIO(), force_terminal=True)
    console.print(status_table(inventory, observe(inventory), before))
    (_FOLDER / "status.svg").write_text(_FONT.sub("", console.export_svg(title="slipway status")))


def take_page(inventory: Inventory) -> None:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=_BROWSER_ARGS)
        page = browser.new_page(viewport={"width": 1080, "height": 1180})
        page.goto(f"{inventory.endpoint}/#token={read_token(inventory)}")
        page.get_by_role("button", name="Predict").click()
        expect(page.locator("#answer")).to_have_text(re.compile("answered by"))
        page.wait_for_timeout(_SETTLE_S * 1e3)
        page.screenshot(path=str(_FOLDER / "page.png"))
        browser.close()


if __name__ == "__main__":
    main()
