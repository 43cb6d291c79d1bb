"""All rules, by concern: what the pack enforces and the reference page lists."""

from infra.policy import (
    capacity,
    cluster,
    edge,
    encryption,
    identity,
    images,
    messaging,
    namespaces,
    network,
    observability,
    ownership,
    plaintext,
    pods,
    residency,
    spending,
    storage,
    workloads,
)
from infra.policy.rule import Rule

RULES: tuple[Rule, ...] = tuple(
    rule
    for concern in (
        network,
        identity,
        encryption,
        plaintext,
        storage,
        images,
        cluster,
        capacity,
        pods,
        namespaces,
        workloads,
        messaging,
        edge,
        observability,
        ownership,
        residency,
        spending,
    )
    for rule in concern.RULES
)
