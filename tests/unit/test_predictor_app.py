"""The application's own part: routing, bodies within limits, problems, drain. A stand-in endpoint takes the model's."""

import asyncio
from typing import Any

import pytest

from services.predictor.app import App
from services.predictor.exchange import Answer, Endpoint, Request
from services.predictor.metrics import Metrics
from tests.asgi import Answered, call

LIMIT_BYTES = 10
LONG_S = 10.0


async def echo(request: Request) -> Answer:
    return Answer(request.body or request.rest.encode() or b"-")


async def fail(request: Request) -> Answer:
    raise ZeroDivisionError


async def patience(request: Request) -> Answer:
    return Answer(str(request.patience_s).encode())


ROUTES = {
    "/predict": {"POST": Endpoint("predict", echo, takes_body=True)},
    "/page": {"GET": Endpoint("page", echo)},
    "/patience": {"GET": Endpoint("patience", patience)},
    "/fail": {"GET": Endpoint("fail", fail)},
    "/things/": {"GET": Endpoint("things", echo)},
}


def ask(method: str, path: str, *, draining: bool = False, body_s: float = LONG_S, **rest: Any) -> Answered:
    async def whole() -> Answered:
        stopping = asyncio.Event()
        if draining:
            stopping.set()
        metrics = Metrics(name="m", version="1", release="r", region="x")
        app = App(ROUTES, metrics, stopping, max_body_bytes=LIMIT_BYTES, body_s=body_s)
        answered = await call(app, method, path, **rest)
        assert metrics.in_flight == 0
        assert f'status="{answered.status}"' in metrics.page().decode()
        return answered

    return asyncio.run(asyncio.wait_for(whole(), LONG_S))


def test_a_body_in_parts_reaches_the_endpoint_whole():
    assert ask("POST", "/predict", chunks=[b"ab", b"", b"cd"]).body == b"abcd"


def test_a_prefix_takes_what_is_below_it_and_not_itself():
    assert ask("GET", "/things/7").body == b"7"
    assert ask("GET", "/things/").status == 404


def test_an_unknown_path_is_told_the_one_that_was_meant():
    answered = ask("GET", "/predcit")
    assert answered.status == 404
    assert answered.headers["content-type"] == "application/problem+json"
    assert "did you mean '/predict'?" in answered.json["detail"]


def test_a_wrong_method_is_told_the_allowed_ones():
    answered = ask("DELETE", "/page")
    assert (answered.status, answered.headers["allow"]) == (405, "GET, HEAD")


def test_head_is_answered_as_get():
    assert ask("HEAD", "/page").status == 200


@pytest.mark.parametrize("media_type", ["application/json", "application/json; charset=utf-8", "Application/JSON"])
def test_json_is_taken_however_it_is_named(media_type: str):
    assert ask("POST", "/predict", body=b"x", headers={"content-type": media_type}).status == 200


@pytest.mark.parametrize("media_type", ["text/plain", "application/x-www-form-urlencoded", "application/jsonp"])
def test_a_body_of_another_type_is_refused(media_type: str):
    answered = ask("POST", "/predict", body=b"x", headers={"content-type": media_type})
    assert answered.status == 415
    assert media_type in answered.json["detail"]


def test_binary_tensors_are_refused_by_their_header():
    assert ask("POST", "/predict", body=b"x", headers={"inference-header-content-length": "1"}).status == 415


def test_a_body_that_says_it_is_too_large_is_refused_unread():
    async def never() -> None:
        raise AssertionError("read")

    answered = ask("POST", "/predict", headers={"content-length": str(LIMIT_BYTES + 1)}, receive=never)
    assert (answered.status, answered.json["faults"][0]["expected"]) == (413, f"at most {LIMIT_BYTES} bytes")


@pytest.mark.parametrize("chunks", [[b"x" * (LIMIT_BYTES + 1)], [b"x" * LIMIT_BYTES, b"x"]])
def test_a_body_that_turns_out_too_large_is_refused(chunks: list[bytes]):
    assert ask("POST", "/predict", chunks=chunks).status == 413


def test_a_body_that_does_not_come_is_given_up_and_its_connection_closed():
    answered = ask("POST", "/predict", receive=asyncio.Event().wait, body_s=0.01)
    assert (answered.status, answered.headers["connection"]) == (408, "close")


def test_a_caller_that_leaves_before_its_body_is_whole_counts_as_a_bad_request():
    async def gone() -> dict[str, str]:
        return {"type": "http.disconnect"}

    assert ask("POST", "/predict", receive=gone).status == 400


def test_a_failure_of_ours_is_a_500_that_says_nothing_of_the_inside():
    answered = ask("GET", "/fail")
    assert answered.status == 500
    assert "ZeroDivision" not in answered.body.decode()


def test_while_draining_every_answer_closes_its_connection():
    assert ask("GET", "/page", draining=True).headers["connection"] == "close"
    assert "connection" not in ask("GET", "/page").headers


def test_the_edges_own_deadline_is_known_to_endpoints():
    assert ask("GET", "/patience", headers={"x-envoy-expected-rq-timeout-ms": "1500"}).body == b"1.5"
    assert ask("GET", "/patience", headers={"x-envoy-expected-rq-timeout-ms": "soon"}).body == b"inf"
