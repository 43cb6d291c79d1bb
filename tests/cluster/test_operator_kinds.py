"""Every object of an operator's kind, in every variant, against the schema that the operator's makers publish.

The API server judges those of one variant in test_kubernetes_stack.py, rules of theirs in CEL included; this needs no
control plane. GKE publishes no module with its ComputeClass and HealthCheckPolicy, so nothing judges these two.
"""

import functools
from typing import Any

import pytest
from jsonschema_rs import Draft7Validator

from infra.kubernetes.objects import Manifest, group_of, plural_of
from tests.cluster.plane import published
from tests.kubernetes_objects import VARIANTS, variant

pytestmark = pytest.mark.cluster

UNPUBLISHED = {"ComputeClass", "HealthCheckPolicy"}
CLOUDS = {"cloud.google.com", "networking.gke.io"}
OPERATORS = {"gateway.networking.k8s.io", "keda.sh", "monitoring.coreos.com"}


@functools.cache
def judge(name: str, version: str) -> Draft7Validator:
    versions = {each["name"]: each for each in published(name)["spec"]["versions"]}
    return Draft7Validator(strict(versions[version]["schema"]["openAPIV3Schema"]))


def strict(schema: Any) -> Any:
    """The schema, which refuses fields that it does not know, as `kubectl apply` does."""
    if isinstance(schema, list):
        return [strict(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    made = {key: strict(value) for key, value in schema.items()}
    if isinstance(pattern := made.get("pattern"), str) and "(?i)" in pattern:
        del made["pattern"]  # Go's own way to write it; of one field, that nothing of ours has
    is_closed = isinstance(made.get("properties"), dict) and "x-kubernetes-preserve-unknown-fields" not in made
    if is_closed and "type" in made:
        made.setdefault("additionalProperties", False)
    return made


def of_operators(name: str) -> list[Manifest]:
    return [manifest for manifest in variant(name).values() if group_of(manifest) in OPERATORS]


def wrong(manifest: Manifest) -> list[str]:
    version = manifest["apiVersion"].partition("/")[2]
    found = judge(f"{plural_of(manifest)}.{group_of(manifest)}", version).iter_errors(manifest)
    return [f"{manifest['kind']} {error.instance_path}: {error.message}" for error in found]


@pytest.mark.parametrize("name", VARIANTS)
def test_every_object_of_an_operators_kind_is_one_that_its_makers_know(name: str):
    assert [each for manifest in of_operators(name) for each in wrong(manifest)] == []


def test_a_field_that_its_makers_do_not_know_is_found():
    (scaled, *_) = [each for each in of_operators("eks") if each["kind"] == "ScaledObject"]
    assert wrong(scaled | {"spec": {**scaled["spec"], "maxReplicas": 3}})


def test_no_other_kind_of_a_cloud_is_judged_by_nothing():
    every = [manifest for name in VARIANTS for manifest in variant(name).values()]
    assert {each["kind"] for each in every if group_of(each) in CLOUDS} == UNPUBLISHED
