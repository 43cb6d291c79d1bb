"""A bill and a training plan as one document for scripts: plain values under stable names."""

from typing import TYPE_CHECKING, Any

from infra.cost.bill import Bill, Charge, Item
from infra.cost.verdict import Verdict

if TYPE_CHECKING:
    from infra.placement.training.plan import Band, TrainingPlan


def document(bill: Bill | None, plan: "TrainingPlan | None", verdict: Verdict | None) -> dict[str, Any]:
    """bill and training are None where nothing was asked of them. verdict: None without a budget or a bill.

    over_budget is None there too, and where the sum cannot prove either; not_judged says why.
    """
    return {
        "bill": bill and _bill(bill),
        "training": plan and _training(plan),
        "budget_usd": verdict and verdict.budget_usd,
        "over_budget": None if verdict is None or verdict.open else verdict.over,
        "not_judged": list(verdict.missing) if verdict and verdict.open else [],
    }


def _bill(bill: Bill) -> dict[str, Any]:
    return {
        "stack": bill.stack,
        "usd_per_month": bill.usd_per_month,
        "usd_before": bill.usd_before,
        "difference_usd": bill.difference_usd,
        "resources": [_charge(charge) for charge in bill.charges],
        "not_priced": [{"name": one.name, "type": one.type, "reason": one.unpriced} for one in bill.unpriced],
        "free": bill.free,
        "unseen": bill.unseen,
        "assumed": bill.assumed,
        "catalog_digest": bill.catalog_digest,
    }


def _charge(charge: Charge) -> dict[str, Any]:
    return {
        "name": charge.name,
        "type": charge.type,
        "region": charge.region,
        "op": charge.op,
        "usd_per_month": charge.usd_per_month,
        "usd_before": charge.usd_before,
        "items": [_item(item) for item in charge.items],
    }


def _item(item: Item) -> dict[str, Any]:
    return {
        "what": item.what,
        "quantity": item.quantity,
        "unit": item.unit,
        "unit_usd": item.unit_usd,
        "usd_per_month": item.usd_per_month,
        "estimated": item.row.estimated,
        "source": item.row.source,
        "date": str(item.row.date),
    }


def _training(plan: "TrainingPlan") -> dict[str, Any]:
    chosen = plan.chosen
    return {
        "where": chosen.label,
        "fallback": chosen.fallback,
        "usd": _band(chosen.usd),
        "hours": _band(chosen.hours),
        "always_on_demand_usd": plan.always_on_demand_usd,
        "lines": [{"what": line.what, "usd": line.usd} for line in chosen.lines],
        "known": chosen.known,
        "oldest_price": str(plan.oldest_price),
    }


def _band(band: "Band") -> dict[str, float]:
    return {"low": band.low, "expected": band.expected, "high": band.high}
