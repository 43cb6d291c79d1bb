from pathlib import Path

import pytest

from services.released import released
from slipway.errors import ReleaseError
from slipway.release import load, publish
from slipway.store import open_store
from tests.models import employment


def test_a_release_that_lies_in_its_folder_is_used_where_it_is(tmp_path: Path):
    assert released(tmp_path, "0" * 64, store="", name="") == tmp_path


def test_a_release_is_brought_from_the_store_and_verified(tmp_path: Path):
    tiny, store = employment(tmp_path / "tiny"), (tmp_path / "store").as_uri()
    publish(open_store(store), tiny.folder, tiny.release)
    folder = released(tmp_path / "here", tiny.digest, store=store, name=tiny.release.name)
    assert load(folder, tiny.digest) == tiny.release


def test_a_release_that_the_store_does_not_have_is_an_error(tmp_path: Path):
    with pytest.raises(ReleaseError):
        released(tmp_path / "here", "0" * 64, store=(tmp_path / "store").as_uri(), name="employment")
