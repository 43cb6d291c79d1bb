"""Tiny real releases for tests: an ONNX graph, golden rows answered by numpy, a manifest; in milliseconds, no trainer.

`employment` has the shape of the model that ships (15 categories and an age), `digits` takes an image. Both are
deterministic: the same arguments give the same digest.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from slipway.release import GOLDEN, MANIFEST, MODEL, Hardware, Release, hashes
from slipway.signature import CODES, NUMBERS, Category, Number, Signature, Tensor, tabular

_OPSET = 20
_IR_VERSION = 10
_LEVELS = {
    "SCHL": 25, "MAR": 5, "RELP": 18, "DIS": 2, "ESP": 9, "CIT": 5, "MIG": 4, "MIL": 5,
    "ANC": 4, "NATIVITY": 2, "DEAR": 2, "DEYE": 2, "DREM": 3, "SEX": 2, "RAC1P": 9,
}  # fmt: skip
EMPLOYMENT = tabular(
    features=(
        Number(name="AGEP", minimum=0, maximum=99, description="age in years"),
        *(Category(name=name, values=tuple(str(code) for code in range(n))) for name, n in _LEVELS.items()),
    ),
    labels=("not employed", "employed"),
)
DIGITS = Signature(
    inputs=(Tensor(name="image", dtype="FP32", shape=(-1, 1, 8, 8)),),
    outputs=(Tensor(name="probabilities", dtype="FP32", shape=(-1, 10)),),
    labels=tuple("0123456789"),
)


@dataclass(frozen=True, kw_only=True)
class Built:
    """A release in a folder, with its golden rows: inputs by name, and `answers`."""

    folder: Path
    release: Release
    golden: dict[str, np.ndarray]

    @property
    def digest(self) -> str:
        return self.release.digest

    def instances(self) -> list[dict[str, Any]]:
        """The golden rows as a caller of /predict spells them."""
        signature = self.release.signature
        if not signature.features:
            columns = {tensor.name: self.golden[tensor.name].tolist() for tensor in signature.inputs}
            return [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]
        codes, numbers = self.golden[CODES].tolist(), self.golden[NUMBERS].tolist()
        return [
            {c.name: c.values[code] for c, code in zip(signature.categories, row, strict=True)}
            | {n.name: value for n, value in zip(signature.numbers, values, strict=True)}
            for row, values in zip(codes, numbers, strict=True)
        ]


def employment(folder: Path, *, rows: int = 64, hidden: int = 32, seed: int = 7) -> Built:
    """softmax(relu([codes, numbers / maximum] @ W1) @ W2) over named features."""
    random = np.random.default_rng(seed)
    sizes = np.array([len(category.values) for category in EMPLOYMENT.categories])
    scale = np.concatenate([sizes, [number.maximum for number in EMPLOYMENT.numbers]]).astype(np.float32)
    weights = _weights(random, len(scale), hidden, len(EMPLOYMENT.labels)) | {"scale": scale}
    inputs = {
        CODES: (random.random((rows, len(sizes))) * sizes).astype(np.int64),
        NUMBERS: random.integers(0, 100, (rows, len(EMPLOYMENT.numbers))).astype(np.float32),
    }
    features = np.concatenate([inputs[CODES].astype(np.float32), inputs[NUMBERS]], axis=1) / scale
    nodes = [
        helper.make_node("Cast", [CODES], ["cast"], to=TensorProto.FLOAT),
        helper.make_node("Concat", ["cast", NUMBERS], ["both"], axis=1),
        helper.make_node("Div", ["both", "scale"], ["features"]),
        *_perceptron("features"),
    ]
    golden = inputs | {"answers": _answer(features, weights)}
    return _write(folder, "employment", EMPLOYMENT, nodes, weights, golden)


def digits(folder: Path, *, rows: int = 16, seed: int = 7) -> Built:
    """The same perceptron over the pixels of an 8 x 8 image."""
    random = np.random.default_rng(seed)
    weights = _weights(random, 64, 32, len(DIGITS.labels))
    image = random.random((rows, 1, 8, 8), dtype=np.float32)
    nodes = [helper.make_node("Flatten", ["image"], ["features"], axis=1), *_perceptron("features")]
    golden = {"image": image, "answers": _answer(image.reshape(rows, 64), weights)}
    return _write(folder, "digits", DIGITS, nodes, weights, golden)


def reseal(built: Built, **changes: Any) -> Built:
    """The release again after a test altered its files: hashes and digest are right, whatever the content is."""
    (built.folder / MANIFEST).unlink()
    release = msgspec.structs.replace(built.release, files=dict(hashes(built.folder)), **changes)
    (built.folder / MANIFEST).write_bytes(release.encode())
    return Built(folder=built.folder, release=release, golden=built.golden)


def _weights(random: np.random.Generator, features: int, hidden: int, labels: int) -> dict[str, np.ndarray]:
    return {
        "W1": random.normal(0, 1, (features, hidden)).astype(np.float32),
        "W2": random.normal(0, 1, (hidden, labels)).astype(np.float32),
    }


def _perceptron(features: str) -> list[onnx.NodeProto]:
    return [
        helper.make_node("MatMul", [features, "W1"], ["inner"]),
        helper.make_node("Relu", ["inner"], ["active"]),
        helper.make_node("MatMul", ["active", "W2"], ["logits"]),
        helper.make_node("Softmax", ["logits"], ["probabilities"], axis=-1),
    ]


def _answer(features: np.ndarray, weights: dict[str, np.ndarray]) -> np.ndarray:
    """What the graph computes, in numpy: the trainer's part in a test."""
    logits = np.maximum(features @ weights["W1"], 0) @ weights["W2"]
    powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    return (powers / powers.sum(axis=1, keepdims=True)).astype(np.float32)


def _write(
    folder: Path,
    name: str,
    signature: Signature,
    nodes: list[onnx.NodeProto],
    weights: dict[str, np.ndarray],
    golden: dict[str, np.ndarray],
) -> Built:
    folder.mkdir(parents=True)
    graph = helper.make_graph(
        nodes,
        name,
        [_value(tensor) for tensor in signature.inputs],
        [_value(tensor) for tensor in signature.outputs],
        [numpy_helper.from_array(array, key) for key, array in weights.items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", _OPSET)], ir_version=_IR_VERSION)
    onnx.checker.check_model(model)
    (folder / MODEL).write_bytes(model.SerializeToString())
    with (folder / GOLDEN).open("wb") as stream:
        np.savez(stream, allow_pickle=False, **golden)
    release = Release(
        name=name,
        version="1",
        git_commit="0" * 40,
        data_digest=f"sha256:{'0' * 64}",
        metrics={"auc": 0.9},
        signature=signature,
        hardware=Hardware(machine="test"),
        files=dict(hashes(folder)),
    )
    (folder / MANIFEST).write_bytes(release.encode())
    return Built(folder=folder, release=release, golden=golden)


def _value(tensor: Tensor) -> onnx.ValueInfoProto:
    dtype = TensorProto.FLOAT if tensor.dtype == "FP32" else TensorProto.INT64
    return helper.make_tensor_value_info(tensor.name, dtype, ["rows", *tensor.shape[1:]])
