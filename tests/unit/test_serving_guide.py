from slipway.paths import PROJECT
from tests.bench.mumbai import figures

GUIDE = PROJECT / "docs" / "guides" / "serving-placement.md"


def test_the_guides_worked_example_is_what_the_catalog_gives():
    assert figures() in GUIDE.read_text()
