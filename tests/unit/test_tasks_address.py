import subprocess
import sys
from pathlib import Path

import pytest

from services.tasks import open_queue, queue_url
from slipway.errors import SettingsError

URL = "redis://:secret@127.0.0.1:6390/0"


def test_the_file_wins_over_the_variable(tmp_path: Path):
    file = tmp_path / "url"
    file.write_text(f"{URL}\n")
    file.chmod(0o600)
    assert queue_url({"SLIPWAY_QUEUE_URL": "redis://other", "SLIPWAY_QUEUE_URL_FILE": str(file)}) == URL


def test_without_either_there_is_no_queue():
    assert queue_url({}) == ""


def test_a_file_that_everybody_may_read_is_refused(tmp_path: Path):
    file = tmp_path / "url"
    file.write_text(URL)
    file.chmod(0o644)
    with pytest.raises(SettingsError, match="open to everybody"):
        queue_url({"SLIPWAY_QUEUE_URL_FILE": str(file)})


def test_a_missing_file_is_named(tmp_path: Path):
    with pytest.raises(SettingsError, match=r"SLIPWAY_QUEUE_URL_FILE names .*absent"):
        queue_url({"SLIPWAY_QUEUE_URL_FILE": str(tmp_path / "absent")})


@pytest.mark.parametrize(
    "url", ["", "amqp://:secret@host", "redis://:secret@:6390", "redis://:secret@host:port", "redis://:secret@host:0"]
)
def test_an_address_of_no_known_broker_is_refused_without_repeating_it(url: str):
    with pytest.raises(SettingsError, match="SLIPWAY_QUEUE_URL names no task queue") as refused:
        open_queue(url)
    assert "secret" not in str(refused.value)


def test_a_queue_does_not_show_its_password():
    assert "secret" not in repr(open_queue(URL))


def test_whoever_only_needs_the_configuration_does_not_import_the_client():
    code = "import sys, services.tasks; sys.exit('redis' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
