"""One of two processes that exchange something again and again, until one of them does not.

python -m tests.watchdog_worker RANK [sleeps]
"""

import os
import sys
import time
from pathlib import Path

import torch
import torch.distributed as dist

from training.observe.beats import Beats, beats_store
from training.observe.observer import Observer
from training.observe.watchdog import end_process, watched
from training.rendezvous import RENDEZVOUS_FOLDER

SLEEPS = "sleeps"
_SLOW_S = 0.05


def main(rank: int, how: str) -> None:
    folder = Path(os.environ[RENDEZVOUS_FOLDER])
    dist.init_process_group("gloo", init_method=f"file://{folder}/group", rank=rank, world_size=2)
    observer = Observer(rank=rank, workers=2)

    def end(said: str) -> None:
        if rank == 0:  # one is enough, and not always the same would win
            end_process(said, before=lambda said: None)

    with watched(observer, hung_after_s=1.5, beats=Beats(beats_store(), of="run"), end=end):
        step = 0
        while True:
            observer.does("data")
            time.sleep(3600 if rank == 1 and step == 3 and how == SLEEPS else _SLOW_S)
            observer.does("step")
            dist.all_reduce(torch.ones(1))
            step += 1
            observer.stepped(step, loss=torch.zeros(()), norm=None, rows=1)


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2] if len(sys.argv) > 2 else "")
