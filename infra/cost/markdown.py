"""A bill as a comment on a pull request: the sum and the difference first, the table behind a fold."""

from typing import TYPE_CHECKING

from infra.cost import words
from infra.cost.bill import Bill, Charge
from infra.cost.verdict import Verdict

if TYPE_CHECKING:
    from infra.placement.training.plan import TrainingPlan

_SPECIAL = str.maketrans({"|": r"\|", "<": "&lt;", ">": "&gt;", "`": "'", "\n": " "})


def markdown(bill: Bill | None, plan: "TrainingPlan | None", verdict: Verdict | None) -> str:
    lines: list[str] = []
    if bill:
        lines += [f"### Cost of `{_plain(bill.stack)}`: {words.headline(bill)}", ""]
        if verdict is not None:
            said, missing = words.budget(verdict)
            mark = "❌" if verdict.over else "⚠️" if verdict.open else "✅"
            lines += [f"{mark} {said}", *(f"- {_plain(one)}" for one in missing), ""]
        changed = [charge for charge in bill.charges if abs(charge.difference_usd) >= 0.005]
        if changed and bill.usd_before:
            lines += [*_table(changed), ""]
        lines += [f"- {caveat}" for caveat in words.caveats(bill)]
        lines += [*_fold(f"All {len(bill.charges)} priced resources", _table(bill.charges))]
        if bill.unpriced:
            lines += _fold(f"{len(bill.unpriced)} not priced", _unpriced(bill))
        lines += _fold("What was assumed", [f"- {assumed}" for assumed in bill.assumed])
    if plan:
        first, *rest = words.training(plan)
        lines += ["", f"**Training:** {_plain(first)}", "", *(f"- {_plain(line)}" for line in rest)]
    return "\n".join(lines) + "\n"


def _table(charges: "list[Charge] | tuple[Charge, ...]") -> list[str]:
    rows = ["| resource | | USD a month | change |", "| --- | --- | ---: | ---: |"]
    for charge in charges:
        what = "<br>".join(f"{_plain(item.what)}: {_plain(words.quantity(item))}" for item in charge.items)
        name = f"`{_plain(charge.name)}` {_plain(words.short_type(charge))}"
        rows.append(
            f"| {name} | {what or 'goes'} | {words.usd(charge.usd_per_month)} | {words.change(charge.difference_usd)} |"
        )
    return rows


def _unpriced(bill: Bill) -> list[str]:
    return [f"- `{_plain(one.name)}` {_plain(words.short_type(one))}: {_plain(one.unpriced)}" for one in bill.unpriced]


def _fold(title: str, content: list[str]) -> list[str]:
    return ["", f"<details><summary>{title}</summary>", "", *content, "", "</details>"]


def _plain(text: str) -> str:
    """Names come from a program; none of them may close a cell, a fold or a code span."""
    return text.translate(_SPECIAL)
