"""The plan's page in a real browser: it draws itself, and nothing leaves it (issue 4, bar 7)."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from slipway.paths import PROJECT
from slipway.plan.page import render
from tests.overviews import overview, serving
from tests.system.browser import blank_page

pytestmark = pytest.mark.system


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("plan") / "plan.html"
    path.write_text(render(overview()), encoding="utf-8")
    return path


@pytest.fixture
def page() -> Iterator[Page]:
    with blank_page(1180, 1100) as blank:
        yield blank


def test_map_plot_and_tables_are_there(page: Page, file: Path):
    page.goto(file.as_uri())
    expect(page.locator("#map")).to_be_visible()
    expect(page.locator("#map .chosen")).to_have_count(len(serving().regions))
    expect(page.locator("#pareto .chosen")).to_be_visible()
    expect(page.locator("#candidates .verdict")).to_have_count(len(serving().alternatives))


def test_the_page_that_the_command_writes_has_all_three_and_asks_for_nothing_else(page: Page, tmp_path: Path):
    written = tmp_path / "mumbai.html"
    goal = str(PROJECT / "docs" / "examples" / "mumbai.yaml")
    command = [sys.executable, "-m", "slipway", "plan", "--goal", goal, "--html", str(written)]
    subprocess.run(command, check=True, capture_output=True, timeout=60)
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(written.as_uri(), wait_until="networkidle")
    for drawn in ("#map .chosen", "#pareto .chosen", "#candidates .verdict"):
        expect(page.locator(drawn).first).to_be_visible()
    assert asked == [written.as_uri()]


def test_nothing_but_the_file_itself_is_asked_for(page: Page, file: Path):
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(file.as_uri(), wait_until="networkidle")
    assert asked == [file.as_uri()]


def test_the_policy_refuses_nothing_that_the_page_needs(page: Page, file: Path):
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    page.goto(file.as_uri(), wait_until="networkidle")
    assert said == []


def test_the_style_sheet_is_applied_under_the_policy(page: Page, file: Path):
    page.goto(file.as_uri())
    expect(page.locator("#map .land")).to_have_css("fill", "rgb(227, 232, 238)")


def test_a_phone_shows_it_without_scrolling_the_page_sideways(page: Page, file: Path):
    page.set_viewport_size({"width": 390, "height": 800})
    page.goto(file.as_uri())
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
