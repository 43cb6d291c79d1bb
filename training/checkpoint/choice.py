"""Which checkpoint a run goes on from: the newest that every process finds whole, read on the way."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import msgspec
from torch.distributed.checkpoint.default_planner import DefaultLoadPlanner

from slipway.errors import TrainingError
from training.checkpoint.layout import METADATA, Broken, Manifest, decode_manifest, folder_of, steps_in
from training.checkpoint.planning import exchange
from training.checkpoint.reader import Reader
from training.checkpoint.state import join, split
from training.checkpoint.storage import Storage
from training.mesh import Mesh

Into = Callable[[Manifest], dict[str, Any]]


class _Offer(msgspec.Struct, frozen=True, kw_only=True):
    """A checkpoint to load: its metadata, empty when there is none left. lost: how many were broken. away: why none
    can be looked for."""

    metadata: str = ""
    lost: int = 0
    away: str = ""


class _Verdict(msgspec.Struct, frozen=True, kw_only=True):
    """Why a process could not load it: it is broken, does not fit the model, or the storage did not give it."""

    broken: str = ""
    unfit: str = ""
    away: str = ""


class Choice:
    """broken: those that were found so, since it was last asked. warn: told of those that are left out."""

    def __init__(self, storage: Storage, *, warn: Callable[[str], None]) -> None:
        self._storage, self._warn = storage, warn
        self.broken: set[int] = set()

    def resume(self, into: Into, *, mesh: Mesh) -> dict[str, Any] | None:
        """See Checkpoints.resume."""
        self.broken.clear()
        offers = self._offers() if mesh.leads else None
        while True:
            offer = exchange(mesh, next(offers) if offers else _Offer())[0]
            self._raise_if_away([offer.away])
            if not offer.metadata:
                break
            manifest = decode_manifest(offer.metadata.encode())
            state = into(manifest)
            verdicts = exchange(mesh, self._load(manifest, state))
            if unfit := next((verdict.unfit for verdict in verdicts if verdict.unfit), ""):
                raise TrainingError(
                    f"the checkpoint after step {manifest.step} does not fit the model: {unfit}",
                    hint="change the task's `version` when its model changes, and the run starts anew",
                )
            broken = next((verdict.broken for verdict in verdicts if verdict.broken), "")
            if not broken:
                self._raise_if_away([verdict.away for verdict in verdicts])
                return join(state, manifest.plain)
            self._leave_out(manifest.step, broken)
        if offer.lost:
            raise TrainingError(
                f"none of the {offer.lost} checkpoints in {self._storage} verifies",
                hint="look at what each is said to lack; only if they are truly lost, delete them to start anew",
            )
        return None

    def _offers(self) -> Iterator[_Offer]:
        """From the newest on, those that look whole."""
        try:
            for step in sorted(steps_in(self._storage.folders()), reverse=True):
                try:
                    content = self._metadata(step)
                    if content is not None:
                        decode_manifest(content)
                        yield _Offer(metadata=content.decode())
                except Broken as broken:
                    self._leave_out(step, str(broken))
        except OSError as error:
            yield _Offer(away=_reason(error))
        yield _Offer(lost=len(self.broken))

    def _metadata(self, step: int) -> bytes | None:
        """None for a checkpoint that was never finished, which is said. Raises OSError."""
        if METADATA not in self._storage.files(folder_of(step)):
            self._warn(f"checkpoint {self._storage}/{folder_of(step)} was never finished and is left out")
            return None
        return bytes(self._storage.read(f"{folder_of(step)}/{METADATA}"))

    def _load(self, manifest: Manifest, state: Mapping[str, Any]) -> _Verdict:
        tensors, _ = split(state)
        planner = DefaultLoadPlanner(flatten_state_dict=False)
        try:
            reader = Reader(self._storage, folder_of(manifest.step), manifest)
            planner.set_up_planner({**tensors}, reader.read_metadata())
            plan = planner.create_local_plan()
            reader.read_data(plan, planner).wait()
        except Broken as broken:
            return _Verdict(broken=str(broken))
        except OSError as error:
            return _Verdict(away=_reason(error))
        except (RuntimeError, ValueError) as error:  # what torch says of names and sizes that differ
            return _Verdict(unfit=str(error))
        return _Verdict()

    def _raise_if_away(self, reasons: list[str]) -> None:
        """An older checkpoint would cost work, and none all of it, for what may be over in a minute."""
        if reason := next(filter(None, reasons), ""):
            raise TrainingError(
                f"the checkpoints in {self._storage} cannot be read now: {reason}",
                hint="they are left as they are: look at the network, the disk and who may read it, then train again",
            )

    def _leave_out(self, step: int, why: str) -> None:
        self.broken.add(step)
        self._warn(f"checkpoint {self._storage}/{folder_of(step)} is broken and left out: {why}")


def _reason(error: OSError) -> str:
    return error.strerror or str(error)
