import pytest

from services.worker.settings import Settings
from slipway.errors import SettingsError

ENVIRONMENT = {"SLIPWAY_RELEASE": "/releases/x", "SLIPWAY_RELEASE_DIGEST": "0" * 64, "PORT": "8000"}


def test_what_is_not_set_has_its_default():
    settings = Settings.load({**ENVIRONMENT, "SLIPWAY_BATCH": " "})
    assert settings.batch == 64
    assert settings.policy.max_attempts == 5


def test_the_policy_is_what_the_environment_says():
    settings = Settings.load({**ENVIRONMENT, "SLIPWAY_VISIBILITY_S": "3.5", "SLIPWAY_MAX_ATTEMPTS": "2"})
    assert (settings.policy.visibility_s, settings.policy.max_attempts) == (3.5, 2)


def test_a_store_without_the_releases_name_is_refused():
    with pytest.raises(SettingsError, match="SLIPWAY_RELEASE_NAME is not set"):
        Settings.load({**ENVIRONMENT, "SLIPWAY_STORE": "s3://models"})


def test_slipway_port_wins_over_port():
    assert Settings.load({**ENVIRONMENT, "SLIPWAY_PORT": "9000"}).port == 9000


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("SLIPWAY_BATCH", "0"),
        ("SLIPWAY_BATCH", "many"),
        ("SLIPWAY_VISIBILITY_S", "nan"),
        ("SLIPWAY_RELEASE_DIGEST", "latest"),
        ("SLIPWAY_PORT", "65536"),
    ],
)
def test_a_wrong_value_is_refused_with_its_variable(name: str, value: str):
    with pytest.raises(SettingsError, match=f"{name} is '{value}'"):
        Settings.load({**ENVIRONMENT, name: value})


@pytest.mark.parametrize("name", ["SLIPWAY_RELEASE", "SLIPWAY_RELEASE_DIGEST", "PORT"])
def test_a_missing_value_is_named(name: str):
    with pytest.raises(SettingsError, match=name):
        Settings.load({key: value for key, value in ENVIRONMENT.items() if key != name})
