"""JSON Schemas of what a release takes and gives, made from its signature: categories' values, numbers' bounds, shapes.

Pure, in the dialect of OpenAPI 3.1 (JSON Schema 2020-12). openapi.py puts them into a document.
"""

from typing import Any

import numpy as np

from slipway.release import Release
from slipway.signature import Category, Number, Signature, Tensor

Schema = dict[str, Any]

_FP32_MOST = float(np.finfo(np.float32).max)
_INT64 = np.iinfo(np.int64)


def example(signature: Signature) -> dict[str, Any]:
    """A row that the model takes: the first value of each category, the middle of each number, zeros in a tensor."""
    values: dict[str, Any] = {}
    for feature in signature.features:
        match feature:
            case Category():
                values[feature.name] = feature.values[0]
            case Number():
                values[feature.name] = (feature.minimum + feature.maximum) // 2
    if not signature.features:
        for tensor in signature.inputs:
            shape = tuple(1 if size == -1 else size for size in tensor.shape[1:])
            values[tensor.name] = np.zeros(shape, np.float32 if tensor.dtype == "FP32" else np.int64).tolist()
    return values


def schemas(release: Release, *, max_rows: int) -> dict[str, Schema]:
    """The components of the document that no queue is needed for, by name."""
    signature = release.signature
    row = example(signature)
    return {
        "Instance": closed(_instance(signature)) | {"examples": [row]},
        "PredictRequest": closed(
            {"instances": {"type": "array", "items": ref("Instance"), "minItems": 1, "maxItems": max_rows}}
        )
        | {"examples": [{"instances": [row]}]},
        "PredictResponse": closed(
            {
                "predictions": {"type": "array", "items": _prediction(signature), "minItems": 1},
                "model": {"const": release.name},
                "version": {"const": release.version},
                "release": {"const": release.short},
            }
        ),
        "InferRequest": {
            "type": "object",
            "required": ["inputs"],
            "properties": {
                "id": {"type": "string"},
                "inputs": _each(signature.inputs, max_rows),
                "outputs": {
                    "type": "array",
                    "items": closed({"name": {"enum": [tensor.name for tensor in signature.outputs]}}),
                },
            },
            "examples": [{"inputs": [_zeros(tensor) for tensor in signature.inputs]}],
        },
        "InferResponse": {
            "type": "object",
            "required": ["model_name", "model_version", "outputs"],
            "properties": {
                "model_name": {"const": release.name},
                "model_version": {"const": release.version},
                "id": {"type": "string"},
                "outputs": {"type": "array", "items": {"anyOf": [_tensor(t, max_rows) for t in signature.outputs]}},
            },
        },
        "ModelMetadata": closed(
            {
                "name": {"const": release.name},
                "versions": {"type": "array", "items": {"type": "string"}},
                "platform": {"type": "string"},
                "inputs": {"type": "array", "items": ref("TensorMetadata")},
                "outputs": {"type": "array", "items": ref("TensorMetadata")},
            }
        ),
        "TensorMetadata": closed(
            {
                "name": {"type": "string"},
                "datatype": {"enum": ["FP32", "INT64"]},
                "shape": {"type": "array", "items": {"type": "integer", "minimum": -1}},
            }
        ),
        "ServerMetadata": closed(
            {
                "name": {"type": "string"},
                "version": {"type": "string"},
                "extensions": {"type": "array", "items": {"type": "string"}},
            }
        ),
        "Ready": closed({"name": {"type": "string"}, "ready": {"type": "boolean"}}),
        "Fault": closed({name: {"type": "string"} for name in ("field", "problem", "expected")}),
        "Problem": closed(
            {
                "title": {"type": "string"},
                "status": {"type": "integer"},
                "detail": {"type": "string"},
                "error": {"type": "string", "description": "the detail again, for clients of Open Inference"},
                "faults": {"type": "array", "items": ref("Fault")},
            }
        )
        | {"description": "Problem details as of RFC 9457"},
    }


def task_schemas() -> dict[str, Schema]:
    """The components that tasks add."""
    times = {name: {"type": "number"} for name in ("created_s", "started_s", "finished_s")}
    return {
        "TaskTaken": closed({"id": {"type": "string"}, "state": {"const": "queued"}, "location": {"type": "string"}}),
        "Task": {
            "type": "object",
            "required": ["id", "state", "attempts", "created_s"],
            "additionalProperties": False,
            "properties": {
                "id": {"type": "string"},
                "state": {"enum": ["queued", "running", "failed", "done", "dead"]},
                "attempts": {"type": "integer"},
                **times,
                "result": ref("PredictResponse"),
                "error": {"type": "string", "description": "why the last attempt failed"},
            },
            "description": "failed: another attempt is due. dead: no attempts are left. Times are seconds since 1970.",
        },
    }


def _instance(signature: Signature) -> dict[str, Schema]:
    if not signature.features:
        return {tensor.name: _nested(tensor.dtype, tensor.shape[1:]) for tensor in signature.inputs}
    return {feature.name: _feature(feature) for feature in signature.features}


def _feature(feature: Category | Number) -> Schema:
    match feature:
        case Category():
            schema: Schema = {"type": "string", "enum": feature.values}
        case Number():
            schema = {"type": "number", "minimum": feature.minimum, "maximum": feature.maximum}
    return schema | ({"description": feature.description} if feature.description else {})


def _prediction(signature: Signature) -> Schema:
    outputs = {tensor.name: _nested(tensor.dtype, tensor.shape[1:]) for tensor in signature.outputs}
    if not signature.labels:
        return closed(outputs)
    classes = signature.outputs[0].name
    outputs[classes] = closed({label: {"type": "number"} for label in signature.labels})
    return closed({"label": {"enum": signature.labels}} | outputs)


def _nested(dtype: str, shape: tuple[int, ...]) -> Schema:
    if not shape:
        return _element(dtype)
    size = {"minItems": 1} if shape[0] == -1 else {"minItems": shape[0], "maxItems": shape[0]}
    return {"type": "array", "items": _nested(dtype, shape[1:])} | size


def _element(dtype: str) -> Schema:
    if dtype == "FP32":
        return {"type": "number", "minimum": -_FP32_MOST, "maximum": _FP32_MOST}
    return {"type": "integer", "minimum": int(_INT64.min), "maximum": int(_INT64.max)}


def _each(tensors: tuple[Tensor, ...], max_rows: int) -> Schema:
    return {
        "type": "array",
        "items": {"anyOf": [_tensor(tensor, max_rows) for tensor in tensors]},
        "minItems": len(tensors),
        "maxItems": len(tensors),
    }


def _tensor(tensor: Tensor, max_rows: int) -> Schema:
    """Flat elements, which is what clients send. That they are as many as the shape says, no schema can say."""
    dimensions = len(tensor.shape)
    return closed(
        {
            "name": {"const": tensor.name},
            "datatype": {"const": tensor.dtype},
            "shape": {
                "type": "array",
                "items": {"type": "integer", "minimum": 1},
                "minItems": dimensions,
                "maxItems": dimensions,
                "description": f"{list(tensor.shape)}, with 1 to {max_rows} rows in the place of the first -1",
            },
            "data": {"type": "array", "items": _element(tensor.dtype), "minItems": 1},
        }
    )


def _zeros(tensor: Tensor) -> dict[str, Any]:
    shape = [1 if size == -1 else size for size in tensor.shape]
    return {"name": tensor.name, "shape": shape, "datatype": tensor.dtype, "data": [0] * int(np.prod(shape))}


def closed(properties: dict[str, Schema]) -> Schema:
    return {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }


def ref(name: str) -> Schema:
    return {"$ref": f"#/components/schemas/{name}"}
