"""A page of Debian's chromium, driven by Playwright."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from playwright.sync_api import Page, sync_playwright

_CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
_QUIET = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@contextmanager
def blank_page(width: int, height: int) -> Iterator[Page]:
    """An empty page of a browser of its own, in pixels. Skips the test where there is no chromium."""
    if _CHROMIUM is None:
        pytest.skip("no chromium here: `apt install chromium` lets this test run")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=_CHROMIUM, args=_QUIET)
        yield browser.new_page(viewport={"width": width, "height": height})
        browser.close()
