from dataclasses import dataclass
from pathlib import Path

import msgspec
import pytest
from obstore.store import LocalStore

from slipway.errors import ReleaseError
from slipway.release import MANIFEST, Hardware, Release, fetch, find, hashes, load, publish, read_manifest
from slipway.signature import Number, tabular


@dataclass
class Published:
    store: LocalStore
    root: Path
    release: Release

    @property
    def folder(self) -> Path:
        return self.root / "releases" / self.release.name / self.release.digest


def described(folder: Path) -> Release:
    return Release(
        name="employment",
        version="1",
        git_commit="0" * 40,
        data_digest="sha256:00",
        metrics={"auc": 0.9},
        signature=tabular((Number(name="AGEP", minimum=0, maximum=120),), ("no", "yes")),
        hardware=Hardware(machine="linux x86_64"),
        files=dict(hashes(folder)),
    )


@pytest.fixture
def published(tmp_path: Path) -> Published:
    source = tmp_path / "source"
    source.mkdir()
    (source / "model.onnx").write_bytes(b"weights")
    store = LocalStore(prefix=tmp_path / "store", mkdir=True)
    return Published(store, tmp_path / "store", publish(store, source, described(source)))


def bring(published: Published, into: Path) -> Path:
    return fetch(published.store, published.release.name, published.release.digest, into)


def test_a_fetched_release_is_the_published_one(published: Published, tmp_path: Path):
    folder = bring(published, tmp_path / "here")
    assert load(folder, published.release.digest) == published.release


def test_the_same_content_is_the_same_release(published: Published, tmp_path: Path):
    again = publish(published.store, tmp_path / "source", described(tmp_path / "source"))
    assert again.digest == published.release.digest
    assert find(published.store) == [("employment", published.release.digest)]


def test_what_is_read_back_has_the_address_it_was_written_under(published: Published):
    read = read_manifest(published.store, "employment", published.release.digest)
    assert read.digest == published.release.digest


def test_another_metric_is_another_release(published: Published):
    other = msgspec.structs.replace(published.release, metrics={"auc": 0.91})
    assert other.digest != published.release.digest


def test_an_altered_file_is_refused(published: Published, tmp_path: Path):
    (published.folder / "model.onnx").write_bytes(b"Weights")
    with pytest.raises(ReleaseError, match=r"model\.onnx does not match"):
        bring(published, tmp_path / "here")


def test_an_altered_manifest_is_refused(published: Published, tmp_path: Path):
    file = published.folder / MANIFEST
    file.write_bytes(file.read_bytes().replace(b"0.9", b"0.99"))
    with pytest.raises(ReleaseError, match="was altered"):
        bring(published, tmp_path / "here")


def test_a_refused_release_leaves_nothing_behind(published: Published, tmp_path: Path):
    (published.folder / "model.onnx").write_bytes(b"")
    with pytest.raises(ReleaseError):
        bring(published, tmp_path / "here")
    assert list((tmp_path / "here").iterdir()) == []


def test_a_copy_that_was_altered_here_is_refused(published: Published, tmp_path: Path):
    (bring(published, tmp_path / "here") / "model.onnx").write_bytes(b"other")
    with pytest.raises(ReleaseError, match="was altered"):
        bring(published, tmp_path / "here")


def test_a_folder_without_its_manifest_is_not_a_release(published: Published):
    (published.folder / MANIFEST).unlink()
    assert find(published.store) == []


def test_a_release_that_names_a_file_outside_its_folder_is_refused(tmp_path: Path):
    (tmp_path / "passwd").write_text("x")
    inside = tmp_path / "release"
    inside.mkdir()
    evil = msgspec.structs.replace(described(inside), files={"../passwd": "sha256:00"})
    (inside / MANIFEST).write_bytes(evil.encode())
    with pytest.raises(ReleaseError, match="outside its folder"):
        load(inside, evil.digest)


def test_a_release_of_another_schema_says_so(tmp_path: Path):
    newer = msgspec.structs.replace(described(tmp_path), schema_version=2)
    (tmp_path / MANIFEST).write_bytes(newer.encode())
    with pytest.raises(ReleaseError, match="schema 2"):
        load(tmp_path, newer.digest)


def test_a_release_that_is_not_there_is_named(published: Published, tmp_path: Path):
    with pytest.raises(ReleaseError, match="the store has no releases/employment/ffff"):
        fetch(published.store, "employment", "ffff", tmp_path / "here")
