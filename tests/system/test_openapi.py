"""The contract of a replica's API, against a real process: schemathesis on its OpenAPI document, then plain malice.

Bounded and seeded: a few hundred generated requests and 2,000 broken bodies, the same ones in every run.
"""

import json
import random
from collections.abc import Iterator
from http.client import HTTPConnection
from typing import Any

import httpx
import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis.checks import not_a_server_error
from schemathesis.core.result import Ok
from schemathesis.generation import GenerationMode
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    negative_data_rejection,
    positive_data_acceptance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
    unsupported_method,
)

from tests import models
from tests.replica import Replica, replica
from tests.valkey import running as running_valkey

pytestmark = pytest.mark.system

EXAMPLES = 25  # requests of each kind for each operation
BODIES = 2000
SEED = 2016
LONG_S = 5.0  # a hang, for a server that answers in a millisecond
BASE_CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    negative_data_rejection,
    unsupported_method,
]
UNSAYABLE = {"infer", "inferVersion"}
"""Their schema cannot say that a tensor has as many elements as its shape, so some that fits it is rightly refused."""

bounded = settings(
    max_examples=EXAMPLES,
    deadline=None,
    derandomize=True,
    database=None,
    phases=(Phase.explicit, Phase.generate),
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.data_too_large],
)


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> models.Built:
    return models.employment(tmp_path_factory.mktemp("release") / "employment")


@pytest.fixture(scope="module")
def served(built: models.Built, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Replica]:
    folder = tmp_path_factory.mktemp("contract")
    with (
        running_valkey(folder / "valkey") as valkey,
        replica(built, folder / "predictor.log", SLIPWAY_QUEUE_URL=valkey.url) as running,
    ):
        yield running


def test_every_operation_keeps_what_the_document_says(served: Replica, subtests: pytest.Subtests):
    document = httpx.get(f"{served.url}/openapi.json", trust_env=False).raise_for_status().json()
    contract = schemathesis.openapi.from_dict(document)
    contract.config.update(base_url=served.url)
    for found in contract.get_all_operations():
        assert isinstance(found, Ok)
        operation = found.ok()
        checks = list(BASE_CHECKS)
        if operation.definition.raw["operationId"] not in UNSAYABLE:
            checks.append(positive_data_acceptance)
        for mode in GenerationMode if _takes_data(operation) else [GenerationMode.POSITIVE]:
            with subtests.test(operation=operation.label, data=mode.value):
                _exercise(operation, mode, checks)


def _takes_data(operation: Any) -> bool:
    return bool({"requestBody", "parameters"} & operation.definition.raw.keys())


def _exercise(operation: Any, mode: GenerationMode, checks: list[Any]) -> None:
    """mode: data that fits the document, or data that does not."""

    @bounded
    @given(case=operation.as_strategy(generation_mode=mode))
    def keeps_its_promise(case: Any) -> None:
        case.call_and_validate(checks=checks, timeout=LONG_S)

    keeps_its_promise()


def test_the_documents_own_examples_are_answered(served: Replica):
    with httpx.Client(base_url=served.url, timeout=LONG_S, trust_env=False) as client:
        schemas = client.get("/openapi.json").json()["components"]["schemas"]
        assert client.post("/predict", json=schemas["PredictRequest"]["examples"][0]).status_code == 200
        infer = client.post("/v2/models/employment/infer", json=schemas["InferRequest"]["examples"][0])
        assert infer.status_code == 200


def test_two_thousand_broken_bodies_meet_no_server_error_and_no_hang(served: Replica, built: models.Built):
    """One connection takes them all: a body that confused the parser would show in the answer to the next one."""
    source = random.Random(SEED)
    good = {
        "/predict": {"instances": built.instances()[:2]},
        "/tasks": {"instances": built.instances()[:2]},
        "/v2/models/employment/infer": httpx.get(f"{served.url}/openapi.json", trust_env=False).json()["components"][
            "schemas"
        ]["InferRequest"]["examples"][0],
    }
    connection = HTTPConnection("127.0.0.1", served.port, timeout=LONG_S)
    statuses: dict[int, int] = {}
    for _ in range(BODIES):
        path, document = source.choice(list(good.items()))
        body = break_body(json.dumps(document).encode(), source)
        connection.request("POST", path, body, {"content-type": "application/json"})
        response = connection.getresponse()
        response.read()
        assert response.status < 500, (path, body)
        statuses[response.status] = statuses.get(response.status, 0) + 1
    connection.close()
    assert {200, 202, 400, 422}.issuperset(statuses)
    assert statuses[400] > BODIES / 10
    assert statuses[422] > BODIES / 10


def break_body(body: bytes, source: random.Random) -> bytes:
    """A body with one to three wounds, in its bytes or in its values."""
    for _ in range(source.randint(1, 3)):
        body = source.choice([_cut, _flip, _repeat, _insert, _swap_value, _swap_value])(body, source)
    return body


def _cut(body: bytes, source: random.Random) -> bytes:
    return body[: source.randrange(len(body) + 1)]


def _flip(body: bytes, source: random.Random) -> bytes:
    at = source.randrange(len(body) + 1)
    return body[:at] + source.randbytes(1) + body[at + 1 :]


def _repeat(body: bytes, source: random.Random) -> bytes:
    start = source.randrange(len(body) + 1)
    return body[:start] + body[start : start + 20] * source.randint(2, 200) + body[start:]


def _insert(body: bytes, source: random.Random) -> bytes:
    at = source.randrange(len(body) + 1)
    junk = [b"\x00", b"\xff\xfe", b"NaN", b"[" * 5000, b'{"":' * 500, b"1e9999", b"9" * 500, b'"\\ud800"', b"\r\n\r\n"]
    return body[:at] + source.choice(junk) + body[at:]


def _swap_value(body: bytes, source: random.Random) -> bytes:
    """Another value somewhere in the document, so that the JSON is right and its content is not."""
    try:
        document = json.loads(body)
    except (ValueError, RecursionError):
        return body
    place, values = document, [None, True, -1, 1e300, 2**70, "", "1", "\ud800", "x" * 5000, [], {}, [[[]]], {"a": {}}]
    while isinstance(place, dict | list) and place:
        key: Any = source.choice(list(place)) if isinstance(place, dict) else source.randrange(len(place))
        if source.random() < 0.4 or not isinstance(place[key], dict | list):
            place[key] = source.choice(values)
            break
        place = place[key]
    return json.dumps(document).encode()
