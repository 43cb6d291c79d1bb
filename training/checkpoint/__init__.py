"""Checkpoints: what a run needs to go on as if it had never stopped, whatever mesh it goes on with.

One folder a step, `step-000000123/`, in a local folder or a bucket. Each process writes the tensors that it holds, or
its part of those that others hold too, as raw bytes in a few files; `.metadata` comes last, and a folder without it
does not count. It is JSON: where each piece lies, its sha256, and all that is no tensor. Nothing that is read can run
code.

torch.distributed.checkpoint plans who writes and who reads what (docs/decisions/0014); what is stored, and how, is
here.
"""

from training.checkpoint.checkpoints import Checkpoints
from training.checkpoint.keep import Keep

__all__ = ["Checkpoints", "Keep"]
