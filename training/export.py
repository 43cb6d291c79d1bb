"""From trained weights to a release: the served graph as ONNX, proof that it answers as torch does, golden rows.

The graph is the model with the task's `answer` behind it, so that a server does no arithmetic of its own. Bytes are the
same for the same weights: nothing of the machine or the time goes in.
"""

import io
import logging
import os
import tempfile
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, redirect_stdout
from pathlib import Path

import numpy as np
import onnx
import torch
from obstore.exceptions import BaseError
from onnx.external_data_helper import convert_model_to_external_data, write_external_data_tensors
from torch import Tensor, nn

from slipway.errors import TrainingError
from slipway.release import GOLDEN, MODEL, Hardware, Release, hashes, publish
from slipway.signature import Signature
from slipway.store import open_store
from training.task import Split, Task

GOLDEN_ROWS = 1000
GOLDEN_FLOPS = 2e13
"""Most that all golden rows may cost: some minutes of a CPU here, and again of every replica that proves itself."""
WEIGHTS = "model.onnx.data"
GRAPH_BYTES = 1_800_000_000
"""Weights beyond this lie beside the graph: a protobuf cannot be larger than 2 GiB."""
TOLERANCE = 1e-5
"""The largest difference between an answer of torch and of the exported graph; fp32 sums differ in their order."""

Arrays = dict[str, np.ndarray]


class Served(nn.Module):
    """What is exported: inputs in the signature's order in, its first output out."""

    def __init__(self, task: Task, model: nn.Module) -> None:
        super().__init__()
        self._task, self.model = task, model
        self.names = [tensor.name for tensor in task.signature.inputs]

    def forward(self, *inputs: Tensor) -> Tensor:
        return self._task.answer(self.model(**dict(zip(self.names, inputs, strict=True))))


def release(
    task: Task,
    model: nn.Module,
    *,
    evaluation: Split,
    metrics: Mapping[str, float],
    data_digest: str,
    git_commit: str,
    hardware: Hardware,
    store_url: str,
    graph_bytes: int = GRAPH_BYTES,
) -> Release:
    """Export the model, prove it and publish it with its golden rows. The model is moved to the CPU. graph_bytes: see
    write_graph.

    Raises TrainingError when the graph answers differently from torch, or a folder or the store cannot take the files;
    no release is written then.
    """
    served = Served(task, model.cpu()).eval()
    golden = golden_rows(served, evaluation, most=_golden_rows_of(task))
    with _full_disks_explained(tempfile.gettempdir()), tempfile.TemporaryDirectory(prefix="slipway-export-") as scratch:
        folder = Path(scratch)
        write_graph(served, task.signature, golden, folder / MODEL, graph_bytes=graph_bytes)
        check_parity(folder / MODEL, golden)
        np.savez(folder / GOLDEN, allow_pickle=False, **golden)
        made = Release(
            name=task.name,
            version=task.version,
            git_commit=git_commit,
            data_digest=data_digest,
            metrics=dict(metrics),
            signature=task.signature,
            hardware=hardware,
            files=dict(hashes(folder)),
        )
        with _full_disks_explained(store_url):
            return publish(open_store(store_url), folder, made)


def golden_rows(served: Served, evaluation: Split, *, most: int = GOLDEN_ROWS) -> Arrays:
    """Rows spread evenly over the evaluation split, by input name, with torch's own answers on the CPU."""
    chosen = torch.linspace(0, len(evaluation) - 1, min(most, len(evaluation))).long()
    inputs = {name: evaluation.inputs[name][chosen].cpu() for name in served.names}
    with torch.inference_mode():
        answers = served(*inputs.values())
    return {name: tensor.numpy() for name, tensor in inputs.items()} | {"answers": answers.numpy()}


def write_graph(
    served: Served, signature: Signature, golden: Arrays, file: Path, *, graph_bytes: int = GRAPH_BYTES
) -> None:
    """Export to ONNX with the signature's names and any number of rows. graph_bytes: of weights that the graph itself
    holds at the most; more of them lie in WEIGHTS beside it.

    Raises TrainingError when torch cannot trace the model.
    """
    is_large = sum(tensor.nbytes for tensor in served.state_dict().values()) > graph_bytes
    rows = torch.export.Dim("batch")
    try:
        with _quiet():
            program = torch.onnx.export(
                served,
                tuple(torch.from_numpy(golden[name]) for name in served.names),
                input_names=served.names,
                output_names=[tensor.name for tensor in signature.outputs],
                dynamic_shapes={"inputs": tuple({0: rows} for _ in served.names)},
                dynamo=True,
            )
            assert program is not None  # noqa: S101 - None is for the old exporter
            graph = _strip(program.model_proto)
    except Exception as error:  # the exporter raises what its many layers raise
        raise TrainingError(
            f"the model cannot be exported to ONNX: {error.__cause__ or error}",
            hint="use only operations that torch.export can trace, and treat every number of rows alike",
        ) from error
    if is_large:
        convert_model_to_external_data(graph, location=WEIGHTS)
        write_external_data_tensors(graph, str(file.parent))
    file.write_bytes(graph.SerializeToString(deterministic=True))


def check_parity(file: Path, golden: Arrays) -> None:
    """Compare the graph's answers with the golden ones, all rows at once and one alone.

    Raises TrainingError when any differs by more than TOLERANCE, or the graph cannot be run.
    """
    os.environ["ORT_DISABLE_TELEMETRY"] = "1"
    import onnxruntime as ort

    inputs = {name: rows for name, rows in golden.items() if name != "answers"}
    parts = (slice(None), slice(0, 1))
    try:
        session = ort.InferenceSession(file, providers=["CPUExecutionProvider"])
        found = [session.run(None, {name: rows[part] for name, rows in inputs.items()})[0] for part in parts]
    except Exception as error:  # ONNX Runtime's errors share no base class
        raise TrainingError(
            f"the exported graph cannot be run: {error}", hint="look for what the runtime names, in the model"
        ) from error
    for part, each in zip(parts, found, strict=True):
        answers, expected = np.asarray(each), golden["answers"][part]
        differs = float(np.abs(answers - expected).max()) if answers.shape == expected.shape else float("inf")
        if not differs <= TOLERANCE:  # a NaN is a difference
            raise TrainingError(
                f"the exported graph answers differently from torch: by {differs:.2g} where {TOLERANCE:.0e} is allowed",
                hint="look for randomness, or for operations on the number of rows, in the model or the task's answer",
            )


def _golden_rows_of(task: Task) -> int:
    """Fewer where the task says that a row is dear (flops_per_row, of which the forward pass is a third); two at the
    least, so that one can be told from several."""
    flops = getattr(task, "flops_per_row", 0.0) / 3
    return max(2, min(GOLDEN_ROWS, int(GOLDEN_FLOPS / flops))) if flops else GOLDEN_ROWS


def _strip(model: onnx.ModelProto) -> onnx.ModelProto:
    """Take out what the exporter notes for debugging: stack traces with this machine's paths, names of classes."""
    for described in (model, model.graph, *model.graph.node, *model.graph.input, *model.graph.output):
        described.ClearField("metadata_props")
        described.ClearField("doc_string")
    for tensor in model.graph.initializer:
        tensor.ClearField("metadata_props")
    model.graph.ClearField("value_info")
    return model


@contextmanager
def _quiet() -> Iterator[None]:
    """The exporter talks to people who write exporters; its failures are exceptions."""
    logger = logging.getLogger("torch.onnx")
    level = logger.level
    logger.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings(), redirect_stdout(io.StringIO()):
            warnings.simplefilter("ignore")
            yield
    finally:
        logger.setLevel(level)


@contextmanager
def _full_disks_explained(place: str) -> Iterator[None]:
    """Say which folder or store could not take the files. obstore's errors are no OSErrors, hence its base class."""
    try:
        yield
    except (OSError, BaseError) as error:
        raise TrainingError(
            f"the release could not be written to {place}: {error}",
            hint="free space there, then train again: it goes on from the last checkpoint",
        ) from error
