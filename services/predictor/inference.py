"""The body of /v2/models/.../infer: tensors as the Open Inference Protocol v2 spells them in JSON, both ways.

https://github.com/open-inference/open-inference-protocol: a tensor is a name, a shape, a datatype and its elements,
flat in row-major order or nested. Binary tensors are an extension of that protocol that is refused, not misread.
"""

import math
from collections.abc import Iterator
from typing import Any

import msgspec
import numpy as np

from services.predictor import explain, nested
from services.predictor.batcher import Tensors
from services.predictor.instances import Rows
from services.predictor.problem import Fault, did_you_mean, refuse
from slipway.signature import CODES, NUMBERS, Signature, Tensor


class InferTensor(msgspec.Struct, frozen=True, kw_only=True):
    name: str
    shape: list[int]
    datatype: str
    data: msgspec.Raw
    parameters: dict[str, Any] | None = None


class WantedOutput(msgspec.Struct, frozen=True, kw_only=True):
    name: str
    parameters: dict[str, Any] | None = None


class InferRequest(msgspec.Struct, frozen=True, kw_only=True):
    inputs: list[InferTensor]
    id: str | None = None
    parameters: dict[str, Any] | None = None
    outputs: list[WantedOutput] | None = None


_REQUEST = msgspec.json.Decoder(InferRequest)


def decode(body: bytes, signature: Signature, *, max_rows: int) -> tuple[InferRequest, Rows]:
    """The request and its tensors, checked. Raises Problem: 400 for what is not JSON, 422 with the faults otherwise."""
    try:
        request = _REQUEST.decode(body)
    except (msgspec.MsgspecError, ValueError, RecursionError) as error:
        explain.read(body)
        fault = Fault(field="body", problem=str(error), expected="an inference request, see /openapi.json")
        raise refuse([fault]) from None
    if found := list(_name_faults(request, signature)):
        raise refuse(found)
    tensors = {tensor.name: tensor for tensor in signature.inputs}
    given = {tensor.name: tensor for tensor in request.inputs}
    inputs = {name: _pack(given[name], tensor, max_rows) for name, tensor in tensors.items()}
    if found := [*_row_count_faults(inputs), *_bound_faults(inputs, signature)]:
        raise refuse(found)
    return request, Rows(inputs=inputs, count=len(next(iter(inputs.values()))))


def encode(request: InferRequest, outputs: Tensors, signature: Signature, *, model: str, version: str) -> bytes:
    """The answer: the outputs that were asked for, in that order, or all of them."""
    dtypes = {tensor.name: tensor.dtype for tensor in signature.outputs}
    names = [output.name for output in request.outputs] if request.outputs else list(dtypes)
    answer: dict[str, Any] = {
        "model_name": model,
        "model_version": version,
        "outputs": [
            {
                "name": name,
                "shape": outputs[name].shape,
                "datatype": dtypes[name],
                "data": outputs[name].ravel().tolist(),
            }
            for name in names
        ],
    }
    if request.id is not None:
        answer["id"] = request.id
    return msgspec.json.encode(answer)


def _name_faults(request: InferRequest, signature: Signature) -> Iterator[Fault]:
    inputs = [tensor.name for tensor in signature.inputs]
    given = [tensor.name for tensor in request.inputs]
    for index, name in enumerate(given):
        if name not in inputs:
            hint = did_you_mean(name, inputs)
            problem = f"{explain.shown(name)!r} is no input of this model{hint}"
            yield Fault(field=f"inputs[{index}].name", problem=problem, expected=f"one of {', '.join(inputs)}")
        elif name in given[:index]:
            yield Fault(field=f"inputs[{index}].name", problem=f"{name!r} is given twice", expected="each input once")
    for tensor in signature.inputs:
        if tensor.name not in given:
            yield Fault(field=f"inputs.{tensor.name}", problem="is missing", expected=_expected(tensor))
    outputs = [tensor.name for tensor in signature.outputs]
    for index, output in enumerate(request.outputs or ()):
        if output.name not in outputs:
            hint = did_you_mean(output.name, outputs)
            problem = f"{explain.shown(output.name)!r} is no output of this model{hint}"
            yield Fault(field=f"outputs[{index}].name", problem=problem, expected=f"one of {', '.join(outputs)}")
    for index, given_tensor in enumerate([*request.inputs, *(request.outputs or ())]):
        if given_tensor.parameters and any("binary" in key for key in given_tensor.parameters):
            field = f"inputs[{index}]" if index < len(given) else f"outputs[{index - len(given)}]"
            yield Fault(field=f"{field}.parameters", problem="asks for binary data", expected="tensors as JSON `data`")


def _pack(given: InferTensor, tensor: Tensor, max_rows: int) -> np.ndarray:
    where = f"inputs.{tensor.name}"
    if given.datatype != tensor.dtype:
        problem = f"is {explain.shown(given.datatype)!r}"
        raise refuse([Fault(field=f"{where}.datatype", problem=problem, expected=tensor.dtype)])
    shape = tuple(given.shape)
    if not nested.fits(shape, tensor.shape) or not 0 < shape[0] <= max_rows:
        fault = Fault(
            field=f"{where}.shape",
            problem=f"is {explain.shown(str(given.shape))}",
            expected=f"{_expected(tensor)}, with 1 to {max_rows} rows",
        )
        raise refuse([fault])
    return _elements(given, tensor, shape, where)


def _elements(given: InferTensor, tensor: Tensor, shape: tuple[int, ...], where: str) -> np.ndarray:
    dtype = nested.DTYPES[tensor.dtype]
    for depth in (1, len(shape)):  # flat, which is what clients send, then nested
        try:
            values = msgspec.json.decode(given.data, type=nested.nested_type(tensor.dtype, depth))
            with np.errstate(over="ignore"):  # a number too large for FP32 becomes infinite and is refused as such
                array = np.asarray(values, dtype)
        except (msgspec.MsgspecError, ValueError, OverflowError, RecursionError):
            continue
        if array.shape not in ((math.prod(shape),), shape):
            problem = f"has shape {list(array.shape)}, {array.size} elements"
            expected = f"{math.prod(shape)} elements, flat or nested as {list(shape)}"
            raise refuse([Fault(field=f"{where}.data", problem=problem, expected=expected)])
        if tensor.dtype == "FP32" and not np.isfinite(array).all():
            at = int(np.flatnonzero(~np.isfinite(array.ravel()))[0])
            raise refuse(
                [Fault(field=f"{where}.data", problem=f"element {at} is not finite in FP32", expected="numbers")]
            )
        return array.reshape(shape)
    kind = "finite numbers" if tensor.dtype == "FP32" else "whole numbers of 64 bits"
    fault = Fault(field=f"{where}.data", problem="is no list of such numbers", expected=f"{kind}, flat or nested")
    raise refuse([fault])


def _row_count_faults(inputs: Tensors) -> Iterator[Fault]:
    counts = {name: len(tensor) for name, tensor in inputs.items()}
    if len(set(counts.values())) > 1:
        spoken = ", ".join(f"{name} has {count}" for name, count in counts.items())
        yield Fault(field="inputs", problem=f"differ in rows: {spoken}", expected="as many rows in every input")


def _bound_faults(inputs: Tensors, signature: Signature) -> Iterator[Fault]:
    """Codes and numbers of named features are held to the same bounds as in /predict: the first offence of each."""
    for column, category in enumerate(signature.categories):
        codes = inputs[CODES][:, column]
        wrong = np.flatnonzero((codes < 0) | (codes >= len(category.values)))
        if len(wrong):
            yield Fault(
                field=f"inputs.{CODES}[{wrong[0]}][{column}]",
                problem=f"is {codes[wrong[0]]}, no code of {category.name!r}",
                expected=f"a code from 0 to {len(category.values) - 1}",
            )
    for column, number in enumerate(signature.numbers):
        values = inputs[NUMBERS][:, column]
        wrong = np.flatnonzero((values < np.float32(number.minimum)) | (values > np.float32(number.maximum)))
        if len(wrong):
            yield Fault(
                field=f"inputs.{NUMBERS}[{wrong[0]}][{column}]",
                problem=f"is {values[wrong[0]]:g}, out of the bounds of {number.name!r}",
                expected=explain.expected(number),
            )


def _expected(tensor: Tensor) -> str:
    return f"{tensor.dtype} of shape {list(tensor.shape)}"
