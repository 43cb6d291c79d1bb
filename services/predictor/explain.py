"""Says what is wrong with a body that the fast decoder refused: every mistake, and what was expected in its place.

Slow and thorough on purpose, and off the path of any request that is right. Pure: JSON value in, faults out.
"""

from collections.abc import Iterator
from http import HTTPStatus
from itertools import islice
from typing import Any

import msgspec

from services.predictor import nested
from services.predictor.problem import MAX_FAULTS, Fault, Problem, did_you_mean
from slipway.signature import Category, Number, Signature

_SHOWN_VALUES = 12


def read(body: bytes) -> Any:
    """The body as plain JSON values. Raises Problem (400) when it is not JSON."""
    try:
        return msgspec.json.decode(body)
    except RecursionError:
        problem = "is nested too deeply"
    except UnicodeDecodeError as error:
        problem = f"is not UTF-8 (byte {error.start})"
    except msgspec.DecodeError as error:
        problem = f"is not JSON: {error}"
    raise Problem(
        HTTPStatus.BAD_REQUEST,
        f"the body {problem}",
        faults=[Fault(field="body", problem=problem, expected="a JSON object in UTF-8; NaN and Infinity are not JSON")],
    ) from None


def instances(document: Any, signature: Signature, max_rows: int) -> list[Fault]:
    """The mistakes in a body of /predict, at most MAX_FAULTS; none when it fits."""
    return list(islice(_body_faults(document, signature, max_rows), MAX_FAULTS))


def _body_faults(document: Any, signature: Signature, max_rows: int) -> Iterator[Fault]:
    shape = 'an object {"instances": [...]}'
    if not isinstance(document, dict):
        yield Fault(field="body", problem=f"is {nested.spoken(document)}", expected=shape)
        return
    for name in document.keys() - {"instances"}:
        yield Fault(field=shown(name), problem=f"is not known here{did_you_mean(name, ['instances'])}", expected=shape)
    rows = document.get("instances")
    if "instances" not in document:
        yield Fault(field="instances", problem="is missing", expected=shape)
    elif not isinstance(rows, list):
        yield Fault(field="instances", problem=f"is {nested.spoken(rows)}", expected="a list of objects, one a row")
    elif not 0 < len(rows) <= max_rows:
        yield Fault(field="instances", problem=f"has {len(rows)} rows", expected=f"1 to {max_rows} rows")
    else:
        for index, row in enumerate(rows):
            yield from _row_faults(row, signature, f"instances[{index}]")


def _row_faults(row: Any, signature: Signature, where: str) -> Iterator[Fault]:
    columns = {column.name: column for column in signature.features or signature.inputs}
    names = ", ".join(columns)
    if not isinstance(row, dict):
        yield Fault(field=where, problem=f"is {nested.spoken(row)}", expected=f"an object with {names}")
        return
    for name in row.keys() - columns.keys():
        yield Fault(
            field=f"{where}.{shown(name)}",
            problem=f"is not known to this model{did_you_mean(name, columns.keys() - row.keys())}",
            expected=f"one of {names}",
        )
    for name, column in columns.items():
        field = f"{where}.{name}"
        match column:
            case Category() | Number():
                if name not in row:
                    yield Fault(field=field, problem="is missing", expected=expected(column))
                elif problem := feature_problem(row[name], column):
                    yield Fault(field=field, problem=problem, expected=expected(column))
            case _ if name not in row:
                yield Fault(field=field, problem="is missing", expected=nested.expected(column))
            case _:
                yield from nested.faults(row[name], column, field)


def feature_problem(value: Any, feature: Category | Number) -> str:
    """What is wrong with the value of a named feature; empty when nothing is."""
    if isinstance(feature, Category):
        if not isinstance(value, str):
            return f"is {nested.spoken(value)}, not a string"
        if value not in feature.values:
            return f"is {nested.spoken(value)}, which is no value of this category{did_you_mean(value, feature.values)}"
        return ""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return f"is {nested.spoken(value)}, not a number"
    if not feature.minimum <= value <= feature.maximum:
        return f"is {nested.spoken(value)}, out of bounds"
    return ""


def expected(feature: Category | Number) -> str:
    """What a feature takes, for a person."""
    if isinstance(feature, Number):
        return f"a number from {feature.minimum:g} to {feature.maximum:g}"
    values = ", ".join(repr(value) for value in feature.values[:_SHOWN_VALUES])
    return f"one of {values}" + (f" and {rest} more" if (rest := len(feature.values) - _SHOWN_VALUES) > 0 else "")


def shown(name: str) -> str:
    """A name that a caller made up, short enough to repeat."""
    return name if len(name) <= 40 else f"{name[:40]}…"
