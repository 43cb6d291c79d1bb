"""A bill as `slipway cost` prints it: the table, the sum, the verdict, and what neither holds."""

from typing import TYPE_CHECKING

from rich.markup import escape
from rich.table import Table

from infra.cost import Bill, Verdict, words
from slipway.cli.output import console, say

if TYPE_CHECKING:
    from infra.placement.training import TrainingPlan


def show(bill: Bill | None, plan: "TrainingPlan | None", verdict: Verdict | None) -> None:
    if bill is not None:
        if bill.charges:
            _print_table(bill)
        say(f"\n[bold]{words.headline(bill)}[/]" + (f" · {bill.free} resources cost nothing" if bill.free else ""))
        if verdict is not None:
            _print_verdict(verdict)
        for caveat in words.caveats(bill):
            say(f"[yellow]![/] {escape(caveat)}")
        for one in bill.unpriced:
            say(f"  [dim]{escape(one.name)} {escape(words.short_type(one))}: not priced: {escape(one.unpriced)}[/]")
        say(f"[dim]assumed: {escape(' · '.join(bill.assumed))}[/]")
    if plan is not None:
        first, *rest = words.training(plan)
        say(f"\n[bold]{escape(first)}[/]")
        for line in rest:
            say(f"  {escape(line)}")


def _print_verdict(verdict: Verdict) -> None:
    said, missing = words.budget(verdict)
    mark = "[red]✗[/]" if verdict.over else "[yellow]?[/]" if verdict.open else "[green]✓[/]"
    say(f"{mark} {said}")
    for one in missing:
        say(f"  {escape(one)}")


def _print_table(bill: Bill) -> None:
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for column in ("resource", "region", "what"):
        table.add_column(column)
    for column in ("USD/month", "change"):
        table.add_column(column, justify="right", no_wrap=True)
    for charge in bill.charges:
        for number, item in enumerate(charge.items or (None,)):
            first = number == 0
            table.add_row(
                f"{escape(charge.name)} [dim]{escape(words.short_type(charge))}[/]" if first else "",
                escape(charge.region) if first else "",
                f"{escape(item.what)} [dim]{words.quantity(item)}[/]" if item else "[dim]goes[/]",
                words.usd(item.usd_per_month) if item else "0.00",
                words.change(charge.difference_usd) if first else "",
            )
    console.print(table)
