import pytest
from hypothesis import given
from hypothesis import strategies as st

from slipway.errors import ReleaseError
from slipway.promotion import promoted, rolled_back
from slipway.release import Pin, read_pin, write_pin

digests = st.text("0123456789abcdef", min_size=8, max_size=8)


def pin(digest: str, former: Pin | None = None) -> Pin:
    return promoted(former, name="employment", digest=digest, store="memory://")


def test_the_first_promotion_has_nothing_to_go_back_to():
    with pytest.raises(ReleaseError, match="no former release"):
        rolled_back(pin("a"))


def test_a_promotion_keeps_the_release_that_was_in_force():
    moved = pin("b", former=pin("a"))
    assert moved.former is not None
    assert moved.former.digest == "a"


def test_only_one_former_release_is_kept():
    moved = pin("c", former=pin("b", former=pin("a")))
    assert moved.former is not None
    assert moved.former.former is None


def test_promoting_what_is_served_changes_nothing():
    current = pin("b", former=pin("a"))
    assert pin("b", former=current) == current


@given(digests, digests)
def test_two_rollbacks_are_none(first: str, second: str):
    current = pin(second, former=pin(first))
    if current.former is not None:
        assert rolled_back(rolled_back(current)) == current


def test_a_pin_is_read_as_it_was_written(tmp_path):
    current = pin("b", former=pin("a"))
    write_pin(tmp_path / "deep" / "pin.json", current)
    assert read_pin(tmp_path / "deep" / "pin.json") == current


def test_a_file_that_is_no_pin_is_refused(tmp_path):
    (tmp_path / "pin.json").write_text('{"digest": 3}')
    with pytest.raises(ReleaseError, match="no release pin"):
        read_pin(tmp_path / "pin.json")
