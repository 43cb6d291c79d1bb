"""The checkpoints of one run: saved while it goes on, verified before one is used, and few of them kept."""

import threading
import time
import warnings
from collections.abc import Callable, Mapping
from typing import Any

import msgspec
import torch
from torch import Tensor
from torch.distributed.checkpoint.default_planner import DefaultSavePlanner
from torch.distributed.checkpoint.metadata import Metadata
from torch.distributed.checkpoint.planner import SavePlan
from torch.distributed.checkpoint.storage import WriteResult

from slipway.errors import TrainingError
from training.checkpoint.choice import Choice, Into
from training.checkpoint.keep import Keep
from training.checkpoint.layout import FORMAT, METADATA, Broken, Manifest, decode_manifest, folder_of, steps_in
from training.checkpoint.planning import Held, exchange, held, planner_of, share_out
from training.checkpoint.staging import Stage
from training.checkpoint.state import split
from training.checkpoint.storage import Storage
from training.checkpoint.writer import Writer, planned
from training.checkpoint.writing import Writing, is_left_over, new_attempt
from training.mesh import Mesh

_LEAVING_S = 10.0  # for the others' parts, when the one that leads goes


class _Begun(msgspec.Struct, frozen=True, kw_only=True):
    """plan: None is as before. failed: why the checkpoint before could not be written."""

    attempt: str
    failed: str = ""
    plan: tuple[Held, ...] | None = None


class Checkpoints:
    """device: where the state lies. warn: told of those that are left out. stalled_s: seconds that training has stood
    still for them.

    What takes a mesh blocks until all of its processes have called it.
    """

    def __init__(
        self,
        storage: Storage,
        *,
        keep: Keep | None = None,
        device: torch.device | None = None,
        warn: Callable[[str], None] = warnings.warn,
    ) -> None:
        self._storage, self._keep, self._warn = storage, keep or Keep(), warn
        self._stage = Stage(device or torch.device("cpu"))
        self._reserving: threading.Thread | None = None
        self._writing: Writing | None = None
        self._planned: tuple[Mesh, object, SavePlan, Metadata] | None = None
        self._figures: dict[int, float | None] = {}  # of those known to be whole
        self._choice = Choice(storage, warn=warn)
        self.stalled_s = 0.0

    def prepare(self, state: Mapping[str, Any], *, mesh: Mesh) -> None:
        """Plan, and come by memory in the background, so that the first save costs no more than others."""
        self._free()
        tensors, _ = split(state)
        plan, _, _ = self._agree(tensors, planner_of(tensors), mesh)
        self._reserving = threading.Thread(target=self._stage.reserve, args=(planned(plan),), daemon=True)
        self._reserving.start()

    def save(
        self,
        step: int,
        state: Mapping[str, Any],
        *,
        mesh: Mesh,
        figure: float | None = None,
        whole: Callable[[], None] = lambda: None,
    ) -> None:
        """Stage the state after `step` steps, to be written while training goes on; call `hold` before it changes.

        state: nested; what is no tensor is the leading process'. figure: how good it was when last judged. whole:
        called on the leading process, by another thread, once the checkpoint is durable.
        Raises TrainingError when the checkpoint before could not be written; those before it stay.
        """
        began = time.monotonic()
        self._free()
        tensors, plain = split(state)
        planner = planner_of(tensors)
        plan, metadata, attempt = self._agree(tensors, planner, mesh)
        if self._writing:  # all have written their parts of it
            self._writing.last_look()
            self._writing.wait()
            if self._writing.is_abandoned:
                self._warn("the checkpoint before is left unfinished: a worker went while it was written")

        def finish(results: list[list[WriteResult]]) -> None:
            writer.finish(metadata, results)
            self._prune(step, figure, attempt)
            whole()

        writer = Writer(
            self._storage,
            folder_of(step),
            rank=mesh.rank,
            attempt=attempt,
            stage=self._stage,
            describe=lambda tensors, pieces: Manifest(
                format=FORMAT, step=step, attempt=attempt, figure=figure, plain=plain, tensors=tensors, pieces=pieces
            ),
        )
        self._writing = Writing(
            self._storage,
            folder_of(step),
            attempt=attempt,
            rank=mesh.rank,
            size=mesh.size,
            results=writer.write_data(plan, planner),
            finish=finish,
        )
        self.stalled_s += time.monotonic() - began

    def hold(self) -> None:
        """Let what is about to change the state that was saved wait until it is copied. Blocks no CPU."""
        self._stage.hold()

    def finish(self, *, mesh: Mesh) -> None:
        """Returns once what was saved is durable. Raises TrainingError when it is not; those before it stay."""
        began = time.monotonic()
        self._free()
        self._raise_any(exchange(mesh, _Begun(attempt="", failed=self._failed)))
        if self._writing:
            self._writing.last_look()
            self._writing.wait()
        self._raise_any(exchange(mesh, _Begun(attempt="", failed=self._undone)))
        self.stalled_s += time.monotonic() - began

    def leave(self) -> None:
        """Before a process goes and others go on: returns once its part is durable, or failed to be."""
        if self._writing:
            self._writing.wait_for_own()
            self._writing.wait(_LEAVING_S)

    def resume(self, into: Into, *, mesh: Mesh) -> dict[str, Any] | None:
        """The newest state that verifies, or None when there never was one.

        into: makes, of what the metadata says, a state like the one that was saved: its tensors are filled in place,
        whatever they are spread over here and were then. Broken ones are named in a warning and left out.
        Raises TrainingError when all are broken (starting anew would hide that work was lost), or the newest does not
        fit the model.
        """
        return self._choice.resume(into, mesh=mesh)

    def clear(self) -> None:
        """Delete them all: the run has ended and its release holds what it made. What cannot be deleted is told of."""
        try:
            for step in steps_in(self._storage.folders()):
                self._storage.delete(folder_of(step))
        except OSError as error:
            self._warn(f"checkpoints that nobody needs stay in {self._storage}: {error.strerror or error}")

    @property
    def _failed(self) -> str:
        return self._writing.error if self._writing else ""

    @property
    def _undone(self) -> str:
        gone = self._writing is not None and self._writing.is_abandoned
        return self._failed or ("a worker went before it had written its part" if gone else "")

    def _free(self) -> None:
        """Returns once the buffers are there, and free."""
        if self._reserving:
            self._reserving.join()
            self._reserving = None
        if self._writing:
            self._writing.wait_for_own()

    def _agree(
        self, tensors: Mapping[str, Tensor], planner: DefaultSavePlanner, mesh: Mesh
    ) -> tuple[SavePlan, Metadata, str]:
        """What this process writes, what all of them write, and a name for this attempt that all know."""
        shape = [(name, tensor.dtype, tensor.shape) for name, tensor in tensors.items()]
        known = self._planned
        is_known = known is not None and known[0] is mesh and known[1] == shape
        told = exchange(
            mesh,
            _Begun(attempt=new_attempt(), failed=self._failed, plan=None if is_known else held(planner)),
        )
        self._raise_any(told)
        if not is_known or known is None:
            plans, metadata = share_out([each.plan or () for each in told])
            self._planned = known = (mesh, shape, plans[mesh.rank], metadata)
        return known[2], known[3], told[0].attempt

    def _raise_any(self, told: list[_Begun]) -> None:
        reasons = [each.failed for each in told if each.failed]
        if reasons:
            self._writing = None
            raise TrainingError(
                f"no checkpoint could be written to {self._storage}: {reasons[0]}",
                hint="free space there, then train again: it goes on from the last checkpoint",
            )

    def _prune(self, step: int, figure: float | None, attempt: str) -> None:
        """Delete what is not kept, and what crashes left; but nothing later, which others may be writing already. What
        cannot be deleted is told of: the checkpoint itself is whole."""
        self._choice.broken.discard(step)
        self._figures[step] = figure
        try:
            before = {other for other in steps_in(self._storage.folders()) if other < step}
            unknown = {other for other in before - self._figures.keys() - self._choice.broken if not self._know(other)}
            for other in before - self._keep.of(self._figures) - unknown:
                self._storage.delete(folder_of(other))
                self._figures.pop(other, None)
            stale = [file for file in self._storage.files(folder_of(step)) if is_left_over(file, attempt)]
            self._storage.delete(folder_of(step), stale)
        except OSError as error:
            self._warn(f"checkpoints that are not to be kept stay in {self._storage}: {error.strerror or error}")

    def _know(self, step: int) -> bool:
        """Learn what a checkpoint of an earlier start is worth. False when that cannot be told now."""
        try:
            self._figures[step] = decode_manifest(self._storage.read(f"{folder_of(step)}/{METADATA}")).figure
        except (FileNotFoundError, Broken):  # never finished, or broken since
            return True
        except OSError:
            return False
        return True
