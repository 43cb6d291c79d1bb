"""The drift report: what it calls a difference, what it does not, and that it may only read."""

import json
from typing import Any

import pytest

from infra.kubernetes.drift_report import compare, differences
from tests.kubernetes_objects import variant

APPLIED = {"spec": {"replicas": 2, "containers": [{"name": "a", "image": "one"}, {"name": "b", "image": "two"}]}}


def found(wanted: Any, live: Any) -> list[str]:
    return [where for where, _, _ in compare(wanted, live)]


def test_an_object_as_it_was_applied_does_not_differ():
    assert found(APPLIED, json.loads(json.dumps(APPLIED))) == []


def test_what_others_have_added_is_no_difference():
    assert found(APPLIED, {"spec": APPLIED["spec"] | {"paused": False}, "status": {"replicas": 2}}) == []


def test_a_changed_field_is_named_by_its_path():
    live = json.loads(json.dumps(APPLIED))
    live["spec"]["containers"][1]["image"] = "three"
    assert found(APPLIED, live) == ["spec.containers[b].image"]


def test_named_things_may_stand_in_another_order():
    live = {"spec": APPLIED["spec"] | {"containers": APPLIED["spec"]["containers"][::-1]}}
    assert found(APPLIED, live) == []


def test_a_named_thing_that_is_gone_is_a_difference():
    live = {"spec": APPLIED["spec"] | {"containers": APPLIED["spec"]["containers"][:1]}}
    assert found(APPLIED, live) == ["spec.containers[b]"]


def test_a_list_of_another_length_is_a_difference():
    assert found({"ports": [1, 2]}, {"ports": [1]}) == ["ports"]


@pytest.mark.parametrize("empty", ["", [], {}, None])
def test_what_is_empty_and_left_out_is_no_difference(empty: Any):
    assert found({"podSelector": empty}, {}) == []


def test_zero_and_false_are_not_left_out():
    assert found({"a": 0, "b": False}, {}) == ["a", "b"]


def test_an_object_that_is_gone_is_told():
    said = list(differences([{"path": "/api/v1/namespaces/slipway", "applied": {}}], lambda _: None))
    assert said == ["/api/v1/namespaces/slipway: is gone"]


def test_a_difference_says_what_is_there_and_what_was_applied():
    said = list(differences([{"path": "/x", "applied": {"a": 1}}], lambda _: {"a": 2}))
    assert said == ["/x a: 2 and not 1"]


def test_the_report_looks_at_every_object_but_its_own():
    objects = variant("eks")
    entries = json.loads(objects["drift-applied"]["data"]["applied.json"])
    looked_at = {entry["applied"]["metadata"]["name"] for entry in entries}
    assert len(entries) == len([name for name in objects if not name.startswith("drift-")])
    assert {"predictor", "deny-all", "slipway-serving"} <= looked_at


def test_the_report_may_read_what_it_looks_at_and_nothing_else():
    for manifest in variant("eks").values():
        if (
            manifest["kind"] in ("Role", "ClusterRole")
            and manifest["metadata"]["labels"]["app.kubernetes.io/name"] == "drift"
        ):
            for rule in manifest["rules"]:
                assert rule["verbs"] == ["get"]
                assert rule["resourceNames"]
                assert "secrets" not in rule["resources"]


def test_the_report_fits_into_a_config_map():
    assert sum(len(text) for text in variant("eks")["drift-applied"]["data"].values()) < 2**20 / 2


def test_a_run_that_hangs_is_ended_before_the_next():
    job = variant("eks")["drift-report"]["spec"]
    assert job["concurrencyPolicy"] == "Forbid"
    assert job["jobTemplate"]["spec"]["activeDeadlineSeconds"] <= 600
