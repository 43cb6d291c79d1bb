"""`python -m training.launch.node <torchrun's arguments>`: torchrun, whose exit code tells a preemption from a failure.

torchrun itself exits with 1 whatever its workers ended with. When one of several nodes is taken back, the workers of
all leave after a checkpoint: on the nodes that stay this is no failure, and who counts failures must be able to see it.
"""

import sys

from torch.distributed.elastic.multiprocessing.errors import ChildFailedError
from torch.distributed.run import main as torchrun

from training.preempt import EXIT_PREEMPTED


def main(argv: list[str]) -> int:
    """EXIT_PREEMPTED when that is what every worker ended with that ended first, else torchrun's own exception."""
    try:
        torchrun(argv)
    except ChildFailedError as error:
        if {failure.exitcode for failure in error.failures.values()} != {EXIT_PREEMPTED}:
            raise
        return EXIT_PREEMPTED
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
