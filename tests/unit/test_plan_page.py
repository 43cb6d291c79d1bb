"""The page of `slipway plan --html`: what it says, and that it can neither fetch nor be made to run anything."""

import base64
import hashlib
import re
from dataclasses import replace
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from slipway.plan.page import render
from slipway.plan.page.axis import axis
from slipway.plan.page.labels import Box, around, spread
from slipway.plan.page.markup import element
from slipway.plan.page.pareto import pareto
from slipway.plan.page.words import percent, unit_usd
from slipway.plan.page.world import world
from tests.overviews import overview, serving

_SVG_FRAME = Box(left=0, top=0, right=500, bottom=500)
_FINITE = st.floats(min_value=0, max_value=1e7, allow_nan=False)


@pytest.fixture(scope="module")
def page() -> str:
    return render(overview())


def _titles(svg: str) -> list[str]:
    return [title.text or "" for title in ElementTree.fromstring(svg).iter("title")]


def test_every_chosen_region_is_marked_on_the_map():
    plan = serving()
    marks = [mark for mark in ElementTree.fromstring(world(plan)).iter("polygon") if mark.get("class") == "chosen"]
    assert len(marks) == len(plan.regions)


def test_every_group_of_users_is_drawn_with_what_it_waits():
    said = " ".join(_titles(world(serving())))
    for user in serving().users:
        assert f"{user.place.removeprefix('city:')}, {user.country}" in said


def test_the_area_of_a_users_dot_is_its_share():
    dots = [each for each in ElementTree.fromstring(world(serving())).iter("circle") if each.get("class") == "user"]
    areas = [float(dot.get("r", "0")) ** 2 for dot in dots]
    shares = [user.share for user in serving().users]
    assert [area / sum(areas) for area in areas] == pytest.approx([share / sum(shares) for share in shares], rel=0.02)


def test_users_across_the_pacific_are_joined_the_short_way():
    plan = serving()
    tokyo = replace(plan.users[0], latitude=35.7, longitude=139.7, regions=(("aws/us-east-1", 1.0),))
    drawn = world(replace(plan, users=(tokyo,)))
    (route,) = (each for each in ElementTree.fromstring(drawn).iter("path") if each.get("class") == "route")
    starts = [float(curve.split()[0]) for curve in route.get("d", "").split("M")[1:]]
    assert len(starts) == 2
    assert min(starts) < 0


def test_every_candidate_stands_in_the_table_with_its_reason(page: str):
    for each in overview().losers:
        assert f"{each.provider}/{each.region}" in page
        assert element("i", each.reason)[3:-4] in page


def test_every_line_of_the_bill_has_its_source_and_date(page: str):
    for line in serving().lines:
        assert f"{line.date}: {line.source}" in page


def test_the_plot_shows_the_plan_even_when_no_other_trade_exists():
    alone = replace(serving(), alternatives=())
    assert "The plan, aws/us-east-1" in " ".join(_titles(pareto(alone, ())))


def test_a_plan_without_training_has_no_section_of_it(page: str):
    assert 'id="order"' in page
    assert 'id="order"' not in render(replace(overview(), training=None))


def test_a_plan_without_serving_has_no_map():
    assert 'id="map"' not in render(replace(overview(), serving=None, losers=(), flips=()))


def test_names_in_the_catalog_are_never_read_as_markup():
    plan = serving()
    evil = "city:<script>alert(1)</script>\"'&"
    users = (replace(plan.users[0], place=evil), *plan.users[1:])
    lines = (replace(plan.lines[0], source=evil), *plan.lines[1:])
    text = render(replace(overview(), serving=replace(plan, users=users, lines=lines, assumed=(evil,))))
    assert "<script" not in text


def test_every_section_is_named_by_its_own_heading(page: str):
    ids = re.findall(r'\sid="([^"]+)"', page)
    assert len(ids) == len(set(ids))
    assert set(re.findall(r'aria-labelledby="([^"]+)"', page)) <= set(ids)


def test_the_page_names_no_address_to_fetch(page: str):
    assert not re.search(r"https?:|//[a-z]|url\(|@import|\bsrc=|\bhref=", page)


def test_the_policy_allows_exactly_the_style_sheet_inside(page: str):
    (style,) = re.findall(r"<style>(.*?)</style>", page, re.DOTALL)
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    assert f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'" in page


def test_no_element_has_a_style_that_the_policy_would_refuse(page: str):
    assert not re.search(r"\sstyle=|\son[a-z]+=", page)


@given(st.text())
def test_text_survives_the_way_into_an_element(text: str):
    visible = "".join(letter for letter in text if letter.isprintable())
    made = ElementTree.fromstring(element("i", visible, title=visible))
    assert (made.text or "") == visible
    assert made.get("title") == visible


@given(st.lists(_FINITE, min_size=1), st.integers(2, 10))
def test_an_axis_encloses_its_values_in_few_ticks(values: list[float], most: int):
    made = axis(values, start=0, end=100, most=most)
    slack = 1e-6 * (made.ticks[-1] - made.ticks[0])
    assert made.ticks[0] <= min(values) + slack
    assert made.ticks[-1] >= max(values) - slack
    assert 2 <= len(made.ticks) <= most + 2


def test_labels_that_would_overlap_move_or_stay_out():
    same = [("a long name", around(250, 250, 20, 12))] * 9
    spots = spread(same, height=12, frame=_SVG_FRAME)
    kept = [spot for spot in spots if spot is not None]
    assert len(kept) == 4
    assert len(set(kept)) == 4


def test_a_tiny_price_keeps_its_figures_without_an_exponent():
    assert unit_usd(0.0000106667) == "$0.00001067"


def test_an_availability_is_not_rounded_to_one():
    assert [percent(share) for share in (0.99994, 0.99999776, 0.99999999)] == ["99.994 %", "99.9997 %", "99.9999 %"]


def test_a_share_of_all_is_a_hundred_percent():
    assert [percent(share) for share in (1.0, 1 - 1e-12, 0.6)] == ["100 %", "100 %", "60 %"]
