"""The status page in a real browser: Debian's chromium, driven by Playwright (issue 3, bar 8)."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from tests.system.browser import blank_page
from tests.system.platform import Platform

pytestmark = pytest.mark.system


@pytest.fixture
def page() -> Iterator[Page]:
    with blank_page(1100, 1150) as blank:
        yield blank


def unlocked(page: Page, platform: Platform) -> Page:
    page.goto(f"{platform.inventory.endpoint}/#token={platform.token}")
    return page


def test_the_page_sends_a_prediction_and_shows_the_answer(healthy: Platform, page: Page):
    unlocked(page, healthy)
    page.get_by_role("button", name="Predict").click()
    expect(page.locator("#answer")).to_have_text(re.compile(r"employed \(\d+\.\d %\) — answered by us-east-1"))


def test_the_page_shows_every_region_and_the_release(healthy: Platform, page: Page):
    unlocked(page, healthy)
    for region in healthy.inventory.regions:
        expect(page.locator("#regions")).to_contain_text(region)
    expect(page.locator("#release")).to_contain_text(healthy.inventory.release[:12])


def test_the_page_is_locked_without_the_token(healthy: Platform, page: Page):
    page.goto(healthy.inventory.endpoint)
    expect(page.get_by_label("Token of this edge")).to_be_visible()
    expect(page.locator("#content")).to_be_hidden()


def test_the_token_does_not_stay_in_the_address_bar(healthy: Platform, page: Page):
    unlocked(page, healthy)
    expect(page.locator("#content")).to_be_visible()
    expect(page.get_by_label("Token of this edge")).to_be_hidden()
    assert "token" not in page.url


def test_what_the_model_refuses_is_shown_in_words(healthy: Platform, page: Page):
    unlocked(page, healthy)
    page.get_by_label("AGEP").evaluate("input => { input.removeAttribute('max'); input.value = '999' }")
    page.get_by_role("button", name="Predict").click()
    expect(page.locator("#answer.problem")).to_contain_text("AGEP")
