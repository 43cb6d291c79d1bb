"""A rehearsal: a real training on this machine whose workers come and go as a trace of spot capacity says.

`rehearse` runs it, beside the same training undisturbed, and reports what the losses cost and whether the model learned
the same. Where traces are read is not here: whoever calls has the numbers.
"""

from training.rehearsal.curve import Curve
from training.rehearsal.rehearse import Rehearsal, rehearse, undisturbed_run
from training.rehearsal.report import Loss, Report, report
from training.rehearsal.schedule import Schedule, schedule

__all__ = [
    "Curve",
    "Loss",
    "Rehearsal",
    "Report",
    "Schedule",
    "rehearse",
    "report",
    "schedule",
    "undisturbed_run",
]
