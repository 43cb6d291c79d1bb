"""The command `simulate`: what a training job on spot would have cost, replayed over traces of spot capacity."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from slipway.cli.numbers import finite
from slipway.cli.output import Json, console, emit, errors, say

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from infra.placement.spot import Job
    from infra.placement.spot.simulate import Run, Score

_MOST_STARTS = 10_000
_DEADLINE = 1.25
_WORDS = {
    "on-demand": "on demand alone",
    "greedy": "greedy spot",
    "uniform": "uniform progress",
    "slipway": "Slipway",
}
_COLUMNS = ("", "USD", "of on-\ndemand", "dearest\nrun", "of the\noptimum", "missed", "work\nlost", "restarts", "moves")


def register(app: typer.Typer) -> None:
    app.command(
        epilog="Examples: `slipway simulate docs/examples/zones` · "
        "`slipway simulate a.json b.json --hours 100 --deadline 120 --spot-price 9.8 --on-demand-price 31` · "
        "`slipway simulate docs/examples/zones --checkpoint-minutes 30 --move-usd 2 --json`"
    )(simulate)


def simulate(
    traces: Annotated[list[Path], typer.Argument(help="Traces, or folders of them: the zones that the job may use.")],
    hours: Annotated[
        float, typer.Option(min=0.01, max=10_000, callback=finite, help="Of work, undisturbed, without restarts.")
    ] = 48,
    deadline: Annotated[
        float | None,
        typer.Option(min=0.01, max=20_000, callback=finite, help="Hours after the start; else 1.25 x the work."),
    ] = None,
    restart_minutes: Annotated[
        float, typer.Option(min=0, callback=finite, help="From asking for instances to the first new step.")
    ] = 12,
    checkpoint_minutes: Annotated[
        float, typer.Option(min=0, callback=finite, help="Between two; 0 where the notice suffices to write one.")
    ] = 0,
    spot_price: Annotated[
        float, typer.Option(min=0.0001, callback=finite, help="USD an hour of all instances together.")
    ] = 0.3,
    on_demand_price: Annotated[float, typer.Option(min=0.0001, callback=finite, help="The same, on demand.")] = 1,
    move_usd: Annotated[
        float, typer.Option(min=0, callback=finite, help="To bring a checkpoint to another zone: its egress.")
    ] = 0,
    overrun: Annotated[
        float, typer.Option(min=0, callback=finite, help="What a run may cost above on demand alone, as a share of it.")
    ] = 0.02,
    instances: Annotated[
        int | None, typer.Option(min=1, help="Needed together; else the most that any of the traces ever gave.")
    ] = None,
    starts: Annotated[int, typer.Option(min=1, max=_MOST_STARTS, help="Random times to start at.")] = 50,
    seed: Annotated[int, typer.Option(help="Of those times: the same seed gives the same ones.")] = 0,
    json: Json = False,
) -> None:
    """What a training job would have cost on spot, under Slipway's policy, three baselines and a clairvoyant optimum.

    It replays traces of spot capacity (docs: Training on spot) from random starts, and asks no cloud. Exit code 8: no
    trace, or a job that the traces are too short for or that even on-demand would end too late.
    """
    from infra.placement.spot import Job, Zone, read_zones
    from infra.placement.spot.simulate import scores
    from infra.placement.spot.simulate import simulate as replays

    zones = read_zones(traces)
    deadline_h = deadline if deadline is not None else hours * _DEADLINE
    job = Job(
        work_s=hours * 3600,
        deadline_s=deadline_h * 3600,
        restart_s=restart_minutes * 60,
        zones=tuple(Zone(name=zone, usd_per_hour=spot_price, move_usd=move_usd) for zone in zones),
        on_demand_usd_per_hour=on_demand_price,
        checkpoint_every_s=checkpoint_minutes * 60,
        overrun=overrun,
    )
    runs = _watched(replays(job, zones, starts=starts, seed=seed, instances=instances), starts, quiet=json)
    found = scores(runs, job)
    least_usd = sum(run.least_usd for run in runs) / len(runs)
    if json:
        emit(_document(job, starts, seed, found, least_usd))
    else:
        _print(job, starts, found, least_usd)


def _watched(runs: "Iterator[Run]", total: int, *, quiet: bool) -> "list[Run]":
    """With progress on a terminal."""
    from rich.progress import track

    return list(
        track(runs, "replaying", total=total, transient=True, console=errors, disable=quiet or not errors.is_terminal)
    )


def _document(job: "Job", starts: int, seed: int, found: "Mapping[str, Score]", least_usd: float) -> dict[str, Any]:
    return {
        "job": job,
        "starts": starts,
        "seed": seed,
        "on_demand_usd": job.on_demand_usd,
        "optimum_usd": least_usd,
        "policies": found,
    }


def _print(job: "Job", starts: int, found: "Mapping[str, Score]", least_usd: float) -> None:
    from rich.markup import escape
    from rich.table import Table

    every_s = job.checkpoint_every_s
    written = f"a checkpoint every {every_s / 60:g} min" if every_s else "checkpoints on notice"
    say(
        f"[dim]{job.work_s / 3600:g} h of work, a deadline after {job.deadline_s / 3600:g} h, restart "
        f"{job.restart_s / 60:g} min, {written}\n"
        f"spot at {job.zones[0].usd_per_hour:g} USD an hour, on demand at {job.on_demand_usd_per_hour:g}; means of "
        f"{starts} starts in {escape(', '.join(zone.name for zone in job.zones))}[/]\n"
    )
    table = Table(box=None, pad_edge=False, padding=(0, 1, 0, 0))
    for column in _COLUMNS:
        table.add_column(column, justify="right" if column else "left", vertical="bottom", no_wrap=True)
    for name, score in found.items():
        table.add_row(
            f"[bold]{_WORDS[name]}[/]" if name == "slipway" else _WORDS[name],
            f"{score.usd:,.2f}",
            f"{score.of_on_demand:.0%}",
            f"{score.worst:.0%}",
            f"{1 + score.gap:.2f}",
            f"[red]{score.missed}[/]" if score.missed else "0",
            f"{score.lost_h:.1f} h",
            f"{score.restarts:.1f}",
            f"{score.moves:.1f}",
        )
    table.add_row("the optimum", f"{least_usd:,.2f}", f"{least_usd / job.on_demand_usd:.0%}", "", "1.00")
    console.print(table)
