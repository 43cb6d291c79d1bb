"""What the simulated cloud holds: one SQLite file in the folder that SLIPWAY_SIMULATED_FOLDER names.

Several providers, one per region, write to it at the same time, and tests read and change it between two runs of the
engine, as somebody at the cloud's console would. Like a cloud it keeps in clear what it was given, secrets too.
"""

import json
import sqlite3
import threading
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from google.protobuf import json_format, struct_pb2

from tests.engine.simulated.core import wire

VARIABLE = "SLIPWAY_SIMULATED_FOLDER"
_BUSY_S = 30.0
_TABLES = """
CREATE TABLE IF NOT EXISTS resources (
    number INTEGER PRIMARY KEY, token TEXT, region TEXT, id TEXT, name TEXT, urn TEXT, letters TEXT,
    revision INTEGER, inputs TEXT, outputs TEXT, UNIQUE (token, region, id));
CREATE TABLE IF NOT EXISTS handles (number INTEGER, handle TEXT, FOREIGN KEY (number) REFERENCES resources);
CREATE INDEX IF NOT EXISTS by_handle ON handles (handle);
CREATE TABLE IF NOT EXISTS uses (number INTEGER, path TEXT, used INTEGER);
CREATE INDEX IF NOT EXISTS by_used ON uses (used);
CREATE TABLE IF NOT EXISTS counts (what TEXT PRIMARY KEY, times INTEGER);
"""


@dataclass(frozen=True, kw_only=True)
class Holding:
    """One resource that lives in the cloud. name: the last part of its URN. revision: one more with every update.
    letters: hexadecimal digits from which its ids were made."""

    number: int
    token: str
    region: str
    id: str
    name: str
    urn: str
    letters: str
    revision: int
    inputs: struct_pb2.Struct
    outputs: struct_pb2.Struct

    @property
    def plain_inputs(self) -> wire.Plain:
        return wire.plain(self.inputs)

    @property
    def plain_outputs(self) -> wire.Plain:
        return wire.plain(self.outputs)


@dataclass(frozen=True, kw_only=True)
class Use:
    """Who uses a resource, and in which input."""

    token: str
    name: str
    path: str


class Holdings:
    """All resources of one simulated cloud. Every method blocks, and is whole or not at all."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._file = folder / "cloud.sqlite"
        self._local = threading.local()
        with self._transaction() as database:
            for statement in _TABLES.split(";"):
                database.execute(statement)

    def all(self) -> list[Holding]:
        with self._transaction() as database:
            return [_holding(row) for row in database.execute("SELECT * FROM resources ORDER BY number")]

    def named(self, name: str, token: str = "") -> Holding:
        """The one resource with a name in the program. Raises LookupError."""
        found = [it for it in self.all() if it.name == name and token in ("", it.token)]
        if len(found) != 1:
            raise LookupError(f"{len(found)} resources are named {name}: {[it.token for it in found]}")
        return found[0]

    def find(self, token: str, region: str, resource_id: str) -> Holding | None:
        with self._transaction() as database:
            row = database.execute(
                "SELECT * FROM resources WHERE token = ? AND region = ? AND id = ?", (token, region, resource_id)
            ).fetchone()
        return _holding(row) if row else None

    def known_as(self, handle: str, *, tokens: Iterable[str] = (), region: str = "") -> Holding | None:
        """Who is known by an id, an ARN or a name. region: and what belongs to none."""
        with self._transaction() as database:
            rows = database.execute(
                "SELECT resources.* FROM resources JOIN handles USING (number) WHERE handle = ?", (handle,)
            ).fetchall()
        wanted = frozenset(tokens)
        for holding in map(_holding, rows):
            if (not wanted or holding.token in wanted) and (not region or holding.region in ("", region)):
                return holding
        return None

    def count(self, token: str, region: str) -> int:
        with self._transaction() as database:
            where = "SELECT count(*) FROM resources WHERE token = ? AND region = ?"
            return database.execute(where, (token, region)).fetchone()[0]

    def add(
        self,
        *,
        token: str,
        region: str,
        resource_id: str,
        name: str,
        urn: str,
        letters: str,
        inputs: struct_pb2.Struct,
        outputs: struct_pb2.Struct,
        handles: Iterable[str],
        uses: Mapping[str, int],
    ) -> bool:
        """Whether there was none with that id. uses: numbers of the resources used, by the path of the input."""
        with self._transaction() as database:
            try:
                number = database.execute(
                    "INSERT INTO resources (token, region, id, name, urn, letters, revision, inputs, outputs)"
                    " VALUES (?, ?, ?, ?, ?, ?, 1, ?, ?)",
                    (token, region, resource_id, name, urn, letters, _text(inputs), _text(outputs)),
                ).lastrowid
            except sqlite3.IntegrityError:
                return False
            assert number is not None
            _relate(database, number, handles, uses)
        return True

    def change(
        self,
        number: int,
        *,
        inputs: struct_pb2.Struct,
        outputs: struct_pb2.Struct,
        handles: Iterable[str],
        uses: Mapping[str, int],
    ) -> None:
        with self._transaction() as database:
            database.execute(
                "UPDATE resources SET inputs = ?, outputs = ?, revision = revision + 1 WHERE number = ?",
                (_text(inputs), _text(outputs), number),
            )
            _relate(database, number, handles, uses)

    def remove(self, number: int) -> None:
        with self._transaction() as database:
            for table in ("resources", "handles", "uses"):
                database.execute(f"DELETE FROM {table} WHERE number = ?", (number,))  # noqa: S608 - names of ours

    def users(self, number: int) -> list[Use]:
        """Live resources, other than itself, with an input that names it."""
        with self._transaction() as database:
            rows = database.execute(
                "SELECT token, name, path FROM uses JOIN resources USING (number) WHERE used = ? AND number != ?",
                (number, number),
            ).fetchall()
        return [Use(token=row[0], name=row[1], path=row[2]) for row in rows]

    def drift(self, name: str, **changed: Any) -> None:
        """Change a resource behind the engine's back. changed: inputs by name, plain; outputs of that name follow."""
        self.drift_of(self.named(name), **changed)

    def drift_of(self, holding: Holding, **changed: Any) -> None:
        """The same to a resource at hand, for names that two types share."""
        with self._transaction() as database:
            database.execute(
                "UPDATE resources SET inputs = ?, outputs = ? WHERE number = ?",
                (
                    _text(wire.merged(holding.inputs, changed)),
                    _text(wire.merged(holding.outputs, changed)),
                    holding.number,
                ),
            )

    def counted(self, what: str) -> int:
        """How often something was counted before; counts it."""
        with self._transaction() as database:
            database.execute(
                "INSERT INTO counts VALUES (?, 1) ON CONFLICT (what) DO UPDATE SET times = times + 1", (what,)
            )
            return database.execute("SELECT times FROM counts WHERE what = ?", (what,)).fetchone()[0] - 1

    def times(self, what: str) -> int:
        """How often something was counted."""
        with self._transaction() as database:
            row = database.execute("SELECT times FROM counts WHERE what = ?", (what,)).fetchone()
        return row[0] if row else 0

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        database = getattr(self._local, "database", None)
        if database is None:
            database = sqlite3.connect(self._file, timeout=_BUSY_S, isolation_level=None)
            database.execute("PRAGMA journal_mode = WAL")
            database.execute("PRAGMA synchronous = OFF")  # lost with the machine, as the test is
            self._local.database = database
        database.execute("BEGIN IMMEDIATE")
        try:
            yield database
        except BaseException:
            database.execute("ROLLBACK")
            raise
        database.execute("COMMIT")


def _relate(database: sqlite3.Connection, number: int, handles: Iterable[str], uses: Mapping[str, int]) -> None:
    for table in ("handles", "uses"):
        database.execute(f"DELETE FROM {table} WHERE number = ?", (number,))  # noqa: S608 - names of ours
    database.executemany("INSERT INTO handles VALUES (?, ?)", [(number, handle) for handle in sorted(set(handles))])
    database.executemany("INSERT INTO uses VALUES (?, ?, ?)", [(number, path, used) for path, used in uses.items()])


def _text(struct: struct_pb2.Struct) -> str:
    return json.dumps(json_format.MessageToDict(struct))


def _holding(row: tuple[Any, ...]) -> Holding:
    *first, inputs, outputs = row
    number, token, region, resource_id, name, urn, letters, revision = first
    return Holding(
        number=number,
        token=token,
        region=region,
        id=resource_id,
        name=name,
        urn=urn,
        letters=letters,
        revision=revision,
        inputs=json_format.ParseDict(json.loads(inputs), struct_pb2.Struct()),
        outputs=json_format.ParseDict(json.loads(outputs), struct_pb2.Struct()),
    )
