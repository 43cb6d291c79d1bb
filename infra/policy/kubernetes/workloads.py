"""Where Kubernetes says how work outlives the loss of a node: replicas, budgets for disruptions, jobs, spot nodes."""

from collections.abc import Iterator
from typing import Any

from infra.policy.ideas import DisruptionBudget, Job, NodePool, Replicated, SpotPool
from infra.policy.kubernetes import objects
from infra.policy.rule import Found
from infra.policy.stack import UNKNOWN, Resource, Stack, dig, is_block, is_list

_REPLICATED = ("apps/v1:Deployment", "apps/v1:StatefulSet")
_BUDGET = "policy/v1:PodDisruptionBudget"
_SCALERS = {
    "autoscaling/v2:HorizontalPodAutoscaler": ("minReplicas", 1),
    "keda.sh/v1alpha1:ScaledObject": ("minReplicaCount", 0),
}
"""By kind: where it says how few replicas there are, and how few where it does not."""

_ZONE = "topology.kubernetes.io/zone"
_JOBS = {"batch/v1:Job": "spec", "batch/v1:CronJob": "spec.jobTemplate.spec"}
_DISRUPTION = "DisruptionTarget"
_SPOT = {
    "cloud.google.com/gke-spot": "true",
    "eks.amazonaws.com/capacityType": "SPOT",
    "karpenter.sh/capacity-type": "spot",
    "slipway/capacity": "spot",
}
"""Labels of nodes that can be taken back, by who gives them."""


def replicated(stack: Stack) -> Iterator[Found]:
    budgets = [*objects.of(stack, _BUDGET)]
    for resource in objects.of(stack, *_REPLICATED):
        for pods in objects.pods(resource):
            own = [each for each in budgets if objects.beside(resource, each)]
            yield Found(
                at=resource,
                idea=Replicated(
                    what=pods.what,
                    replicas=_least(stack, resource),
                    budgeted=any(objects.selects(each.get("spec.selector"), pods.labels) for each in own),
                    spread=_spread(pods.spec),
                ),
            )


def _least(stack: Stack, resource: Resource) -> int:
    """How few there are at any time: what scales it says, if anything does."""
    for scaler in objects.of(stack, *_SCALERS):
        target = scaler.get("spec.scaleTargetRef.name")
        if objects.beside(resource, scaler) and target == objects.name(resource):
            key, usual = _SCALERS[objects.kind(scaler)]
            return scaler.number(f"spec.{key}", usual) or 0
    return resource.number("spec.replicas", 1) or 0


def _spread(spec: Any) -> bool | None:
    constraints = dig(spec, "topologySpreadConstraints", ())
    if constraints is UNKNOWN:
        return None
    return any(dig(each, "topologyKey") == _ZONE for each in (constraints if is_list(constraints) else ()))


def disruption_budgets(resource: Resource) -> Iterator[DisruptionBudget]:
    if objects.kind(resource) == _BUDGET:
        most, least = resource.get("spec.maxUnavailable"), resource.get("spec.minAvailable")
        yield DisruptionBudget(stuck=most in (0, "0", "0%") or least == "100%")


def jobs(resource: Resource) -> Iterator[Job]:
    for each in objects.shown(resource):
        yield from _job(each)


def _job(resource: Resource) -> Iterator[Job]:
    path = _JOBS.get(objects.kind(resource))
    spec = resource.get(path) if path else None
    if not is_block(spec):
        return
    deadline, rules = spec.get("activeDeadlineSeconds"), dig(spec, "podFailurePolicy.rules", ())
    overlaps = resource.get("spec.concurrencyPolicy", "Allow")
    yield Job(
        what=objects.words(resource),
        ends=None if deadline is UNKNOWN else bool(deadline),
        forgives=None if rules is UNKNOWN else any(_ignores(rule) for rule in (rules if is_list(rules) else ())),
        piles_up=objects.kind(resource).endswith("CronJob") and overlaps == "Allow",
    )


def _ignores(rule: Any) -> bool:
    conditions = dig(rule, "onPodConditions", ())
    lost = any(dig(each, "type") == _DISRUPTION for each in (conditions if is_list(conditions) else ()))
    return lost and dig(rule, "action") == "Ignore"


def spot_pods(stack: Stack) -> Iterator[Found]:
    """Pods that run nowhere but on spot nodes: they name them in a selector, or in an affinity that is required."""
    for resource in stack.resources:
        for pods in objects.pods(resource):
            if _wants_spot(dig(pods.spec, "nodeSelector")) or _requires_spot(pods.spec):
                pool = NodePool(name=pods.what, family=pods.what, spot=True, accelerated=False)
                yield Found(at=resource, idea=SpotPool(pool=pool, fallbacks=()))


def _wants_spot(selector: Any) -> bool:
    return is_block(selector) and any(selector.get(key) == value for key, value in _SPOT.items())


def _requires_spot(spec: Any) -> bool:
    """Terms are alternatives: one without spot is a way out. All expressions of a term must hold."""
    path = "affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms"
    terms = dig(spec, path, ())
    return is_list(terms) and bool(terms) and all(_only_spot(term) for term in terms)


def _only_spot(term: Any) -> bool:
    expressions = dig(term, "matchExpressions", ())
    for each in expressions if is_list(expressions) else ():
        key, values = dig(each, "key", ""), dig(each, "values", ())
        if dig(each, "operator") == "In" and is_list(values) and [*values] == [_SPOT.get(key)]:
            return True
        if dig(each, "operator") == "Exists" and key == "cloud.google.com/gke-spot":
            return True
    return False
