"""Nested lists of numbers, which is how JSON spells a tensor: their type for the decoder, and the faults in one."""

import math
from collections.abc import Iterator
from typing import Any

import numpy as np

from services.predictor.problem import Fault
from slipway.signature import Tensor

DTYPES = {"FP32": np.float32, "INT64": np.int64}
_FP32_MOST = float(np.finfo(np.float32).max)
_INT64_MOST = int(np.iinfo(np.int64).max)


def nested_type(dtype: str, depth: int) -> Any:
    """`list[list[float]]` for an FP32 of depth 2; the decoder checks it in C."""
    kind: Any = float if dtype == "FP32" else int
    for _ in range(depth):
        kind = list[kind]
    return kind


def pack(values: Any, tensor: Tensor) -> np.ndarray:
    """Nested lists of rows as the tensor that the model takes.

    Raises ValueError (or OverflowError) when they are ragged, of another shape, or not finite in this dtype; `faults`
    then says where.
    """
    with np.errstate(over="ignore"):  # a number too large for FP32 becomes infinite and is refused as such
        array = np.asarray(values, DTYPES[tensor.dtype])
    if not fits(array.shape, tensor.shape):
        raise ValueError("shape")
    if tensor.dtype == "FP32" and not np.isfinite(array).all():
        raise ValueError("not finite")
    return array


def fits(shape: tuple[int, ...], wanted: tuple[int, ...]) -> bool:
    """Whether every dimension is the wanted one, or at least 1 where any will do (-1)."""
    return len(shape) == len(wanted) and all(
        have == want or (want == -1 and have > 0) for have, want in zip(shape, wanted, strict=True)
    )


def expected(tensor: Tensor) -> str:
    """What one row of this tensor looks like, for a person."""
    if not tensor.shape[1:]:
        return f"one {_kind(tensor.dtype)}"
    shape = " x ".join("any" if size == -1 else str(size) for size in tensor.shape[1:])
    return f"nested lists of shape {shape}, each element a {_kind(tensor.dtype)}"


def faults(row: Any, tensor: Tensor, where: str) -> Iterator[Fault]:
    """The mistakes in one row, the first of each list only: a wrong image should not be described pixel by pixel."""
    yield from _faults(row, tensor, tensor.shape[1:], where)


def _faults(value: Any, tensor: Tensor, shape: tuple[int, ...], where: str) -> Iterator[Fault]:
    if not shape:
        if problem := _element_problem(value, tensor.dtype):
            yield Fault(field=where, problem=problem, expected=f"a {_kind(tensor.dtype)}")
        return
    if not isinstance(value, list):
        yield Fault(field=where, problem=f"is {spoken(value)}, not a list", expected=expected(tensor))
        return
    if not fits((len(value),), shape[:1]):
        yield Fault(field=where, problem=f"has {len(value)} elements", expected=expected(tensor))
        return
    for index, element in enumerate(value):
        found = list(_faults(element, tensor, shape[1:], f"{where}[{index}]"))
        if found:
            yield from found
            return
    if len({len(element) for element in value if isinstance(element, list)}) > 1:
        yield Fault(field=where, problem="is ragged: its lists differ in length", expected=expected(tensor))


def _element_problem(value: Any, dtype: str) -> str:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return f"is {spoken(value)}, not a number"
    if dtype == "INT64":
        if not isinstance(value, int):
            return f"is {value}, not a whole number"
        return "" if -_INT64_MOST - 1 <= value <= _INT64_MOST else "does not fit into 64 bits"
    return "" if math.isfinite(value) and abs(value) <= _FP32_MOST else "does not fit into a 32-bit float"


def spoken(value: Any) -> str:
    """A JSON value as a person calls it, short enough for an error message."""
    match value:
        case None:
            return "null"
        case bool():
            return "true" if value else "false"
        case str():
            return repr(value if len(value) <= 40 else f"{value[:40]}…")
        case list():
            return f"a list of {len(value)}"
        case dict():
            return "an object"
        case _:
            return str(value)[:40]


def _kind(dtype: str) -> str:
    return "finite number (FP32)" if dtype == "FP32" else "whole number (INT64)"
