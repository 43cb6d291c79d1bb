"""How figures of a bill are said, in the terminal and in a comment alike."""

from typing import TYPE_CHECKING

from infra.cost.bill import Bill, Charge, Item

if TYPE_CHECKING:
    from infra.cost.verdict import Verdict
    from infra.placement.training.plan import Band, TrainingPlan


def usd(amount: float) -> str:
    """Cents where they matter."""
    return f"{amount:,.0f}" if abs(amount) >= 1000 else f"{amount:,.2f}"


def change(amount: float) -> str:
    return "–" if abs(amount) < 0.005 else f"{'+' if amount > 0 else '-'}{usd(abs(amount))}"


def quantity(item: Item) -> str:
    """As `2,190 hour x 0.40`. `~` marks a price that is an estimate."""
    mark = "~" if item.row.estimated else ""
    return f"{item.quantity:,.4g} {item.unit} x {mark}{item.unit_usd:.4g}"


def short_type(charge: Charge) -> str:
    """`aws eks.NodeGroup` of aws:eks/nodeGroup:NodeGroup; a type of another form as it is."""
    package, _, rest = charge.type.partition(":")
    module, _, name = rest.partition(":")
    return f"{package} {module.split('/')[0]}.{name}" if name else charge.type


def headline(bill: Bill) -> str:
    said = f"{usd(bill.usd_per_month)} USD a month"
    if not any(charge.items_before for charge in bill.charges):
        return said
    return f"{said}, {usd(bill.usd_before)} before ({change(bill.difference_usd)})"


def budget(verdict: "Verdict") -> tuple[str, list[str]]:
    """Whether the month keeps the budget, and what keeps that from being said."""
    limit = f"the budget of {usd(verdict.budget_usd)} USD"
    if verdict.over:
        return f"over {limit}", []
    if verdict.missing:
        return f"what is priced is within {limit}, but not all that counts is priced", list(verdict.missing)
    beside = f", {verdict.uncounted} without a price not counted" if verdict.uncounted else ""
    return f"within {limit}{beside}", []


def caveats(bill: Bill) -> list[str]:
    """What the sum does not hold."""
    said: list[str] = []
    if bill.unseen:
        said.append(f"{bill.unseen} unchanged are not in the preview, nor in the sum: make it with --show-sames")
    if bill.unpriced:
        count = len(bill.unpriced)
        have = "resource has" if count == 1 else "resources have"
        said.append(f"{count} {have} no price here and {'is' if count == 1 else 'are'} not in the sum")
    return said


def band(figure: "Band", unit: str) -> str:
    if figure.high - figure.low < 0.005:
        return f"{usd(figure.expected)} {unit}"
    return f"{usd(figure.expected)} {unit} ({usd(figure.low)} to {usd(figure.high)}, nine times in ten)"


def training(plan: "TrainingPlan") -> list[str]:
    """What it costs to finish the job, and what that rests on."""
    chosen = plan.chosen
    said = [
        f"{band(chosen.usd, 'USD')} to finish the training job",
        f"in {chosen.hours.expected:.1f} h ({chosen.hours.low:.1f} to {chosen.hours.high:.1f}), {chosen.label}",
    ]
    if chosen.fallback:
        said.append(f"finished on demand in {chosen.fallback} when spot is not enough")
    if plan.always_on_demand_usd is not None and chosen.spot_share is not None:
        said.append(f"all on demand: {usd(plan.always_on_demand_usd)} USD")
    said.append(f"known: {chosen.known}")
    return said
