"""What the local stack is made of, for every state it can be in."""

from pathlib import Path
from typing import Any

import pytest

from infra.local.target import build
from infra.settings import Settings
from slipway.errors import SettingsError
from slipway.paths import PROJECT, State
from slipway.release import Pin, publish
from slipway.store import open_store
from tests.models import employment
from tests.stacks.graph import Graph, Registration, graph_of

SETTINGS = Settings.read(PROJECT / "stacks" / "Pulumi.local.yaml")
SERVICE, FILE = "slipway:local:Service", "slipway:local:File"


def provided(args: Any) -> dict[str, Any]:
    """What the provider adds to a resource, with ports that tell services apart."""
    if args.typ == SERVICE:
        ports = args.inputs.get("ports") or [20_000 + hash(args.name) % 1000 + slot for slot in range(3)]
        return {"ports": ports, "service_id": f"{args.name}-00000000", "log_folder": f"/logs/{args.name}"}
    if args.typ == FILE:
        return {"content": args.inputs.get("content", "random"), "sha256": "00"}
    return {}


@pytest.fixture(params=[False, True], ids=["up", "preview"])
def preview(request: pytest.FixtureRequest) -> bool:
    return request.param


@pytest.fixture
def state(tmp_path: Path) -> State:
    return State(tmp_path / "state")


@pytest.fixture
def pin(state: State, tmp_path: Path) -> Pin:
    tiny = employment(tmp_path / "tiny")
    publish(open_store(state.store_url), tiny.folder, tiny.release)
    return Pin(name=tiny.release.name, digest=tiny.digest, store=state.store_url)


@pytest.fixture
def serving(state: State, pin: Pin, preview: bool) -> Graph:
    return graph_of(lambda: build(SETTINGS, "local", pin, state=state) and None, outputs=provided, preview=preview)


@pytest.fixture
def empty(state: State) -> Graph:
    return graph_of(lambda: build(SETTINGS, "local", None, state=state) and None, outputs=provided)


def services(graph: Graph, role: str) -> list[Registration]:
    return [service for service in graph.of(SERVICE) if f"services.{role}" in service.inputs["argv"]]


def test_each_region_has_its_predictor(serving: Graph):
    regions = {service.inputs["environment"]["SLIPWAY_REGION"] for service in services(serving, "predictor")}
    assert regions == set(SETTINGS.regions)


def test_a_predictor_has_slots_between_its_bounds(serving: Graph):
    for service in services(serving, "predictor"):
        replicas = SETTINGS.predictor.replicas
        assert (service.inputs["slots_min"], service.inputs["slots_max"]) == (replicas.min, replicas.max)


def test_without_a_release_nothing_serves_and_the_edge_stands(empty: Graph):
    assert services(empty, "predictor") == []
    assert empty.named("edge-envoy")


def test_every_file_is_for_the_user_alone(serving: Graph):
    assert {file.inputs["mode"] for file in serving.of(FILE)} == {0o600}


def test_what_holds_a_secret_is_a_secret(serving: Graph):
    for name in ("edge-listeners", "queue-config", "queue-url"):
        assert "content" in serving.named(name).secrets, name


def test_no_secret_stands_in_arguments_or_the_open_environment(serving: Graph):
    for service in serving.of(SERVICE):
        assert not service.secrets & {"argv", "environment"}, service.name


def test_every_service_has_a_memory_limit(serving: Graph):
    assert all(service.inputs["limits"]["memory_gib"] > 0 for service in serving.of(SERVICE))


def test_every_service_has_a_health_check(serving: Graph):
    assert all(service.inputs["health"] for service in serving.of(SERVICE))


def test_the_page_of_mlflow_rests_until_somebody_looks(serving: Graph):
    assert serving.named("registry-mlflow").inputs["slots_min"] == 0


def test_every_resource_has_the_explicit_provider(serving: Graph):
    for resource in [*serving.of(SERVICE), *serving.of(FILE)]:
        assert "pulumi:providers:slipway::cluster" in resource.provider, resource.name


def test_the_inventory_names_every_service(serving: Graph):
    inventory = serving.named("observability-inventory").inputs["content"]
    for service in serving.of(SERVICE):
        assert f"{service.name}-00000000" in inventory


def test_a_stack_that_does_not_fit_this_machine_is_refused(state: State):
    large = Settings.parse(
        {
            "slipway:target": "local",
            "slipway:regions": ["us-east-1"],
            "slipway:predictor": {"memory_gib": 64, "replicas": {"min": 100, "max": 100}},
        }
    )
    with pytest.raises(SettingsError, match=r"predictor\.memory_gib"):
        build(large, "local", None, state=state)
