"""The predictor alone, as a real process: its start, its answers, its faults and its end."""

import asyncio
import json
import socket
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest

from services.tasks import open_queue
from slipway.release import GOLDEN, MODEL
from slipway.signature import CODES, NUMBERS
from tests import models
from tests.replica import Replica, free_port, replica, start
from tests.valkey import running as running_valkey

pytestmark = pytest.mark.system

ROWS = 1000
TOLERANCE = 1e-5
CALLERS = 16
LONG_S = 20.0


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> models.Built:
    return models.employment(tmp_path_factory.mktemp("release") / "employment", rows=ROWS)


@pytest.fixture(scope="module")
def served(built: models.Built, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Replica]:
    """One replica for all tests that leave it as it was."""
    with replica(built, tmp_path_factory.mktemp("log") / "predictor.log") as running:
        yield running


@pytest.fixture
def client(served: Replica) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=served.url, timeout=LONG_S, trust_env=False) as opened:
        yield opened


def refused_start(built: models.Built, folder: Path, port: int, **environment: str) -> str:
    """What a replica that must not start says as it ends."""
    log = folder / "refused.log"
    process = start(built, port, log, **environment)
    try:
        assert process.wait(LONG_S) != 0
    finally:
        process.kill()
        process.wait()
    said = log.read_text()
    assert "Traceback" not in said
    return said


def test_a_thousand_rows_are_answered_as_the_trainer_did(client: httpx.Client, built: models.Built):
    instances, answered = built.instances(), []
    for begin in range(0, ROWS, 50):
        answer = client.post("/predict", json={"instances": instances[begin : begin + 50]}).raise_for_status()
        answered += [list(row["probabilities"].values()) for row in answer.json()["predictions"]]
    assert np.abs(np.array(answered) - built.golden["answers"]).max() <= TOLERANCE


def test_tensors_are_answered_as_the_trainer_did(client: httpx.Client, built: models.Built):
    count = 50
    inputs = [
        {"name": name, "shape": [count, *built.golden[name].shape[1:]], "datatype": dtype, "data": rows.tolist()}
        for name, dtype, rows in (
            (CODES, "INT64", built.golden[CODES][:count]),
            (NUMBERS, "FP32", built.golden[NUMBERS][:count]),
        )
    ]
    answer = client.post("/v2/models/employment/infer", json={"inputs": inputs}).raise_for_status().json()
    answered = np.array(answer["outputs"][0]["data"]).reshape(count, 2)
    assert np.abs(answered - built.golden["answers"][:count]).max() <= TOLERANCE


def test_a_model_of_images_is_served_from_its_signature_alone(tmp_path: Path):
    digits = models.digits(tmp_path / "digits")
    with replica(digits, tmp_path / "log") as running:
        answer = httpx.post(f"{running.url}/predict", json={"instances": digits.instances()}, trust_env=False).json()
    answered = np.array([list(row["probabilities"].values()) for row in answer["predictions"]])
    assert np.abs(answered - digits.golden["answers"]).max() <= TOLERANCE


def test_the_likeliest_label_is_told_with_the_release_that_said_so(client: httpx.Client, built: models.Built):
    answer = client.post("/predict", json={"instances": built.instances()[:1]}).json()
    (prediction,) = answer["predictions"]
    assert prediction["label"] == max(prediction["probabilities"], key=prediction["probabilities"].get)
    assert answer["release"] == built.release.short


@pytest.mark.parametrize(
    ("method", "path"),
    [("GET", "/v2"), ("GET", "/nowhere"), ("POST", "/predict"), ("PUT", "/predict"), ("GET", "/docs")],
)
def test_every_answer_says_which_release_and_region_gave_it(
    client: httpx.Client, built: models.Built, method: str, path: str
):
    headers = client.request(method, path).headers
    assert (headers["x-slipway-release"], headers["x-slipway-region"]) == (built.release.short, "test-1")


def test_even_a_request_that_is_no_http_is_told_by_whom_it_was_refused(served: Replica, built: models.Built):
    with socket.create_connection(("127.0.0.1", served.port), timeout=LONG_S) as connection:
        connection.sendall(b"\x00\x01 hello\r\n\r\n")
        answered = connection.recv(65_536)
    assert answered.startswith(b"HTTP/1.1 400")
    assert built.release.short.encode() in answered


def exchange(port: int, sent: bytes, until: bytes) -> bytes:
    """What the replica says on a bare connection, up to and with `until`."""
    received = b""
    with socket.create_connection(("127.0.0.1", port), timeout=LONG_S) as connection:
        connection.sendall(sent)
        while until not in received and (part := connection.recv(65_536)):
            received += part
    return received


def test_head_is_answered_with_the_headers_alone(served: Replica):
    both = b"HEAD /v2 HTTP/1.1\r\nhost: x\r\n\r\nGET /v2/health/live HTTP/1.1\r\nhost: x\r\n\r\n"
    head, live = exchange(served.port, both, b'{"live":true}').split(b"\r\n\r\n", 1)
    assert head.startswith(b"HTTP/1.1 200")
    assert live.startswith(b"HTTP/1.1 200")


def test_a_caller_that_waits_for_100_continue_is_told_to_go_on(served: Replica):
    asks = b"POST /predict HTTP/1.1\r\nhost: x\r\nexpect: 100-continue\r\ncontent-length: 2\r\n\r\n"
    assert exchange(served.port, asks, b"\r\n\r\n").startswith(b"HTTP/1.1 100 Continue\r\n\r\n")


def test_the_metadata_is_the_signature(client: httpx.Client):
    metadata = client.get("/v2/models/employment/versions/1").raise_for_status().json()
    assert [tensor["name"] for tensor in metadata["inputs"]] == [CODES, NUMBERS]
    assert client.get("/v2/models/digits").status_code == 404


def test_metrics_count_requests_by_route_and_status(client: httpx.Client, built: models.Built):
    client.post("/predict", json={"instances": built.instances()[:1]})
    client.post("/predict", json={})
    page = client.get("/metrics").raise_for_status().text
    for line in (
        'slipway_requests_total{route="predict",status="200"}',
        'slipway_requests_total{route="predict",status="422"}',
        'slipway_request_seconds_bucket{le="0.005",route="predict"}',
        "slipway_batch_rows_count",
        "slipway_queue_depth 0.0",
        "slipway_in_flight 1.0",
        "slipway_ready 1.0",
        f'release="{built.release.short}"',
    ):
        assert line in page


def test_an_altered_release_is_refused_and_named(tmp_path: Path):
    altered = models.employment(tmp_path / "release")
    (altered.folder / MODEL).write_bytes(b"altered")
    said = refused_start(altered, tmp_path, free_port())
    assert f"release {altered.release.short} was altered: {MODEL} does not match its hash" in said


def test_a_model_that_answers_otherwise_than_its_trainer_never_becomes_ready(tmp_path: Path):
    other = models.employment(tmp_path / "release")
    with (other.folder / GOLDEN).open("wb") as stream:
        np.savez(stream, allow_pickle=False, **(other.golden | {"answers": 1 - other.golden["answers"]}))
    assert "does not answer here as it answered its trainer" in refused_start(
        models.reseal(other), tmp_path, free_port()
    )


def test_a_port_in_use_is_refused_and_named(served: Replica, built: models.Built, tmp_path: Path):
    assert f"cannot listen at 127.0.0.1:{served.port}" in refused_start(built, tmp_path, served.port)


def test_a_wrong_setting_is_refused_and_named(built: models.Built, tmp_path: Path):
    assert "SLIPWAY_DRAIN_S is 'soon'" in refused_start(built, tmp_path, free_port(), SLIPWAY_DRAIN_S="soon")


def test_a_stop_under_load_drops_nothing(built: models.Built, tmp_path: Path):
    """Callers behave as the edge does: they look at readiness and stop sending when it has turned; not before."""
    with replica(built, tmp_path / "log", SLIPWAY_DRAIN_S="1") as running:
        answered, cut = asyncio.run(_stop_under_load(running, built))
        assert cut == []
        assert len(answered) > CALLERS
        assert set(answered) == {200}
        assert running.exit_code() == 0


def test_a_request_that_has_begun_is_answered_although_the_drain_is_over(built: models.Built, tmp_path: Path):
    body = json.dumps({"instances": built.instances()[:1]}).encode()
    head = b"POST /predict HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n" % len(
        body
    )
    with replica(built, tmp_path / "log", SLIPWAY_DRAIN_S="0") as running:
        with socket.create_connection(("127.0.0.1", running.port), timeout=LONG_S) as connection:
            connection.sendall(head + body[:10])
            _await_begun(running)
            running.terminate()
            _await_refusal(running)
            connection.sendall(body[10:])
            answered = connection.makefile("rb").read()
        assert answered.startswith(b"HTTP/1.1 200")
        assert b"connection: close" in answered
        assert running.exit_code() == 0


def test_a_replica_told_to_stop_reports_it_at_once_and_still_serves(built: models.Built, tmp_path: Path):
    with (
        replica(built, tmp_path / "log", SLIPWAY_DRAIN_S="30") as running,
        httpx.Client(base_url=running.url, timeout=LONG_S, trust_env=False) as client,
    ):
        running.terminate()
        _await_unready(running)
        answer = client.post("/predict", json={"instances": built.instances()[:1]})
        assert (answer.status_code, answer.headers["connection"]) == (200, "close")
        running.terminate()  # a second one skips the rest of the drain
        assert running.process.wait(5) == 0


def test_an_idle_connection_does_not_hold_up_the_stop(built: models.Built, tmp_path: Path):
    with (
        replica(built, tmp_path / "log", SLIPWAY_DRAIN_S="0") as running,
        socket.create_connection(("127.0.0.1", running.port), timeout=LONG_S) as connection,
    ):
        connection.sendall(b"GET /v2/health/live HTTP/1.1\r\nhost: x\r\n\r\n")
        assert connection.recv(65_536).startswith(b"HTTP/1.1 200")
        running.terminate()
        assert running.process.wait(5) == 0


def test_a_task_goes_through_the_queue_and_its_result_comes_back(built: models.Built, tmp_path: Path):
    with (
        running_valkey(tmp_path / "valkey") as valkey,
        replica(built, tmp_path / "log", SLIPWAY_QUEUE_URL=valkey.url) as running,
        httpx.Client(base_url=running.url, timeout=LONG_S, trust_env=False) as client,
    ):
        body = {"instances": built.instances()[:1]}
        taken = client.post("/tasks", json=body, headers={"idempotency-key": "once"})
        again = client.post("/tasks", json=body, headers={"idempotency-key": "once"})
        assert (taken.status_code, again.json()["id"]) == (202, taken.json()["id"])
        asyncio.run(_do_one_task(valkey.url, b'{"predictions":[]}'))
        done = client.get(taken.headers["location"], params={"wait": 10}).json()
        assert (done["state"], done["result"]) == ("done", {"predictions": []})

        valkey.kill()
        refused = client.post("/tasks", json=body)
        assert (refused.status_code, refused.headers["retry-after"]) == (503, "1")
        assert valkey.url not in running.log.read_text()


def test_without_a_queue_there_are_no_task_routes(client: httpx.Client):
    assert client.get("/tasks/1").status_code == 404
    assert "/tasks" not in client.get("/openapi.json").json()["paths"]


async def _do_one_task(url: str, result: bytes) -> None:
    queue = open_queue(url)
    (claim,) = await queue.claim(1, LONG_S)
    await queue.complete(claim, result)
    await queue.aclose()


async def _stop_under_load(running: Replica, built: models.Built) -> tuple[list[int], list[str]]:
    answered: list[int] = []
    cut: list[str] = []
    away = asyncio.Event()
    async with httpx.AsyncClient(
        base_url=running.url, timeout=LONG_S, trust_env=False, limits=httpx.Limits(max_keepalive_connections=CALLERS)
    ) as client:

        async def call(instance: dict[str, Any]) -> None:
            while not away.is_set():
                try:
                    answered.append((await client.post("/predict", json={"instances": [instance]})).status_code)
                except httpx.TransportError as error:
                    cut.append(f"{type(error).__name__}: {error}")
                    return

        callers = [asyncio.create_task(call(instance)) for instance in built.instances()[:CALLERS]]
        while len(answered) < CALLERS:
            await asyncio.sleep(0.01)
        running.terminate()
        while (await client.get("/v2/health/ready")).status_code == 200:
            await asyncio.sleep(0.01)
        before = len(answered)
        while len(answered) < before + 2 * CALLERS and not cut:  # still served while reported not ready
            await asyncio.sleep(0.01)
        away.set()
        await asyncio.wait_for(asyncio.gather(*callers), LONG_S)
    return answered, cut


def _await_begun(running: Replica) -> None:
    """The replica has the request whose body is half sent: it and the one that asks are in flight."""
    deadline = time.monotonic() + LONG_S
    while "slipway_in_flight 2.0" not in httpx.get(f"{running.url}/metrics", trust_env=False).text:
        assert time.monotonic() < deadline
        time.sleep(0.01)


def _await_unready(running: Replica) -> None:
    deadline = time.monotonic() + LONG_S
    while httpx.get(f"{running.url}/v2/health/ready", trust_env=False).status_code != 503:
        assert time.monotonic() < deadline
        time.sleep(0.01)


def _await_refusal(running: Replica) -> None:
    deadline = time.monotonic() + LONG_S
    while True:
        try:
            socket.create_connection(("127.0.0.1", running.port), timeout=LONG_S).close()
        except ConnectionRefusedError:
            return
        assert time.monotonic() < deadline
        time.sleep(0.01)
