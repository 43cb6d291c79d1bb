"""What breaks the rules on how work outlives the loss of a node, and what does not."""

from typing import Any

from tests.policy_twins.kubernetes.pods import container, deployment, metadata, spec, template
from tests.policy_twins.twin import Made, Twin

_SPREAD = {"maxSkew": 1, "topologyKey": "topology.kubernetes.io/zone", "whenUnsatisfiable": "ScheduleAnyway"}
_FORGIVING = {"rules": [{"action": "Ignore", "onPodConditions": [{"type": "DisruptionTarget", "status": "True"}]}]}
_SPOT = {"key": "cloud.google.com/gke-spot", "operator": "In", "values": ["true"]}


def budget(name: str, of: str, **said: Any) -> Made:
    """For disruptions, of a Deployment's pods."""
    selector = {"matchLabels": {"app.kubernetes.io/name": of}}
    return Made(
        type="kubernetes:policy/v1:PodDisruptionBudget",
        name=name,
        props={"metadata": metadata(name), "spec": {"selector": selector, **(said or {"maxUnavailable": 1})}},
    )


def several(name: str, *, spread: bool = True) -> Made:
    constraints: list[dict[str, Any]] = [_SPREAD | {"labelSelector": {"matchLabels": {"app.kubernetes.io/name": name}}}]
    return deployment(name, spec(topologySpreadConstraints=constraints if spread else []), replicas=3)


def _work(name: str, **changed: Any) -> dict[str, Any]:
    """Of a job."""
    one = container(ports=None, readinessProbe=None, livenessProbe=None)
    whole: dict[str, Any] = {
        "activeDeadlineSeconds": 3600,
        "podFailurePolicy": _FORGIVING,
        "template": template(name, spec(one, restartPolicy="Never")),
    }
    return {key: value for key, value in (whole | changed).items() if value is not None}


def job(name: str, **changed: Any) -> Made:
    return Made(
        type="kubernetes:batch/v1:Job",
        name=name,
        props={"metadata": metadata(name), "spec": _work(name, **changed)},
    )


def by_the_clock(name: str, overlaps: str) -> Made:
    return Made(
        type="kubernetes:batch/v1:CronJob",
        name=name,
        props={
            "metadata": metadata(name),
            "spec": {
                "schedule": "17 4 * * *",
                "concurrencyPolicy": overlaps,
                "jobTemplate": {"spec": _work(name)},
            },
        },
    )


def _on_spot(name: str, **affinity: Any) -> Made:
    return deployment(name, spec(affinity={"nodeAffinity": affinity}))


TWINS = (
    Twin(
        rule="replicas-have-a-budget",
        fails=[several("all-at-once")],
        passes=[several("one-by-one"), budget("one-by-one-budget", of="one-by-one")],
    ),
    Twin(
        rule="replicas-are-spread",
        fails=[several("in-one-zone", spread=False), budget("in-one-zone-budget", of="in-one-zone")],
        passes=[several("in-all-zones"), budget("in-all-zones-budget", of="in-all-zones")],
    ),
    Twin(
        rule="budgets-let-nodes-drain",
        fails=[budget("stuck", of="predictor", maxUnavailable=0)],
        passes=[budget("lets-go", of="predictor", minAvailable="50%")],
    ),
    Twin(rule="jobs-end", fails=[job("endless", activeDeadlineSeconds=None)], passes=[job("ends")]),
    Twin(
        rule="jobs-forgive-lost-nodes",
        fails=[job("unforgiving", podFailurePolicy=None)],
        passes=[job("forgiving")],
    ),
    Twin(
        rule="jobs-do-not-pile-up",
        fails=[by_the_clock("piles-up", "Allow")],
        passes=[by_the_clock("waits", "Forbid")],
    ),
    Twin(
        rule="spot-has-a-fallback",
        fails=[
            _on_spot(
                "on-spot-alone",
                requiredDuringSchedulingIgnoredDuringExecution={"nodeSelectorTerms": [{"matchExpressions": [_SPOT]}]},
            )
        ],
        passes=[
            _on_spot(
                "on-spot-first",
                preferredDuringSchedulingIgnoredDuringExecution=[
                    {"weight": 100, "preference": {"matchExpressions": [_SPOT]}}
                ],
            )
        ],
    ),
)
