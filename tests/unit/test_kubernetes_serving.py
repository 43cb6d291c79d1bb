"""Predictor, worker and the way in: that they start, stop, scale and are met as their services want it."""

import re
from pathlib import Path
from typing import Any

import pytest

from infra.kubernetes.scaling import in_flight_trigger, p95_trigger
from services.predictor import metrics
from services.predictor.settings import Settings as PredictorSettings
from services.tasks.scripts import STREAM
from services.worker.settings import Settings as WorkerSettings
from tests.kubernetes_objects import all_objects, settings, variant


def deployment(part: str, name: str = "eks") -> dict[str, Any]:
    return variant(name)[f"{part}-deployment"]["spec"]


def container(part: str, name: str = "eks") -> dict[str, Any]:
    return deployment(part, name)["template"]["spec"]["containers"][0]


def environment(part: str, name: str = "eks") -> dict[str, str]:
    return {each["name"]: each["value"] for each in container(part, name)["env"]}


def without_queue(variables: dict[str, str]) -> dict[str, str]:
    return {name: value for name, value in variables.items() if not name.startswith("SLIPWAY_QUEUE_URL")}


def triggers(part: str, name: str = "eks") -> list[dict[str, Any]]:
    return variant(name)[f"{part}-scaling"]["spec"]["triggers"]


def test_the_predictor_understands_its_environment():
    read = PredictorSettings.load(without_queue(environment("predictor")))
    assert (read.name, read.store, read.region) == ("employment", "gs://example-models", "us-east-1")


def test_the_worker_understands_its_environment():
    read = WorkerSettings.load(environment("worker"))
    assert (read.name, read.store) == ("employment", "gs://example-models")


@pytest.mark.parametrize("part", ["predictor", "worker"])
def test_the_release_is_brought_to_a_folder_that_can_be_written(part: str):
    mounts = [mount["mountPath"] for mount in container(part)["volumeMounts"]]
    assert any(environment(part)["SLIPWAY_RELEASE"].startswith(mount) for mount in mounts)


def test_stopping_takes_no_longer_than_the_grace_period():
    variables, pod = environment("predictor"), deployment("predictor")["template"]["spec"]
    noticed_s = pod["containers"][0]["lifecycle"]["preStop"]["sleep"]["seconds"]
    stopped_s = noticed_s + float(variables["SLIPWAY_DRAIN_S"]) + float(variables["SLIPWAY_STOP_S"])
    assert stopped_s < pod["terminationGracePeriodSeconds"]


def test_a_worker_may_finish_what_it_has_in_hand():
    grace_s = deployment("worker")["template"]["spec"]["terminationGracePeriodSeconds"]
    assert float(environment("worker")["SLIPWAY_STOP_S"]) < grace_s


def test_a_predictor_takes_requests_once_its_golden_answers_are_right():
    probes = {kind: container("predictor")[f"{kind}Probe"]["httpGet"]["path"] for kind in ("startup", "readiness")}
    assert set(probes.values()) == {"/v2/health/ready"}


def test_a_draining_predictor_is_not_killed_for_it():
    assert container("predictor")["livenessProbe"]["httpGet"]["path"] == "/v2/health/live"


def test_a_worker_that_waits_for_its_queue_is_not_killed_for_it():
    assert container("worker")["livenessProbe"]["httpGet"]["path"] == "/health/live"


def test_replicas_stand_in_every_zone():
    spread = deployment("predictor")["template"]["spec"]["topologySpreadConstraints"]
    assert spread[0]["topologyKey"] == "topology.kubernetes.io/zone"
    assert spread[0]["maxSkew"] == 1


def test_no_replica_is_missing_while_a_release_is_rolled_out():
    assert deployment("predictor")["strategy"]["rollingUpdate"]["maxUnavailable"] == 0


def test_one_replica_at_a_time_may_be_taken_by_a_drain():
    budget = variant("eks")["predictor-budget"]["spec"]
    assert budget["maxUnavailable"] == 1
    assert (
        budget["selector"]["matchLabels"].items() <= deployment("predictor")["template"]["metadata"]["labels"].items()
    )


@pytest.mark.parametrize("name", ["eks with KEDA alone", "eks with Prometheus alone", "eks with nothing beside it"])
def test_without_keda_or_prometheus_replicas_follow_the_cpu(name: str):
    scaling = variant(name)["predictor-scaling"]
    assert scaling["kind"] == "HorizontalPodAutoscaler"
    assert (scaling["spec"]["minReplicas"], scaling["spec"]["maxReplicas"]) == (3, 30)


def test_with_both_they_follow_p95_and_requests_in_flight_and_the_cpu_stays_the_floor():
    assert [trigger["type"] for trigger in triggers("predictor")] == ["cpu", "prometheus", "prometheus"]


def test_the_goal_for_p95_is_the_one_that_settings_say():
    assert triggers("predictor")[1]["metadata"]["threshold"] == "0.3"


@pytest.mark.parametrize("trigger", [p95_trigger("http://p", "predictor", 0.3), in_flight_trigger("http://p", "x", 32)])
def test_no_traffic_is_an_answer_and_no_failure(trigger: dict[str, Any]):
    assert trigger["metadata"]["query"].endswith("or vector(0)")


def test_what_keda_asks_prometheus_is_what_the_predictor_counts():
    source = Path(metrics.__file__).read_text()
    queries = " ".join(trigger["metadata"].get("query", "") for trigger in triggers("predictor"))
    for name in set(re.findall(r"slipway_[a-z_]+", queries)):
        assert f'"{name.removesuffix("_bucket")}"' in source


def test_workers_follow_the_queue_from_none():
    scaling = variant("eks")["worker-scaling"]["spec"]
    assert (scaling["minReplicaCount"], scaling["maxReplicaCount"]) == (0, 20)
    asked = scaling["triggers"][0]["metadata"]
    assert (asked["stream"], asked["address"], asked["enableTLS"]) == (STREAM, "tasks.example.internal:6379", "true")


def test_keda_takes_the_queues_password_from_a_secret_that_is_there():
    login = variant("eks")["worker-queue-login"]["spec"]["secretTargetRef"]
    assert login == [{"parameter": "password", "name": "tasks", "key": "password"}]
    assert triggers("worker")[0]["authenticationRef"] == {"name": "worker"}


def test_a_queue_with_a_password_is_read_from_a_file_that_others_may_not_read():
    volume = next(each for each in deployment("worker")["template"]["spec"]["volumes"] if each["name"] == "queue")
    assert volume["secret"] == {"secretName": "tasks", "defaultMode": 0o440}
    assert environment("worker")["SLIPWAY_QUEUE_URL_FILE"] == "/run/secrets/queue/url"


def test_a_queue_without_a_password_is_said_openly():
    assert environment("worker", "another with an Ingress")["SLIPWAY_QUEUE_URL"] == "redis://valkey.queues:6379/1"


def test_without_a_queue_there_are_no_workers():
    assert "worker-deployment" not in variant("eks with nothing beside it")


def test_metrics_are_not_to_be_had_from_outside():
    matches = variant("eks")["gateway-route"]["spec"]["rules"][0]["matches"]
    assert not [match for match in matches if match["path"]["value"] in ("/", "/metrics")]
    paths = variant("another with an Ingress")["gateway-ingress"]["spec"]["rules"][0]["http"]["paths"]
    assert not [path for path in paths if path["path"] in ("/", "/metrics")]


def test_the_way_in_is_over_tls_alone():
    listeners = variant("eks")["gateway-gateway"]["spec"]["listeners"]
    assert {listener["protocol"] for listener in listeners} == {"HTTPS"}
    assert variant("another with an Ingress")["gateway-ingress"]["spec"]["tls"]


def test_googles_balancer_is_told_where_health_is_asked():
    asked = variant("gke that Slipway made")["gateway-health"]["spec"]["default"]["config"]["httpHealthCheck"]
    assert asked == {"requestPath": "/v2/health/ready", "port": 8080}
    assert "gateway-health" not in variant("eks")


def test_an_alarm_goes_off_where_settings_say():
    rules = variant("eks")["monitoring-rules"]["spec"]["groups"][0]["rules"]
    slow = next(rule for rule in rules if rule["alert"] == "SlipwaySlow")
    assert slow["expr"].endswith("> 0.3")


def test_grafana_finds_the_dashboard_by_its_label():
    assert variant("eks")["monitoring-dashboard"]["metadata"]["labels"]["grafana_dashboard"] == "1"


def test_the_predictor_of_a_cluster_without_a_region_tells_callers_the_clusters_name():
    read = all_objects(settings(region=None, images=None))["predictor-deployment"]
    variables = read["spec"]["template"]["spec"]["containers"][0]["env"]
    assert {"name": "SLIPWAY_REGION", "value": "models"} in variables
