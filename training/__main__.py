"""`torchrun … -m training <job.json>`: one worker of a run. The job's work folder is told how it ended. Workers of an
elastic run are started without torchrun and meet by themselves (training/elastic).

Exit codes: 0 done, 6 failed as foreseen, 75 preempted after a checkpoint, left to the others, or left by one of them
(start it again to go on), anything else is a traceback.
"""

import os
import sys
from pathlib import Path

from slipway.errors import SlipwayError
from training.launch.protocol import JobSpec, read_job
from training.notices import chosen, watching
from training.outcome import Outcome, write_outcome
from training.preempt import EXIT_PREEMPTED, Left, Orphaned, Preempted, Preemption, heeded


def main(argv: list[str]) -> int:
    if len(argv) != 1:
        print("usage: torchrun … -m training <job.json>", file=sys.stderr)
        return 2
    try:
        job = read_job(Path(argv[0]))
    except SlipwayError as error:
        print(error, file=sys.stderr)
        return error.exit_code
    with heeded() as preemption, watching(chosen(job.settings.preemption.watch), preemption):
        return _work(job, preemption)


def _work(job: JobSpec, preemption: Preemption) -> int:
    leads = os.environ.get("RANK", "0") == "0"
    try:
        from training.run import run  # torch, from here on: signals are heeded already

        result = run(job, preemption)
    except Left:
        return EXIT_PREEMPTED
    except Orphaned as error:  # who died says why, if anybody does
        print(f"another worker is gone: {error}", file=sys.stderr)
        return EXIT_PREEMPTED
    except Preempted:
        if leads:
            write_outcome(job.work_folder, Outcome(state="preempted"))
        return EXIT_PREEMPTED
    except SlipwayError as error:  # perhaps on this worker alone, so any of them may say it
        write_outcome(job.work_folder, Outcome(state="failed", message=error.message, hint=error.hint))
        print(error, file=sys.stderr)
        return error.exit_code
    if result is not None:
        write_outcome(job.work_folder, Outcome(state="succeeded", result=result))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
