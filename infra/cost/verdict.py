"""Whether a bill keeps its budget, as far as the bill can say."""

from dataclasses import dataclass

from infra.cost.bill import Bill


@dataclass(frozen=True, kw_only=True, slots=True)
class Verdict:
    """over: the sum is above the budget. missing: why a sum within it proves nothing, in words; empty when it does.

    uncounted: resources with no price here that do not count as missing.
    """

    budget_usd: float
    over: bool
    missing: tuple[str, ...]
    uncounted: int

    @property
    def open(self) -> bool:
        """Neither over nor proven to be within."""
        return bool(self.missing) and not self.over


def judge(bill: Bill, budget_usd: float, *, strict: bool = False) -> Verdict:
    """A sum above the budget is over it whatever is missing; one below it holds only if nothing that counts is missing.

    What counts: resources of a type that is priced here, of which this one could not be, and unchanged ones that the
    preview left out. A bucket or a queue has no price here in any stack and counts only when `strict`. What the update
    deletes never counts: it costs nothing afterwards.
    """
    staying = [charge for charge in bill.unpriced if charge.op != "delete"]
    counted = [charge for charge in staying if strict or charge.priceable]
    missing = [f"{charge.name}: {charge.unpriced}" for charge in counted]
    if bill.unseen:
        missing.append(f"{bill.unseen} unchanged resources: make the preview with --show-sames")
    return Verdict(
        budget_usd=budget_usd,
        over=bill.usd_per_month > budget_usd,
        missing=tuple(missing),
        uncounted=len(staying) - len(counted),
    )
