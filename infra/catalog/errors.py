"""What can be wrong with the catalog, or with a question put to it."""

from slipway.errors import SlipwayError


class CatalogError(SlipwayError):
    """The catalog does not hold what was asked for, or one of its rows breaks an invariant.

    A wrong row is named by file and line; a wrong question is answered with the nearest that exists.
    """

    exit_code = 7


class RowError(CatalogError):
    """A row of a file cannot be right. line: counted from 1, the header's."""

    def __init__(self, file: str, line: int, reason: str) -> None:
        super().__init__(f"{file}:{line}: {reason}", hint="mend the row, or undo the last refresh")
        self.file, self.line, self.reason = file, line, reason


class PricesTooOld(CatalogError):  # noqa: N818 (reads as what it says)
    """A price that a plan would rest on is older than the stack allows."""
