"""One worker of a real run, whose second asks a simulated metadata server of EC2 for notices.

    python -m tests.noticed_worker JOB PORT

Beside the job's file it writes `stopped-<rank>`: the step after which the worker stopped.
"""

import os
import sys
from pathlib import Path

import training.__main__ as worker
from training.loop import Loop
from training.notices.ec2 import Ec2
from training.notices.metadata import Server


def main(job: Path, port: int) -> int:
    rank = os.environ["RANK"]
    asked = Ec2(server=Server(host="127.0.0.1", port=port), pause_s=0.05) if rank == "1" else None
    worker.chosen = lambda _: asked
    fit = Loop.fit

    def fit_and_note(self: Loop) -> None:
        try:
            fit(self)
        finally:
            (job.parent / f"stopped-{rank}").write_text(str(self._step))

    Loop.fit = fit_and_note
    return worker.main([str(job)])


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), int(sys.argv[2])))
