"""From a folder of files to a checked catalog. The only reading of the disk here, once a process and folder."""

import hashlib
from collections.abc import Callable, Sequence
from functools import lru_cache
from pathlib import Path
from typing import TypeVar

from infra.catalog import invariants, parse
from infra.catalog.catalog import Catalog
from infra.catalog.errors import CatalogError
from infra.catalog.table import Cells, read_rows

DATA = Path(__file__).parent / "data"
FILES = ("accelerators", "carbon", "latency", "offers", "places", "regions", "tariffs")

_Row = TypeVar("_Row")
_AnyCatalog = TypeVar("_AnyCatalog", bound=Catalog)


@lru_cache(maxsize=8)
def load(kind: type[_AnyCatalog], folder: Path) -> _AnyCatalog:
    """Read, check and index. Raises CatalogError for a missing file, or the first row that cannot be right."""
    contents = {name: _content(folder / f"{name}.csv") for name in FILES}

    def rows(name: str, columns: Sequence[str], parser: Callable[[Cells], _Row]) -> list[tuple[Cells, _Row]]:
        return list(read_rows(f"{name}.csv", contents[name], columns, parser))

    accelerators = rows("accelerators", parse.ACCELERATORS, parse.accelerator)
    carbon = rows("carbon", parse.CARBON, parse.carbon)
    latencies = rows("latency", parse.LATENCIES, parse.latency)
    offers = rows("offers", parse.OFFERS, parse.offer)
    places = rows("places", parse.PLACES, parse.place)
    regions = rows("regions", parse.REGIONS, parse.region)
    tariffs = rows("tariffs", parse.TARIFFS, parse.tariff)

    invariants.check_distinct(regions, lambda region: region.key)
    invariants.check_distinct(carbon, lambda row: f"{row.provider}/{row.region}")
    invariants.check_distinct(accelerators, lambda row: row.name)
    invariants.check_places(places)
    region_of = {row.key: row for _, row in regions}
    place_of = {row.name: row for _, row in places}
    invariants.check_offers(offers, region_of, {row.name: row for _, row in accelerators})
    invariants.check_tariffs(tariffs)
    invariants.check_latencies(latencies, region_of, place_of)

    return kind(
        offers=(row for _, row in offers),
        tariffs=(row for _, row in tariffs),
        latencies=(row for _, row in latencies),
        regions=region_of.values(),
        places=place_of.values(),
        carbon=(row for _, row in carbon),
        accelerators=(row for _, row in accelerators),
        digest=digest(contents),
    )


def digest(contents: dict[str, bytes]) -> str:
    """sha256 over all files, names and lengths included, so that no byte can move from one to another unseen."""
    seal = hashlib.sha256()
    for name, content in sorted(contents.items()):
        seal.update(f"{name} {len(content)}\n".encode())
        seal.update(content)
    return seal.hexdigest()


def _content(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        raise CatalogError(
            f"{file.name} of the catalog cannot be read: {error.strerror}", hint="restore it with `git checkout`"
        ) from None
