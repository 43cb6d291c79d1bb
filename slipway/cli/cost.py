"""The command `cost`: what a stack costs a month, and what its training job costs to finish."""

import sys
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from slipway.cli.numbers import finite
from slipway.cli.output import Json, emit
from slipway.errors import SlipwayError, UsageError

if TYPE_CHECKING:
    from infra.catalog import Catalog
    from infra.cost import Bill, Usage
    from infra.placement.training import TrainingPlan
    from infra.settings import Settings
    from infra.settings.placement import TrainingWork

OVER_BUDGET = 10
"""Exit code: the bill was made, and is above the budget."""

NOT_JUDGED = 11
"""Exit code: what is priced is within the budget, but something that counts has no price."""


def register(app: typer.Typer) -> None:
    app.command(
        epilog="Examples: `pulumi preview --json --show-sames | slipway cost -` · "
        "`slipway cost preview.json --markdown --budget 2000` · `slipway cost --stack aws-dev`"
    )(cost)


def cost(
    preview: Annotated[
        str, typer.Argument(help="What `pulumi preview --json --show-sames` printed; - reads standard input.")
    ] = "",
    stack: Annotated[
        str, typer.Option("--stack", "-s", help="Also its training job (slipway:work), with its settings for prices.")
    ] = "",
    budget: Annotated[
        float | None,
        typer.Option("--budget", min=0, callback=finite, help="USD a month, of the preview. Else slipway:budget."),
    ] = None,
    strict: Annotated[
        bool, typer.Option("--strict", help="Within the budget only if every resource that costs anything is priced.")
    ] = False,
    requests: Annotated[
        float, typer.Option(min=0, callback=finite, help="Requests a month, all regions together.")
    ] = 1e6,
    request_ms: Annotated[
        float, typer.Option(min=0, callback=finite, help="How long one keeps an instance busy.")
    ] = 50,
    egress_gb: Annotated[
        float, typer.Option(min=0, callback=finite, help="GB a month to users, all regions together.")
    ] = 10,
    nat_gb: Annotated[float, typer.Option(min=0, callback=finite, help="GB a month through each NAT gateway.")] = 100,
    lcu: Annotated[
        float, typer.Option(min=0, callback=finite, help="Capacity units in use on each load balancer.")
    ] = 1,
    concurrency: Annotated[
        float, typer.Option(min=1, callback=finite, help="Requests side by side in one Cloud Run instance.")
    ] = 1,
    hours: Annotated[
        float, typer.Option(min=0, max=744, callback=finite, help="Hours of the month that everything stands.")
    ] = 730,
    trained: Annotated[
        float, typer.Option(min=0, callback=finite, help="Hours of the training job that are done already.")
    ] = 0,
    elapsed: Annotated[
        float | None,
        typer.Option(min=0, callback=finite, help="Hours since that job began, off its deadline; else as --trained."),
    ] = None,
    json: Json = False,
    markdown: Annotated[bool, typer.Option("--markdown", help="Print a comment for a pull request.")] = False,
) -> None:
    """What a stack costs a month, by resource, against what runs now, and what its training job costs to finish.

    It reads a preview of the engine, of any stack, and asks no cloud. What has no figure in the catalog is listed as
    not priced and is not in the sum. Exit codes: 10, above the budget; 11, what is priced is within it, but something
    that is priced elsewhere could not be here.
    """
    if not preview and not stack:
        raise UsageError(
            "give a preview, a --stack with a training job, or both",
            hint="pulumi preview --json --show-sames | slipway cost -",
        )
    if json and markdown:
        raise UsageError("--json and --markdown are two outputs; ask for one")
    if not preview and (strict or budget is not None):
        raise UsageError(
            "--budget and --strict are of a month's bill, and there is no preview to make one of",
            hint="pulumi preview --json --show-sames | slipway cost - --budget 2000",
        )
    from infra.catalog import Catalog
    from infra.cost import Usage, judge

    usage = Usage(
        hours=hours,
        requests=requests,
        request_ms=request_ms,
        concurrency=concurrency,
        egress_gb=egress_gb,
        nat_gb=nat_gb,
        lcu=lcu,
    )
    catalog = Catalog.load()
    settings = _settings(stack) if stack else None
    if budget is None and settings is not None and settings.budget is not None:
        budget = settings.budget.usd_per_month
    if strict and budget is None:
        raise UsageError(
            "--strict is about a budget, and there is none",
            hint="give --budget, or a --stack with slipway:budget",
        )
    bill = _bill(preview, catalog, usage, settings) if preview else None
    plan = _training(settings, catalog, trained, elapsed, required=not preview) if settings else None
    verdict = judge(bill, budget, strict=strict) if bill is not None and budget is not None else None
    if json:
        from infra.cost.document import document

        emit(document(bill, plan, verdict))
    elif markdown:
        from infra.cost.markdown import markdown as comment

        typer.echo(comment(bill, plan, verdict), nl=False)
    else:
        from slipway.cli.bill import show

        show(bill, plan, verdict)
    if verdict is not None and (verdict.over or verdict.open):
        raise typer.Exit(OVER_BUDGET if verdict.over else NOT_JUDGED)


def _settings(stack: str) -> "Settings":
    from infra.settings import Settings
    from slipway.paths import stack_file

    return Settings.read(stack_file(stack))


def _bill(preview: str, catalog: "Catalog", usage: "Usage", settings: "Settings | None") -> "Bill":
    from infra.catalog import check_age
    from infra.cost import price, read_preview

    source = "standard input" if preview == "-" else preview
    bill = price(read_preview(_read(preview), source), catalog, usage)
    rows = tuple(bill.rows())
    if rows:
        check_age(catalog, date.today(), _max_age_days(settings), rows)
    return bill


def _training(
    settings: "Settings", catalog: "Catalog", trained_h: float, elapsed_h: float | None, *, required: bool
) -> "TrainingPlan | None":
    from infra.catalog import check_age
    from infra.placement.training import place

    if settings.work is None:
        if required:
            raise SlipwayError("slipway:work is not set, so there is no training job to price", hint="give a preview")
        return None
    left = _left(settings.work, trained_h, trained_h if elapsed_h is None else elapsed_h)
    plan = place(left, catalog)
    check_age(catalog, date.today(), settings.prices.max_age_days, plan.prices)
    return plan


def _left(work: "TrainingWork", trained_h: float, elapsed_h: float) -> "TrainingWork":
    """The rest of a job that began `elapsed_h` ago."""
    from infra.placement.errors import Infeasible

    if trained_h >= work.hours:
        raise UsageError(f"--trained {trained_h:g}: the job has {work.hours:g} hours, so it is done")
    if elapsed_h < trained_h:
        raise UsageError(f"--elapsed {elapsed_h:g}: {trained_h:g} hours of work cannot be done in that")
    left = work.model_copy(update={"hours": work.hours - trained_h, "deadline_h": work.deadline_h - elapsed_h})
    needed_h = left.machine_hours + left.restart_s / 3600
    if left.deadline_h < needed_h:
        raise Infeasible(
            f"{elapsed_h:g} h after the start the deadline of {work.deadline_h:g} h cannot be kept: what is left takes "
            f"{needed_h:.1f} h, checkpoints and one start included",
            binds=("deadline_h",),
            nearest=(f"a slipway:work.deadline_h of {elapsed_h + needed_h:.1f} or more",),
        )
    return left


def _max_age_days(settings: "Settings | None") -> int:
    from infra.catalog.age import MAX_AGE_DAYS  # the settings' default, without their models

    return settings.prices.max_age_days if settings is not None else MAX_AGE_DAYS


def _read(preview: str) -> str:
    hint = "pulumi preview --json --show-sames > preview.json"
    try:
        return (sys.stdin.buffer.read() if preview == "-" else Path(preview).read_bytes()).decode()
    except OSError as error:
        raise SlipwayError(f"{preview} cannot be read: {error.strerror}", hint=hint) from None
    except UnicodeDecodeError:
        source = "standard input" if preview == "-" else preview
        raise SlipwayError(f"{source} cannot be read: it is not text in UTF-8", hint=hint) from None
