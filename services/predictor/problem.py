"""What a caller is told when a request cannot be answered: problem details as of RFC 9457, one fault per mistake."""

import difflib
from collections.abc import Iterable
from http import HTTPStatus

import msgspec

MEDIA_TYPE = b"application/problem+json"
MAX_FAULTS = 20
"""A request of a thousand wrong rows is told about the first of them."""


class Fault(msgspec.Struct, frozen=True, kw_only=True):
    """One mistake: where it is (`instances[0].AGEP`), what is wrong with it, and what was expected there."""

    field: str
    problem: str
    expected: str


class Problem(Exception):  # noqa: N818  # RFC 9457 calls it a problem
    """Ends the handling of a request with this answer.

    detail: one sentence for a person. faults: the mistakes in the request, if it has any. headers: further ones.
    """

    def __init__(
        self,
        status: HTTPStatus,
        detail: str,
        *,
        faults: Iterable[Fault] = (),
        headers: Iterable[tuple[bytes, bytes]] = (),
    ) -> None:
        super().__init__(detail)
        self.status = status
        self.detail = detail
        self.faults = tuple(faults)[:MAX_FAULTS]
        self.headers = list(headers)

    def document(self) -> dict[str, object]:
        """The body. `error` repeats the detail, because that is the one member Open Inference clients read."""
        return {
            "title": self.status.phrase,
            "status": self.status.value,
            "detail": self.detail,
            "error": self.detail,
            "faults": self.faults,
        }


def refuse(faults: Iterable[Fault]) -> Problem:
    """The answer to well-formed input that does not fit the model: 422 with every mistake named."""
    found = tuple(faults)
    first = found[0]
    more = f" (and {len(found) - 1} more)" if len(found) > 1 else ""
    detail = f"{first.field}: {first.problem}; expected {first.expected}{more}"
    return Problem(HTTPStatus.UNPROCESSABLE_ENTITY, detail, faults=found)


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """`; did you mean 'AGEP'?` when something known is spelled much like `name`, else nothing."""
    folded = {word.casefold(): word for word in known}
    close = difflib.get_close_matches(name.casefold()[:100], folded, n=1, cutoff=0.6)
    return f"; did you mean {folded[close[0]]!r}?" if close else ""
