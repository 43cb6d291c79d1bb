"""Reading one CSV file of the catalog: cells to values, and errors that name file and line."""

import csv
import io
import math
from collections.abc import Callable, Iterator, Sequence
from datetime import date
from functools import cache
from typing import TypeVar

from infra.catalog.errors import CatalogError, RowError

_Row = TypeVar("_Row")


class Cells:
    """One line of a file by column. Every reader raises RowError that names file, line and column."""

    __slots__ = ("_columns", "_values", "file", "line")

    def __init__(self, *, file: str, line: int, columns: dict[str, int], values: Sequence[str]) -> None:
        self.file, self.line = file, line
        self._columns, self._values = columns, values

    def fail(self, reason: str) -> RowError:
        return RowError(self.file, self.line, reason)

    def optional(self, column: str) -> str:
        """The text of a cell that may be empty."""
        return self._values[self._columns[column]]

    def text(self, column: str) -> str:
        value = self.optional(column)
        if not value:
            raise self.fail(f"{column} is empty; every row needs one")
        return value

    def number(self, column: str) -> float:
        value = self.text(column)
        try:
            number = float(value)
        except ValueError:
            raise self.fail(f"{column} is {value!r}, not a number") from None
        if not math.isfinite(number):
            raise self.fail(f"{column} is {value!r}, not a number")
        return number

    def above_zero(self, column: str) -> float:
        number = self.number(column)
        if number <= 0:
            raise self.fail(f"{column} is {number:g}; it must be above zero, and empty where it is not known")
        return number

    def at_least_zero(self, column: str) -> float:
        number = self.number(column)
        if number < 0:
            raise self.fail(f"{column} is {number:g}; it cannot be below zero")
        return number

    def above_zero_or_none(self, column: str) -> float | None:
        return self.above_zero(column) if self.optional(column) else None

    def share_or_none(self, column: str) -> float | None:
        if not self.optional(column):
            return None
        number = self.number(column)
        if not 0 <= number <= 1:
            raise self.fail(f"{column} is {number:g}; a share lies between 0 and 1")
        return number

    def degrees(self, column: str, most: float) -> float:
        number = self.number(column)
        if abs(number) > most:
            raise self.fail(f"{column} is {number:g}; it lies between -{most:g} and {most:g}")
        return number

    def flag(self, column: str) -> bool:
        value = self.text(column)
        if value not in ("true", "false"):
            raise self.fail(f"{column} is {value!r}; write true or false")
        return value == "true"

    def day(self, column: str) -> date:
        try:
            return _day(self.text(column))
        except ValueError:
            raise self.fail(f"{column} is {self.optional(column)!r}; write it as 2026-07-30") from None


@cache
def _day(text: str) -> date:
    return date.fromisoformat(text)


def read_rows(
    file: str, content: bytes, columns: Sequence[str], parse: Callable[[Cells], _Row]
) -> Iterator[tuple[Cells, _Row]]:
    """Each row of a file with the line it stands on.

    Raises CatalogError for bytes that are no text, for a header or row of another shape, and for a file without rows.
    """
    reader = csv.reader(io.StringIO(_text(file, content), newline=""))
    header = next(reader, list[str]())
    if tuple(header) != tuple(columns):
        raise CatalogError(f"{file}:1: the columns are {', '.join(header)}", hint=f"write {', '.join(columns)}")
    index = {column: place for place, column in enumerate(columns)}
    for values in reader:
        cells = Cells(file=file, line=reader.line_num, columns=index, values=values)
        if len(values) != len(columns):
            raise cells.fail(f"{len(values)} cells, but {len(columns)} columns")
        yield cells, parse(cells)
    if reader.line_num < 2:
        raise CatalogError(f"{file}:1: a header without rows", hint="restore it with `git checkout`")


def _text(file: str, content: bytes) -> str:
    try:
        return content.decode()
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise RowError(file, line, f"byte {content[error.start]:#x} is no UTF-8") from None
