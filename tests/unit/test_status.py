"""What the snapshot says of what Envoy, supervisord and Valkey said; shapes are Envoy 1.40's and supervisor 4.3's."""

from typing import Any

from slipway.inventory import Inventory, Running
from slipway.slots import Slot
from slipway.status import Observation, Status, edge_health, rates, summarise

REGION = "us-east-1"


def host(port: int, **health: Any) -> dict[str, Any]:
    return {"address": {"socket_address": {"port_value": port}}, "health_status": health}


def clusters(*hosts: dict[str, Any], name: str = f"predictor-near-{REGION}") -> dict[str, Any]:
    return {"cluster_statuses": [{"name": name, "host_statuses": list(hosts)}]}


def stats(requests: int, p50_ms: float | None = None, p95_ms: float | None = None) -> dict[str, Any]:
    computed = [{"name": "http.edge.downstream_rq_time", "values": [{"interval": p50_ms}, {"interval": p95_ms}]}]
    histograms = {"supported_quantiles": [50, 95], "computed_quantiles": computed}
    return {"stats": [{"name": "http.edge.downstream_rq_total", "value": requests}, {"histograms": histograms}]}


def slot(number: int, state: str = "running") -> Slot:
    return Slot(service="predictor-0", slot=number, port=7000 + number, state=state, pid=1, uptime_s=5)


def observation(at_s: float = 0, *, slots: tuple[Slot, ...] = (), **said: Any) -> Observation:
    return Observation(
        at_s=at_s,
        slots=slots,
        clusters=said.get("clusters", {}),
        stats=said.get("stats", {}),
        queue_depth=said.get("queue_depth"),
    )


def inventory(release: str = "ab" * 32) -> Inventory:
    predictor = Running(
        name="predictor",
        role="predictor",
        region=REGION,
        service_id="predictor-0",
        ports=(7000, 7001),
        log_folder="/logs",
    )
    return Inventory(
        endpoint="http://127.0.0.1:8080",
        regions=(REGION,),
        release_name="employment",
        release=release,
        release_folder="/releases",
        store="",
        tracking="",
        supervisor_socket="",
        edge_admin_socket="",
        queue_url_file="",
        token_file="",
        services=(predictor,),
        links={},
    )


def health(status: Status) -> list[str]:
    return [replica.health for replica in status.services[0].replicas]


def test_a_replica_that_answers_its_checks_is_healthy():
    assert edge_health(clusters(host(7000, eds_health_status="HEALTHY"))) == {7000: True}


def test_a_replica_that_fails_its_checks_is_not():
    said = clusters(host(7000, failed_active_health_check=True, eds_health_status="HEALTHY"))
    assert edge_health(said) == {7000: False}


def test_an_outlier_is_not_healthy():
    assert edge_health(clusters(host(7000, failed_outlier_check=True))) == {7000: False}


def test_only_predictors_are_judged_by_the_edge():
    assert edge_health(clusters(host(9000), name="console")) == {}


def test_requests_per_second_are_counted_between_two_looks():
    before, now = observation(10, stats=stats(100)), observation(12, stats=stats(700))
    assert rates(now, before).requests_per_s == 300


def test_an_edge_that_restarted_counts_from_zero_and_not_below():
    assert rates(observation(12, stats=stats(5)), observation(10, stats=stats(100))).requests_per_s == 0


def test_an_idle_edge_has_no_percentiles():
    seen = rates(observation(0, stats=stats(0)), None)
    assert (seen.p50_ms, seen.p95_ms) == (None, None)


def test_percentiles_are_the_edges_own():
    seen = rates(observation(0, stats=stats(9, 1.5, 4.5)), None)
    assert (seen.p50_ms, seen.p95_ms) == (1.5, 4.5)


def test_a_slot_that_does_not_run_is_unhealthy_whatever_the_edge_says():
    now = observation(slots=(slot(0, "stopped"),), clusters=clusters(host(7000, eds_health_status="HEALTHY")))
    assert health(summarise(inventory(), now)) == ["unhealthy"]


def test_a_replica_that_the_edge_does_not_know_yet_is_unknown():
    assert health(summarise(inventory(), observation(slots=(slot(0),)))) == ["unknown"]


def test_one_healthy_replica_a_region_is_a_healthy_platform():
    now = observation(slots=(slot(0), slot(1, "fatal")), clusters=clusters(host(7000, eds_health_status="HEALTHY")))
    assert summarise(inventory(), now).healthy


def test_a_platform_of_which_nothing_answers_is_seen_and_not_an_error():
    seen = summarise(inventory(), observation())
    assert not seen.healthy
    assert seen.queue_depth is None
