"""The life of a File on this machine: written whole, restored when it was changed, removed with its record.

Exactly one source: `content`, a `template` with `values`, or `random_bytes`, which is drawn once and then kept.
"""

import contextlib
import dataclasses
import hashlib
import re
import secrets
import stat
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any

import msgspec

from infra.local.provider import records
from infra.local.provider.layout import Run, write
from infra.local.provider.records import FileRecord
from infra.local.provider.spec import Failure, InvalidInputError, parse
from infra.local.provider.values import holds_unknown
from slipway.errors import SlipwayError

_SOURCES = ("content", "template", "random_bytes")
_OTHERS = 0o077
DEFAULT_MODE = 0o600


class FileSpec(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The inputs of a File. path: below the run folder, or absolute. random_bytes: drawn, written as hex digits."""

    path: Annotated[str, msgspec.Meta(min_length=1)]
    content: str | None = None
    template: str | None = None
    values: dict[str, str] = {}
    random_bytes: Annotated[int, msgspec.Meta(ge=16, le=4096)] | None = None
    mode: Annotated[int, msgspec.Meta(ge=0, le=0o777)] = DEFAULT_MODE


@dataclasses.dataclass(frozen=True, kw_only=True)
class Written:
    """A File as it lies on the machine."""

    record: FileRecord
    content: str

    @property
    def sha256(self) -> str:
        return digest(self.content)


def check_file(inputs: Mapping[str, Any], *, secret: bool) -> list[Failure]:
    """All that can be seen to be wrong; an input that a preview does not know yet is not judged.

    secret: whether content, template or a value is one.
    """
    known = {key: value for key, value in inputs.items() if not holds_unknown(value)}
    stand_in = {"path": "unknown"} if "path" in inputs else {}
    try:
        spec = parse(stand_in | known, FileSpec)
    except InvalidInputError as error:
        return [error.failure]
    return list(_problems(spec, inputs, secret=secret))


def _problems(spec: FileSpec, inputs: Mapping[str, Any], *, secret: bool) -> Iterator[Failure]:
    given = [source for source in _SOURCES if source in inputs]
    if len(given) != 1:
        found = " and ".join(given) if given else "none of them"
        yield Failure(path=given[0] if given else "content", reason=f"set one of {', '.join(_SOURCES)}; got {found}")
    if not Path(spec.path).is_absolute() and ".." in Path(spec.path).parts:
        yield Failure(path="path", reason=f"{spec.path} leads out of the run folder")
    if not spec.mode & stat.S_IRUSR or not spec.mode & stat.S_IWUSR:
        yield Failure(path="mode", reason=f"{spec.mode:#o} would lock its own user out")
    if (secret or spec.random_bytes) and spec.mode & _OTHERS:
        yield Failure(path="mode", reason=f"{spec.mode:#o} lets others at a secret; use 0o600")
    if spec.values and spec.template is None and "template" not in inputs:
        yield Failure(path="values", reason="only a template has values")
    for name in spec.values:
        if spec.template is not None and f"{{{name}}}" not in spec.template:
            yield Failure(path=f"values.{name}", reason=f"the template has no {{{name}}}")


def fill(template: str, values: Mapping[str, str]) -> str:
    """`{name}` becomes its value for the names in `values`, in one pass; every other brace stays as it is."""
    if not values:
        return template
    names = "|".join(re.escape(name) for name in values)
    return re.sub(rf"\{{({names})\}}", lambda match: values[match[1]], template)


def content(spec: FileSpec) -> str:
    """What a File holds, unless it is random."""
    return spec.content if spec.content is not None else fill(spec.template or "", spec.values)


def digest(content: str) -> str:
    return hashlib.sha256(content.encode()).hexdigest()


@dataclasses.dataclass(frozen=True)
class Files:
    """All files of one run folder."""

    run: Run

    def place(self, path: str) -> Path:
        """Where a path leads. Raises SlipwayError for a relative one that links lead out of the run folder."""
        place = self.run.root / path
        if not Path(path).is_absolute() and not place.resolve().is_relative_to(self.run.root.resolve()):
            raise SlipwayError(f"{path} leads out of the run folder, through a link")
        return place

    def create(self, name: str, urn: str, inputs: Mapping[str, Any], *, secret: bool) -> Written:
        """Write a file; one that an interrupted create of this resource wrote is taken up.

        Raises SlipwayError when something else lies there, or it cannot be written.
        """
        spec = parse(inputs, FileSpec)
        place = self.place(spec.path)
        file_id = records.physical_id(name, urn, {"path": str(place)}, key=b"")
        former = records.find_file(self.run, file_id)
        present = _read(place)
        same = present is not None and not spec.random_bytes and present == content(spec)
        if former is None and place.exists() and not same:
            raise SlipwayError(
                f"{place} is there already and is not Slipway's", hint="move it away, or name another path"
            )
        return self._write(
            FileRecord(
                id=file_id,
                urn=urn,
                path=str(place),
                inputs=dict(inputs),
                incarnation=records.new_incarnation(),
                secret=secret,
            ),
            spec,
            kept=present if former is not None else None,
        )

    def update(
        self, file_id: str, urn: str, inputs: Mapping[str, Any], *, secret: bool, incarnation: str, kept: str | None
    ) -> Written:
        """Write it again, also where it is gone. kept: the random content to keep, None to draw it anew."""
        spec = parse(inputs, FileSpec)
        record = FileRecord(
            id=file_id,
            urn=urn,
            path=str(self.place(spec.path)),
            inputs=dict(inputs),
            incarnation=incarnation,
            secret=secret,
        )
        return self._write(record, spec, kept=kept)

    def condition(self, place: Path, *, mode: int) -> str:
        """The sha256 of what lies there, or in a word why that does not matter: it is gone, its mode is another."""
        present = _read(place)
        if present is None:
            return "gone"
        if stat.S_IMODE(place.stat().st_mode) != mode:
            return f"mode {stat.S_IMODE(place.stat().st_mode):#o}"
        return digest(present)

    def find(self, file_id: str) -> Written | None:
        """A file by its id, for an import."""
        record = records.find_file(self.run, file_id)
        present = _read(Path(record.path)) if record else None
        return Written(record=record, content=present) if record and present is not None else None

    def delete(self, file_id: str, incarnation: str | None) -> None:
        """Remove a file. One that is gone, or that was created again since, is left alone."""
        record = records.find_file(self.run, file_id)
        if record is None or incarnation not in (None, record.incarnation):
            return
        place = Path(record.path)
        place.unlink(missing_ok=True)
        with self.run.locked():
            records.remove_file(self.run, file_id)
            self._remove_empty_folders(place.parent)
            self.run.tidy()

    def _write(self, record: FileRecord, spec: FileSpec, *, kept: str | None) -> Written:
        text = content(spec)
        if spec.random_bytes:
            fits = kept is not None and len(kept) == 2 * spec.random_bytes
            text = kept if kept and fits else secrets.token_hex(spec.random_bytes)
        with self.run.locked():  # or a delete beside it may remove the folder as empty
            records.write_file(self.run, record)
            write(Path(record.path), text, mode=spec.mode)
        return Written(record=record, content=text)

    def _remove_empty_folders(self, folder: Path) -> None:
        while folder != self.run.root and folder.is_relative_to(self.run.root):
            try:
                folder.rmdir()
            except OSError:
                return
            folder = folder.parent


def _read(place: Path) -> str | None:
    with contextlib.suppress(OSError, UnicodeDecodeError), place.open(encoding="utf-8", newline="") as stream:
        return stream.read()
    return None
