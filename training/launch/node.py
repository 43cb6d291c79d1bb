"""`python -m training.launch.node <torchrun's arguments>`: torchrun, whose exit code tells a preemption from a failure.

torchrun itself exits with 1 whatever its workers ended with. When one of several nodes is taken back, the workers of
all leave: after a checkpoint where there was notice, at once where there was none. On the nodes that stay this is no
failure, and who counts failures must be able to see it. Nor is it one to be there before the node where all meet.
"""

import sys
import time
import traceback
from collections.abc import Callable

from torch.distributed.elastic.multiprocessing.errors import ChildFailedError
from torch.distributed.elastic.rendezvous import RendezvousConnectionError
from torch.distributed.run import main as torchrun

from training.preempt import EXIT_PREEMPTED

_OTHERS_COME_S = 3600.0
"""The longest that a node waits, and is paid for, while the first one is not there: it may wait for capacity."""
_LOOK_AGAIN_S = 5.0


def main(
    argv: list[str], *, clock: Callable[[], float] = time.monotonic, sleep: Callable[[float], None] = time.sleep
) -> int:
    """EXIT_PREEMPTED when that is what every worker ended with that ended first, or when the node where all have met is
    gone; else torchrun's own exception."""
    until = clock() + _OTHERS_COME_S
    while True:
        try:
            torchrun(argv)
        except ChildFailedError as error:
            if {failure.exitcode for failure in error.failures.values()} != {EXIT_PREEMPTED}:
                raise
            return EXIT_PREEMPTED
        except RendezvousConnectionError as error:
            if _had_met(error):
                print("the node where all meet is gone; starting again goes on from the checkpoint", file=sys.stderr)
                return EXIT_PREEMPTED
            if clock() > until:
                raise
            print("the node where all meet is not there yet", file=sys.stderr)
            sleep(_LOOK_AGAIN_S)
        else:
            return 0


def _had_met(error: RendezvousConnectionError) -> bool:
    """Whether workers ran: only then does torchrun ask whether more nodes wait to be let in."""
    return any(frame.name == "num_nodes_waiting" for frame in traceback.extract_tb(error.__traceback__))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
