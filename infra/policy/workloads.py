"""Work outlives the loss of a node, and a job comes to an end."""

from collections.abc import Iterator

from infra.policy.ideas import DisruptionBudget, Job, Replicated
from infra.policy.kubernetes import workloads as kubernetes
from infra.policy.rule import OUTSIDE_DEV, Rule
from infra.policy.terms import Terms


def all_at_once(work: Replicated, _: Terms) -> Iterator[str]:
    if work.replicas > 1 and not work.budgeted:
        yield f"{work.what} has {work.replicas} replicas, and an upgrade of nodes may take them all at once"


def in_one_zone(work: Replicated, _: Terms) -> Iterator[str]:
    if work.replicas > 1 and work.spread is False:
        yield f"the replicas of {work.what} may all be in one zone"


def stuck(budget: DisruptionBudget, _: Terms) -> Iterator[str]:
    if budget.stuck:
        yield "the budget lets no pod go, so that no node under it can be drained or upgraded"


def endless(job: Job, _: Terms) -> Iterator[str]:
    if job.ends is False:
        yield f"{job.what} may hang for ever, and keep its node"


def unforgiving(job: Job, _: Terms) -> Iterator[str]:
    if job.forgives is False:
        yield f"{job.what} fails for good when its node is taken away often enough"


def piling_up(job: Job, _: Terms) -> Iterator[str]:
    if job.piles_up:
        yield f"{job.what} starts again while the last one still runs"


RULES = (
    Rule(
        name="replicas-have-a-budget",
        concern="workloads",
        says="Of several replicas, some stay while nodes are drained.",
        mends="add a PodDisruptionBudget that selects them",
        survey={"kubernetes": kubernetes.replicated},
        judge=all_at_once,
        lenient=OUTSIDE_DEV,
    ),
    Rule(
        name="replicas-are-spread",
        concern="workloads",
        says="Replicas are spread over zones, so that the loss of one leaves some.",
        mends="add a topologySpreadConstraint with the key topology.kubernetes.io/zone",
        survey={"kubernetes": kubernetes.replicated},
        judge=in_one_zone,
        lenient=OUTSIDE_DEV,
    ),
    Rule(
        name="budgets-let-nodes-drain",
        concern="workloads",
        says="A budget for disruptions lets at least one pod go.",
        mends="set maxUnavailable to 1 or more",
        find={"kubernetes": kubernetes.disruption_budgets},
        judge=stuck,
    ),
    Rule(
        name="jobs-end",
        concern="workloads",
        says="A job is stopped after a while, whatever it does.",
        mends="set activeDeadlineSeconds",
        find={"kubernetes": kubernetes.jobs},
        judge=endless,
    ),
    Rule(
        name="jobs-forgive-lost-nodes",
        concern="workloads",
        says="A pod that was lost with its node does not count as a failure of its job.",
        mends="add a podFailurePolicy that ignores the condition DisruptionTarget",
        find={"kubernetes": kubernetes.jobs},
        judge=unforgiving,
    ),
    Rule(
        name="jobs-do-not-pile-up",
        concern="workloads",
        says="A job that comes by the clock does not start while the last one runs.",
        mends="set concurrencyPolicy to Forbid",
        find={"kubernetes": kubernetes.jobs},
        judge=piling_up,
    ),
)
