"""Memory of the host that a checkpoint is copied to, so that training goes on while it is written.

On a GPU it is pinned and used again, for it costs seconds to come by, and the copy runs on a stream of its own beside
the next forward and backward pass. What changes the weights waits for it: on the GPU, never on the host.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

import torch
from torch import Tensor

_LANE_BYTES = 512 * 2**20  # of one file: enough of them to keep the threads busy, and few
_ALIGNED = 64


@dataclass(kw_only=True)
class Lane:
    """The tensors of one file: which they are, and where each begins. nbytes: of all of them."""

    members: list[int] = field(default_factory=list)
    starts: list[int] = field(default_factory=list)
    nbytes: int = 0


def pack(sizes: Sequence[int]) -> list[Lane]:
    """Share out tensors of so many bytes, in order. One that is larger than a lane has its own."""
    lanes = [Lane()]
    for member, size in enumerate(sizes):
        start = -(-lanes[-1].nbytes // _ALIGNED) * _ALIGNED
        if lanes[-1].members and start + size > _LANE_BYTES:
            lanes.append(Lane())
            start = 0
        lanes[-1].members.append(member)
        lanes[-1].starts.append(start)
        lanes[-1].nbytes = start + size
    return lanes if lanes[0].members else []


@dataclass(frozen=True, kw_only=True)
class Staged:
    """One lane's bytes, which are those of `tensors` once `ready` has come to pass; until then these must live."""

    bytes: memoryview
    ready: torch.cuda.Event | None
    tensors: list[Tensor]

    def wait(self) -> memoryview:
        if self.ready is not None:
            self.ready.synchronize()
        self.tensors.clear()
        return self.bytes


class Stage:
    """The buffers of one process. device: where the tensors are that are copied here."""

    def __init__(self, device: torch.device) -> None:
        self._buffers: list[Tensor] = []
        self._stream = torch.cuda.Stream(device) if device.type == "cuda" else None
        self._copied: torch.cuda.Event | None = None

    def reserve(self, lanes: Sequence[Lane]) -> None:
        """Come by the memory for these, as far as it is not there yet."""
        for at, lane in enumerate(lanes):
            has = self._buffers[at].nbytes if at < len(self._buffers) else 0
            if has < lane.nbytes:
                buffer = torch.empty(lane.nbytes, dtype=torch.uint8, pin_memory=self._stream is not None)
                self._buffers[at : at + 1] = [buffer]

    def copy(self, lanes: Sequence[Lane], tensors: Sequence[Tensor]) -> list[Staged]:
        """Begin to copy; the buffers must be free. On a CPU it is done when this returns."""
        self.reserve(lanes)
        if self._stream is None:
            return [self._copy(at, lane, tensors) for at, lane in enumerate(lanes)]
        self._stream.wait_stream(torch.cuda.current_stream(self._stream.device))
        with torch.cuda.stream(self._stream):
            staged = [self._copy(at, lane, tensors) for at, lane in enumerate(lanes)]
            self._copied = _recorded(self._stream)
        return staged

    def hold(self) -> None:
        """Let what comes next on the current stream wait until everything is copied."""
        if self._copied is not None:
            torch.cuda.current_stream().wait_event(self._copied)
            self._copied = None

    @torch.no_grad()
    def _copy(self, at: int, lane: Lane, tensors: Sequence[Tensor]) -> Staged:
        buffer, mine = self._buffers[at], [tensors[member] for member in lane.members]
        for start, tensor in zip(lane.starts, mine, strict=True):
            room = buffer[start : start + tensor.nbytes].view(tensor.dtype).view(tensor.shape)
            room.copy_(tensor, non_blocking=True)
        ready = _recorded(self._stream) if self._stream else None
        return Staged(bytes=buffer.numpy().data[: lane.nbytes], ready=ready, tensors=mine)


def _recorded(stream: torch.cuda.Stream) -> torch.cuda.Event:
    event = torch.cuda.Event()
    event.record(stream)
    return event
