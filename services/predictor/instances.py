"""The body of /predict: rows with names, checked against the signature and packed into the tensors the model takes.

The shape is `{"instances": [{...}, ...]}`, one object a row, as Vertex AI and TensorFlow Serving spell it. The decoder
checks names, types and bounds in C; only when it refuses is the body read again, slowly, to say all that is wrong.
"""

from dataclasses import dataclass
from typing import Annotated, Any

import msgspec
import numpy as np

from services.predictor import explain, nested
from services.predictor.batcher import Tensors
from services.predictor.problem import refuse
from slipway.signature import CODES, NUMBERS, Category, Number, Signature


@dataclass(frozen=True, slots=True)
class Rows:
    inputs: Tensors
    count: int


class Instances:
    """Decoder of one release's instances. max_rows: most instances in a request."""

    def __init__(self, signature: Signature, *, max_rows: int) -> None:
        self._signature = signature
        self._max_rows = max_rows
        self._columns = [*signature.categories, *signature.numbers] or list(signature.inputs)
        self._codes = [{value: code for code, value in enumerate(c.values)} for c in signature.categories]
        self._decoder = msgspec.json.Decoder(self._body_type())

    def decode(self, body: bytes) -> Rows:
        """The tensors of a request. Raises Problem: 400 for what is not JSON, 422 with every fault for the rest."""
        try:
            rows = self._decoder.decode(body).instances
            if not 0 < len(rows) <= self._max_rows:
                raise ValueError("rows")
            pack = self._pack_features if self._signature.features else self._pack_tensors
            return Rows(pack([msgspec.structs.astuple(row) for row in rows]), len(rows))
        except (msgspec.MsgspecError, ValueError, OverflowError, KeyError, RecursionError) as error:
            document = explain.read(body)
            raise refuse(
                explain.instances(document, self._signature, self._max_rows) or [_unexplained(error)]
            ) from None

    def _pack_features(self, rows: list[tuple[Any, ...]]) -> Tensors:
        """Categories come first in a row, as `_columns` has them. Raises KeyError for a value that is in no table."""
        tables, first_number = self._codes, len(self._codes)
        packed: dict[str, np.ndarray] = {}
        if tables:
            packed[CODES] = np.array(
                [[table[value] for table, value in zip(tables, row, strict=False)] for row in rows], np.int64
            )
        if first_number < len(self._columns):
            packed[NUMBERS] = np.array([row[first_number:] for row in rows], np.float32)
        return packed

    def _pack_tensors(self, rows: list[tuple[Any, ...]]) -> Tensors:
        columns = zip(*rows, strict=True)
        return {t.name: nested.pack(column, t) for t, column in zip(self._signature.inputs, columns, strict=True)}

    def _body_type(self) -> Any:
        """`Body(instances: list[Row])`, a Row with a field for each column; renamed, since a name may be any string."""
        fields = [(f"f{index}", _field_type(column)) for index, column in enumerate(self._columns)]
        names = {f"f{index}": column.name for index, column in enumerate(self._columns)}
        row = msgspec.defstruct("Row", fields, rename=names, forbid_unknown_fields=True, frozen=True)
        return msgspec.defstruct("Body", [("instances", list[row])], forbid_unknown_fields=True, frozen=True)


def _field_type(column: Any) -> Any:
    match column:
        case Category():
            return str  # its code is looked up while packing, which is the check
        case Number():
            return Annotated[float, msgspec.Meta(ge=column.minimum, le=column.maximum)]
        case _:
            return nested.nested_type(column.dtype, len(column.shape) - 1)


def _unexplained(error: Exception) -> explain.Fault:
    """The decoder refused what the slow reading accepts; its own words are better than none."""
    return explain.Fault(field="instances", problem=str(error), expected="what /openapi.json describes")
