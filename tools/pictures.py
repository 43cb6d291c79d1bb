"""Takes the pictures of the README and the site: the page and `slipway status` from the local stack that is up, and a
plan's page. `python tools/pictures.py plan` takes only the last, which needs no stack.
"""

import io
import re
import shutil
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from playwright.sync_api import Browser, expect, sync_playwright
from rich.console import Console

from infra.catalog import Catalog
from slipway.ask import ask, read_token
from slipway.cli.platform import status_table
from slipway.example import served_example
from slipway.inventory import Inventory, read_inventory
from slipway.paths import PROJECT, State
from slipway.plan.page import render
from slipway.plan.view import overview
from slipway.plan.wanted import Wanted
from slipway.status import Observation, observe

_FOLDER = PROJECT / "docs" / "pictures"
_BROWSER_ARGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"]
_SETTLE_S = 5.0  # the edge flushes its percentiles every two seconds
_MOST_S = 60.0
_FONT = re.compile(r"@font-face \{.*?\}", re.DOTALL)
_EXAMPLE = PROJECT / "docs" / "examples" / "three-continents.yaml"


def main() -> None:
    take_plan()
    if sys.argv[1:] != ["plan"]:
        take_stack()


def take_stack() -> None:
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
    with browser() as chromium:
        page = chromium.new_page(viewport={"width": 1080, "height": 1180})
        page.goto(f"{inventory.endpoint}/#token={read_token(inventory)}")
        page.get_by_role("button", name="Predict").click()
        expect(page.locator("#answer")).to_have_text(re.compile("answered by"))
        page.wait_for_timeout(_SETTLE_S * 1e3)
        page.screenshot(path=str(_FOLDER / "page.png"))


def take_plan() -> None:
    """The upper part of the page that `slipway plan --goal docs/examples/three-continents.yaml --html FILE` writes."""
    today = datetime.now(UTC).date()
    view = overview(Wanted.of_goal(_EXAMPLE), Catalog.load(), today=today, thorough=True)
    with tempfile.TemporaryDirectory() as folder, browser() as chromium:
        file = Path(folder) / "plan.html"
        file.write_text(render(view), encoding="utf-8")
        page = chromium.new_page(viewport={"width": 1180, "height": 1700})
        page.goto(file.as_uri())
        end = page.locator("#candidates .is-chosen").last.bounding_box()
        height = end["y"] + end["height"] if end else 1560
        page.screenshot(path=str(_FOLDER / "plan.png"), clip={"x": 0, "y": 0, "width": 1180, "height": height})


@contextmanager
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=_BROWSER_ARGS)
        yield chromium
        chromium.close()


if __name__ == "__main__":
    main()
