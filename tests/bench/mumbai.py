"""`python -m tests.bench.mumbai`: Mumbai against US-East, the worked example of docs/guides/serving-placement.md.

Users in India, a model on an L4, machines on demand. Prints the tables of the guide; a test holds the guide to them.
"""

import sys

from infra.catalog import Catalog
from infra.placement.serving import ServingPlan, choose, explain
from infra.placement.serving.sensitivity import changes, flip
from infra.settings.placement import ServingGoal

MUMBAI, US_EAST = "ap-south-1", "us-east-1"
NAMES = {MUMBAI: "Mumbai", US_EAST: "US-East"}
TRAFFIC_RPS = (5, 10, 15, 20, 50, 100, 500)
GOALS_MS = (250, 300, 320, 350, 400)
FROM_RPS, GOAL_MS = 10, 320


def goal(requests_per_s: float, p95_ms: float, *regions: str) -> ServingGoal:
    return ServingGoal.model_validate(
        {
            "users": [{"place": "geo:IN", "share": 1}],
            "requests_per_s": requests_per_s,
            "p95_ms": p95_ms,
            "providers": ["aws"],
            "regions": regions or (MUMBAI, US_EAST),
            "model": {"service_ms": {"L4": 12}, "vcpus": 2, "memory_gib": 8},
        }
    )


def figures() -> str:
    """The example in Markdown, computed from the catalog that ships."""
    return "\n".join([*_by_traffic(), "", *_break_even(), "", *_by_goal(), "", *_bill(), "", _reason()])


def _by_traffic() -> list[str]:
    lines = ["| requests/s | US-East | Mumbai | chosen |", "|---:|---:|---:|---|"]
    for rps in TRAFFIC_RPS:
        east, mumbai = (choose(goal(rps, GOAL_MS, region), Catalog.load()) for region in (US_EAST, MUMBAI))
        chosen = choose(goal(rps, GOAL_MS), Catalog.load()).regions[0].region
        lines.append(f"| {rps} | {_short(east)} | {_short(mumbai)} | {NAMES[chosen]} |")
    return lines


def _short(plan: ServingPlan) -> str:
    region = plan.regions[0]
    machines = f"{region.replicas} machine{'s' if region.replicas > 1 else ''}"
    return f"${plan.usd_per_month:,.0f}, {machines}, {plan.p95_ms:.0f} ms"


def _break_even() -> list[str]:
    asked = goal(FROM_RPS, GOAL_MS)
    plan = choose(asked, Catalog.load())
    now = tuple((region.key, region.machine) for region in plan.regions)
    said: list[str] = []
    for change in changes(plan, asked, Catalog.load()):
        turned = flip(change, now)
        until = "nothing" if turned.at is None else f"{turned.at:,.1f} {turned.unit}"
        said.append(f"| {turned.what} | {turned.now:,.1f} {turned.unit} | {until} | {turned.becomes} |")
    return ["| changed | now | the choice turns at | to |", "|---|---:|---:|---|", *said]


def _by_goal() -> list[str]:
    lines = ["| p95 goal | chosen at 10 requests/s | at 500 requests/s |", "|---:|---|---|"]
    for p95_ms in GOALS_MS:
        few, many = (choose(goal(rps, p95_ms), Catalog.load()) for rps in (10, 500))
        cells = (f"{NAMES[plan.regions[0].region]}, ${plan.usd_per_month:,.0f}" for plan in (few, many))
        lines.append(f"| {p95_ms} ms | {' | '.join(cells)} |")
    return lines


def _bill() -> list[str]:
    plans = [choose(goal(100, GOAL_MS, region), Catalog.load()) for region in (US_EAST, MUMBAI)]
    kinds = list(dict.fromkeys(line.what for plan in plans for line in plan.lines))
    lines = ["| at 100 requests/s | US-East | Mumbai |", "|---|---:|---:|"]
    for kind in kinds:
        sums = (sum(line.usd_per_month for line in plan.lines if line.what == kind) for plan in plans)
        lines.append(f"| {kind} | {' | '.join(f'${usd:,.2f}' for usd in sums)} |")
    return [*lines, f"| together | {' | '.join(f'${plan.usd_per_month:,.2f}' for plan in plans)} |"]


def _reason() -> str:
    asked = goal(100, GOAL_MS)
    plan = choose(asked, Catalog.load())
    loser = explain(plan, asked, Catalog.load())[0]
    return f"> {loser.provider}/{loser.region}: {loser.reason}"


def main() -> int:
    print(figures())
    return 0


if __name__ == "__main__":
    sys.exit(main())
