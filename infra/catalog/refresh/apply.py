"""From a difference to a file: what breaks an invariant is refused by name, the rest is written in one step."""

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from infra.catalog import parse
from infra.catalog.errors import RowError
from infra.catalog.invariants import check_offers
from infra.catalog.refresh.difference import Change
from infra.catalog.rows import Accelerator, Offer, Region
from infra.catalog.table import Cells, read_rows

_FILE = "offers.csv"
_Key = tuple[str, str, str, str]


@dataclass(frozen=True, kw_only=True, slots=True)
class Refusal:
    change: Change
    reason: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Review:
    """offers: the whole table as it would be. accepted, refused: the changes that are in it and those that are not."""

    offers: tuple[Offer, ...]
    accepted: tuple[Change, ...]
    refused: tuple[Refusal, ...]


def review(
    offers: Sequence[Offer],
    changes: Iterable[Change],
    regions: Mapping[str, Region],
    accelerators: Mapping[str, Accelerator],
) -> Review:
    """The table with every change that leaves all invariants standing; the others are refused with the reason.

    Raises RowError when the table breaks one without any change.
    """
    pending = {_key(change.before): change for change in changes}
    refused: list[Refusal] = []
    while True:
        rows = [pending[_key(offer)].after if _key(offer) in pending else offer for offer in offers]
        try:
            check_offers(_parsed(rows), regions, accelerators)
        except RowError as error:
            culprits = _culprits(rows[error.line - 2], pending)
            if not culprits:
                raise
            refused += [Refusal(change=pending.pop(key), reason=error.reason) for key in culprits]
        else:
            return Review(offers=tuple(rows), accepted=tuple(pending.values()), refused=tuple(refused))


def write(folder: Path, offers: Iterable[Offer]) -> Path:
    """Replace the folder's offers.csv whole or not at all. Returns its path."""
    file = folder / _FILE
    draft = file.with_suffix(".csv.new")
    draft.write_text(to_csv(offers))
    return draft.replace(file)


def to_csv(offers: Iterable[Offer]) -> str:
    """The table as its file holds it; what `parse.offer` reads back is the same."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(parse.OFFERS)
    writer.writerows([_cell(getattr(offer, column)) for column in parse.OFFERS] for offer in offers)
    return text.getvalue()


def _parsed(offers: Iterable[Offer]) -> list[tuple[Cells, Offer]]:
    return list(read_rows(_FILE, to_csv(offers).encode(), parse.OFFERS, parse.offer))


def _culprits(offer: Offer, pending: Mapping[_Key, Change]) -> list[_Key]:
    """The change of the row that was refused, or else those of its machine there: spot is judged by on-demand."""
    if _key(offer) in pending:
        return [_key(offer)]
    return [key for key in pending if key[:3] == _key(offer)[:3]]


def _key(offer: Offer) -> _Key:
    return (offer.provider, offer.region, offer.machine, offer.capacity)


def _cell(value: str | float | bool | date | tuple[str, ...] | None) -> str:
    match value:
        case None:
            return ""
        case bool():
            return "true" if value else "false"
        case float() | int():
            return f"{value:.10g}"
        case tuple():
            return " ".join(value)
        case date():
            return value.isoformat()
        case _:
            return str(value)
