"""The process group of a round: formed when its workers have met, dropped when one of them is lost.

gloo tells within milliseconds that a process at the other end has died, as an error of whatever was exchanged. A
machine that vanishes without a word is noticed when the exchange times out. Work on a GPU cannot go on in memory after
such an error: what it was in the middle of is lost, so its worker starts again from the newest checkpoint.
"""

import gc
from collections.abc import Callable
from datetime import timedelta
from functools import partial
from typing import NoReturn

import torch
import torch.distributed as dist

# its functions take the process group that there is when it is first imported as a default, and never let go of it
import torch.distributed.nn.functional
from torch.distributed import distributed_c10d

from training.elastic.membership import Membership, Round
from training.lost import tells_of_a_lost_worker
from training.mesh import Mesh
from training.preempt import Left

_CONNECTING = timedelta(seconds=0.6)
"""gloo waits five times this for its connections, which usually take a tenth of a second; the longest that one who died
meanwhile is waited for."""
_FIRST_WORD = timedelta(seconds=3)
_EXCHANGE = timedelta(minutes=10)


class Crew:
    """Those that this worker computes with. mesh: of this round; before the first, of this process alone."""

    def __init__(self, membership: Membership, device: torch.device) -> None:
        self._membership = membership
        self.alone = self.mesh = Mesh(rank=0, size=1, device=device)

    def meet(self) -> Mesh:
        """Drop the group that there is, and form one with whoever comes; replicas of one model.

        Nothing else may hold the old group, or the others do not notice that it ended. Raises Left when this worker was
        told to go while it waited, and membership.RunIsOver.
        """
        while True:
            self.disband()
            met = self._membership.meet()
            if met.size == 1:
                return self.mesh
            if self.survives(partial(self._form, met)):
                return self.mesh

    def survives(self, act: Callable[[], object]) -> bool:
        """Whether everyone was there while it ran. False when another worker is gone, and with it what was being
        exchanged; other errors pass. Raises Left when this worker cannot go on in memory after that."""
        try:
            act()
        except RuntimeError as error:  # not kept: it would keep the frames that it passed, and these the process group
            if not tells_of_a_lost_worker(error):
                raise
        else:
            return True
        if self.alone.device.type == "cuda":
            self.leave()
        return False

    def is_awaited(self) -> bool:
        """Whether others wait to be let in; asked by the worker that leads, at the end of a step."""
        return self._membership.is_awaited()

    def leave(self) -> NoReturn:
        """Have the others go on without this worker. Raises Left."""
        raise Left(others=self._membership.leave())

    def part(self, *, leads: bool) -> None:
        """The training is done: whoever leads ends the run alone, the others are free."""
        self.disband()
        if not leads:
            self._membership.leave()

    def end(self) -> None:
        """The run has ended: nobody who comes need begin it again."""
        self._membership.end()

    def _form(self, met: Round) -> None:
        # torch numbers its groups and puts the number in every key: one that could not be formed must not count, or
        # those who tried would look for the others under keys that these never use
        distributed_c10d._world.group_count = 0
        dist.init_process_group(
            "cpu:gloo,cuda:nccl" if self.alone.device.type == "cuda" else "gloo",
            store=met.store,
            rank=met.rank,
            world_size=met.size,
            timeout=_CONNECTING,
        )
        dist.set_timeout(_FIRST_WORD)
        # one that another could not connect to waits for it here, and not for as long as an exchange may take
        dist.all_reduce(torch.zeros(1))
        dist.set_timeout(_EXCHANGE)
        self.mesh = Mesh(rank=met.rank, size=met.size, device=self.alone.device)

    def disband(self) -> None:
        self.mesh = self.alone
        if dist.is_initialized():
            dist.destroy_process_group()
            gc.collect()  # what was half made when a worker was lost may hold the group in a cycle
