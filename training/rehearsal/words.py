"""A report in words, a line each. Pure."""

from collections.abc import Iterator, Sequence
from statistics import fmean

from training.rehearsal.curve import TOLERANCE
from training.rehearsal.report import Report


def lines(report: Report) -> Iterator[tuple[bool | None, str]]:
    """Each with whether it is well, or None where that is for a person to judge."""
    yield report.finished, _end(report)
    yield report.curve.is_undisturbed, _curve(report)
    yield None, _lost(report)
    if survivors := report.again_s(survivors=True):
        yield None, f"survivors stepped again after {_seconds(survivors)}"
    if arrivals := report.again_s(survivors=False):
        yield None, f"where nobody was left, the next to come stepped after {_seconds(arrivals)}"
    yield None, _time(report)
    if report.unasked:
        yield False, f"{report.unasked} workers ended without being told to and were started again"


def tiny(difference: float) -> str:
    return f"{difference:.0e}" if difference else "0"


def _end(report: Report) -> str:
    if not report.finished:
        return f"the training did not end: {report.why}"
    if report.played >= report.turns:
        return f"the training ended after {report.played} changes, all {report.turns} of the trace"
    return (
        f"the training ended after {report.played} of the trace's {report.turns} changes; "
        "more epochs or fewer seconds play more"
    )


def _curve(report: Report) -> str:
    curve = report.curve
    if curve.missing:
        return f"{curve.missing} of {curve.steps} steps were never written"
    if curve.is_undisturbed:
        return f"the losses of all {curve.steps} steps are those undisturbed, to {tiny(curve.difference)}"
    return (
        f"the loss of step {curve.at_step} is {curve.difference:.3g} off the undisturbed one; {TOLERANCE:g} is allowed"
    )


def _lost(report: Report) -> str:
    how = f"with {report.notice_s:g} s notice" if report.notice_s else "without notice"
    worst = max(report.losses, key=lambda loss: loss.lost_steps, default=None)
    said = (
        f"workers lost {how}: {report.lost_workers}, at {len(report.losses)} of the changes; "
        f"steps taken again: {report.lost_steps}"
    )
    if worst is None or not worst.lost_steps:
        return said
    return (
        f"{said}, at most {worst.lost_steps} at once, {worst.lost_s:.2f} s of work; "
        f"up to {report.interval_s:.2f} s lay between two checkpoints"
    )


def _time(report: Report) -> str:
    return (
        f"{report.seconds:.0f} s, undisturbed {report.undisturbed_s:.0f} s; {report.nobody_s:.0f} s without a worker, "
        f"{report.recovering_s:.0f} s from losses to the next step"
    )


def _seconds(each: Sequence[float]) -> str:
    return f"{fmean(each):.2f} s, at worst {max(each):.2f} s"
