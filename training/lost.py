"""How it looks when a process at the other end of an exchange has died."""

import torch.distributed as dist

_GLOO = "gloo/transport"
"""gloo says it with a bare RuntimeError, in which it names the file of its that noticed."""
_NCCL = ("ncclRemoteError", "remote process exited or there was a network error")
"""NCCL's words for the other end. torch has one error for all that NCCL says, also of a GPU or memory of one's own; to
start those again would never end."""


def tells_of_a_lost_worker(error: RuntimeError) -> bool:
    """torch's own errors are of its store and of NCCL; what is wrong with a tensor is none of them."""
    said = str(error)
    if isinstance(error, dist.DistBackendError):
        return any(words in said for words in _NCCL)
    return isinstance(error, (dist.DistNetworkError, dist.DistStoreError)) or _GLOO in said
