"""From nothing to an answer, and the same again without a change (issue 3, bar 1)."""

from pathlib import Path

import numpy as np
import psutil
import pytest

from slipway.catalogue import resolve
from slipway.example import rows
from slipway.release import GOLDEN
from tests.system.platform import Platform

pytestmark = pytest.mark.system

_CHUNK = 50


def test_up_ends_with_an_answer_through_the_edge(healthy: Platform):
    done = healthy.run("up")
    assert done.returncode == 0
    assert "asked through the edge" in done.stdout


def test_up_again_changes_nothing(healthy: Platform):
    assert healthy.slipway("up")["changed"] == 0


def test_a_thousand_served_answers_are_the_trainers(healthy: Platform):
    inventory = healthy.inventory
    folder = Path(inventory.release_folder)
    signature = resolve(healthy.state, inventory.release).signature
    with np.load(folder / GOLDEN, allow_pickle=False) as golden:
        trained = golden["answers"]
    instances = rows(folder, signature)
    served = [
        [prediction["probabilities"][label] for label in signature.labels]
        for start in range(0, len(instances), _CHUNK)
        for prediction in healthy.ask(*instances[start : start + _CHUNK])
    ]
    assert len(served) == 1000
    assert np.abs(np.array(served) - trained).max() <= 1e-5


def test_nothing_listens_beyond_loopback(healthy: Platform):
    pids = {replica.pid for service in healthy.status.services for replica in service.replicas if replica.pid}
    listening = [c for pid in pids for c in psutil.Process(pid).net_connections() if c.status == psutil.CONN_LISTEN]
    assert listening
    assert {connection.laddr.ip for connection in listening} == {"127.0.0.1"}


def test_no_secret_is_in_a_process_argument_or_a_log(healthy: Platform):
    secrets = [healthy.token, Path(healthy.inventory.queue_url_file).read_text().strip()]
    arguments = [" ".join(process.info["cmdline"] or []) for process in psutil.process_iter(["cmdline"])]
    logs = [file.read_text(errors="replace") for file in healthy.state.run.rglob("*.log")]
    assert not [text for text in (*arguments, *logs) for secret in secrets if secret in text]


def test_a_request_without_the_token_is_refused(healthy: Platform):
    import httpx

    answer = httpx.post(f"{healthy.inventory.endpoint}/predict", json={}, trust_env=False)
    assert answer.status_code == 401
