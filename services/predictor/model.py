"""The release's model in ONNX Runtime, and the proof that it answers here as it answered its trainer."""

import os

# Set before the import below: ONNX Runtime 1.32 sends telemetry unless told not to (seen as DNS look-ups).
os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")

from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime as ort
from onnxruntime.capi.onnxruntime_pybind11_state import InvalidArgument

from services.predictor.batcher import Tensors
from slipway.errors import ReleaseError
from slipway.release import GOLDEN, MODEL, Release

ANSWERS = "answers"
"""In the golden rows: what the trainer answered, as the signature's first output; the inputs go by their names."""
TOLERANCE = 1e-5
"""Most that an answer may differ from the trainer's, in absolute terms; the export's parity check is held to it too."""


class RefusedByModelError(Exception):
    """The graph cannot take these values, although their names, types and shapes are right."""


class Model:
    """Runs the graph on one thread: replicas share a machine's cores, and scale by their number, not by threads.

    Raises ReleaseError when the graph cannot be loaded or is not what the signature says.
    """

    def __init__(self, folder: Path, release: Release) -> None:
        self._outputs = [tensor.name for tensor in release.signature.outputs]
        options = ort.SessionOptions()
        options.intra_op_num_threads = 1
        options.inter_op_num_threads = 1
        options.log_severity_level = 3  # warnings about the graph are the trainer's business
        try:
            self._session = ort.InferenceSession(folder / MODEL, options, providers=["CPUExecutionProvider"])
        except Exception as error:  # ONNX Runtime's errors share no base class
            raise ReleaseError(
                f"the model of release {release.short} cannot be loaded: {error}", hint="export it again"
            ) from error
        self._check_names(release)

    def infer(self, inputs: Tensors) -> Tensors:
        """The outputs by name, rows as in the inputs. Raises RefusedByModelError for values it cannot take."""
        try:
            answers: Any = self._session.run(self._outputs, dict(inputs))
        except InvalidArgument as error:
            raise RefusedByModelError(str(error)) from error
        return dict(zip(self._outputs, answers, strict=True))

    def _check_names(self, release: Release) -> None:
        for kind, said, found in (
            ("inputs", release.signature.inputs, self._session.get_inputs()),
            ("outputs", release.signature.outputs, self._session.get_outputs()),
        ):
            missing = {tensor.name for tensor in said} - {node.name for node in found}
            if missing:
                raise ReleaseError(
                    f"the model of release {release.short} lacks the {kind} {sorted(missing)} of its signature",
                    hint="export it again with the task's signature",
                )


def warm_up(model: Model, folder: Path, release: Release, *, batch: int) -> int:
    """Answer the release's golden rows, `batch` at a time, as requests will be; gives the number of rows.

    Raises ReleaseError when there are none or an answer differs from the trainer's by more than TOLERANCE: a replica
    that answers wrongly must never become ready.
    """
    rows = _golden(folder, release)
    expected = rows.pop(ANSWERS)
    output = release.signature.outputs[0].name
    for start in range(0, len(expected), batch):
        part = slice(start, start + batch)
        try:
            answers = model.infer({name: tensor[part] for name, tensor in rows.items()})[output]
            difference = float(np.abs(answers - expected[part]).max())
        except (RefusedByModelError, ValueError) as error:  # ValueError: answers of another shape
            raise ReleaseError(f"release {release.short} cannot take its own golden rows: {error}") from error
        if not difference <= TOLERANCE:  # so that NaN is a difference too
            raise ReleaseError(
                f"release {release.short} does not answer here as it answered its trainer: golden rows from {start} on "
                f"differ by {difference:.1e}, more than {TOLERANCE:.0e}",
                hint="the runtime or the machine computes another result; train and export with this runtime",
            )
    return len(expected)


def _golden(folder: Path, release: Release) -> dict[str, np.ndarray]:
    wanted = [*(tensor.name for tensor in release.signature.inputs), ANSWERS]
    try:
        if GOLDEN not in release.files:
            raise KeyError(GOLDEN)
        with np.load(folder / GOLDEN, allow_pickle=False) as stored:
            rows = {name: stored[name] for name in wanted}
    except (KeyError, OSError, ValueError) as error:
        raise ReleaseError(
            f"release {release.short} has no golden rows to warm up with: {error}",
            hint="export it again; a replica is ready only when it reproduces the trainer's answers",
        ) from error
    if not all(len(tensor) for tensor in rows.values()) or len({len(tensor) for tensor in rows.values()}) != 1:
        raise ReleaseError(f"the golden rows of release {release.short} differ in number, or there are none")
    return rows
