"""How it looks when a process at the other end of an exchange has died."""

import torch.distributed as dist

_GLOO = "gloo/transport"
"""gloo says it with a bare RuntimeError, in which it names the file of its that noticed."""


def tells_of_a_lost_worker(error: RuntimeError) -> bool:
    """torch's own errors are of its store and of NCCL; what is wrong with a tensor is none of them."""
    return isinstance(error, dist.DistError) or _GLOO in str(error)
