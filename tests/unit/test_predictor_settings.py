from pathlib import Path

import pytest

from services.predictor.settings import Settings
from slipway.errors import SettingsError

REQUIRED = {"SLIPWAY_RELEASE": "/releases/a", "SLIPWAY_RELEASE_DIGEST": "ab" * 32, "PORT": "8080"}


def refused(**changes: str) -> str:
    with pytest.raises(SettingsError) as refusal:
        Settings.load(REQUIRED | changes)
    return str(refusal.value)


def test_a_release_its_digest_and_a_port_are_enough():
    settings = Settings.load(REQUIRED)
    assert (settings.release, settings.port, settings.host) == (Path("/releases/a"), 8080, "127.0.0.1")


@pytest.mark.parametrize("name", REQUIRED)
def test_what_is_missing_is_named(name: str):
    assert f"{name} is not set" in refused(**{name: ""})


def test_a_store_without_the_releases_name_is_refused():
    assert "SLIPWAY_RELEASE_NAME is not set" in refused(SLIPWAY_STORE="gs://models")


def test_slipway_port_wins_over_the_port_that_a_platform_sets_for_another_use():
    assert Settings.load(REQUIRED | {"SLIPWAY_PORT": "9000"}).port == 9000


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("PORT", "70000"),
        ("PORT", "http"),
        ("SLIPWAY_MAX_BATCH", "0"),
        ("SLIPWAY_MAX_BATCH", "1.5"),
        ("SLIPWAY_DEADLINE_MS", "-1"),
        ("SLIPWAY_DRAIN_S", "nan"),
        ("SLIPWAY_DRAIN_S", "inf"),
    ],
)
def test_a_number_out_of_range_is_refused_with_its_variable_and_its_range(name: str, value: str):
    message = refused(**{name: value})
    assert f"{name} is {value!r}" in message
    assert " from " in message


def test_a_digest_that_is_none_is_refused():
    assert "SLIPWAY_RELEASE_DIGEST is 'latest'" in refused(SLIPWAY_RELEASE_DIGEST="latest")


def test_a_queue_that_cannot_hold_one_batch_is_refused():
    assert "SLIPWAY_QUEUE_LIMIT is 8" in refused(SLIPWAY_QUEUE_LIMIT="8", SLIPWAY_MAX_BATCH="64")


def test_a_region_that_no_header_can_carry_is_refused():
    assert "SLIPWAY_REGION" in refused(SLIPWAY_REGION="us-east-1\r\nx: y")


def test_the_queues_url_comes_from_a_file_and_stays_out_of_the_repr(tmp_path: Path):
    file = tmp_path / "url"
    file.write_text("redis://:secret@127.0.0.1:1/0\n")
    file.chmod(0o600)
    settings = Settings.load(REQUIRED | {"SLIPWAY_QUEUE_URL_FILE": str(file)})
    assert settings.queue_url == "redis://:secret@127.0.0.1:1/0"
    assert "secret" not in repr(settings)
