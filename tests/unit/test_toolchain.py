import hashlib
import os
import stat
import threading
from pathlib import Path

import pytest

from slipway.errors import ToolchainError
from slipway.paths import State, cache
from slipway.toolchain import Engine, engine_variables
from slipway.toolchain.engine import HOST, VERSION, is_recent_enough, on_path, version_of
from slipway.toolchain.environment import ensure_passphrase
from slipway.toolchain.release import archive_name, check
from slipway.toolchain.seal import is_whole, make_once

ENGINE = Engine(executable=Path("/cache/pulumi/pulumi"), version=VERSION, origin="modules")


@pytest.mark.parametrize(
    ("version", "will_do"),
    [
        (VERSION, True),
        ("3.300.1", True),
        ("3.258.9", False),
        ("4.0.0", False),
        (f"{VERSION}-dev.0", False),
        ("3.300.0-dev.0", True),
        ("nonsense", False),
    ],
)
def test_an_engine_on_the_path_must_be_recent_enough_and_of_the_same_major(version: str, will_do: bool):
    assert is_recent_enough(version) is will_do


def test_what_does_not_run_has_no_version(tmp_path: Path):
    assert version_of(tmp_path / "absent") is None


@pytest.mark.parametrize(
    ("system", "machine", "archive"),
    [
        ("Linux", "x86_64", f"pulumi-v{VERSION}-linux-x64.tar.gz"),
        ("Darwin", "arm64", f"pulumi-v{VERSION}-darwin-arm64.tar.gz"),
        ("Linux", "riscv64", None),
        ("Windows", "AMD64", None),
    ],
)
def test_each_machine_has_its_archive(system: str, machine: str, archive: str | None):
    assert archive_name(system, machine) == archive


def test_a_download_that_matches_its_checksum_is_taken():
    check("a.tar.gz", b"engine", f"{hashlib.sha256(b'engine').hexdigest()}  a.tar.gz\n")


@pytest.mark.parametrize("checksums", ["", "00  a.tar.gz\n", f"{hashlib.sha256(b'engine').hexdigest()}  b.tar.gz\n"])
def test_a_download_that_nobody_vouches_for_is_refused(checksums: str):
    with pytest.raises(ToolchainError, match="checksum"):
        check("a.tar.gz", b"engine", checksums)


def program(file: Path, says: str = "") -> Path:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(f"#!/bin/sh\necho '{says}'\n")
    file.chmod(0o755)
    return file


def test_an_engine_of_the_users_own_is_taken_with_the_host_beside_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    installed = program(tmp_path / "opt" / "pulumi", says=f"v{VERSION}")
    program(tmp_path / "opt" / HOST)
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "pulumi").symlink_to(installed)
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    assert on_path() == Engine(executable=tmp_path / "bin" / "pulumi", version=VERSION, origin="path")


def test_an_engine_without_its_host_is_not_taken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    program(tmp_path / "pulumi", says=f"v{VERSION}")
    monkeypatch.setenv("PATH", str(tmp_path))
    assert on_path() is None


def test_an_engine_in_the_cache_is_not_the_users_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("SLIPWAY_CACHE", str(tmp_path))
    built = program(cache() / "built" / "pulumi", says=f"v{VERSION}")
    program(built.parent / HOST)
    monkeypatch.setenv("PATH", str(built.parent))
    assert on_path() is None


def fill(folder: Path) -> None:
    (folder / "tool").write_text("works")


def sealed(folder: Path) -> Path:
    make_once(folder, fill)
    return folder


def test_a_folder_that_was_made_is_whole(tmp_path: Path):
    assert is_whole(sealed(tmp_path / "tools"))


def test_a_folder_that_was_altered_is_not(tmp_path: Path):
    (sealed(tmp_path / "tools") / "tool").write_text("does harm")
    assert not is_whole(tmp_path / "tools")


def test_a_folder_that_lost_a_file_is_not(tmp_path: Path):
    (sealed(tmp_path / "tools") / "tool").unlink()
    assert not is_whole(tmp_path / "tools")


def test_what_was_altered_is_made_again(tmp_path: Path):
    (sealed(tmp_path / "tools") / "tool").write_text("does harm")
    assert (sealed(tmp_path / "tools") / "tool").read_text() == "works"


def test_what_is_whole_is_not_made_again(tmp_path: Path):
    sealed(tmp_path / "tools")
    make_once(tmp_path / "tools", lambda _: pytest.fail("made again"))


def test_makers_at_the_same_time_make_one(tmp_path: Path):
    made: list[Path] = []

    def slowly(folder: Path) -> None:
        made.append(folder)
        barrier.wait()
        fill(folder)

    barrier = threading.Barrier(2)  # the second maker arrives while the first is at it
    makers = [threading.Thread(target=make_once, args=(tmp_path / "tools", slowly), daemon=True) for _ in range(2)]
    for maker in makers:
        maker.start()
    barrier.wait(timeout=10)
    for maker in makers:
        maker.join(timeout=10)
    assert is_whole(tmp_path / "tools")
    assert len(made) == 1


def test_what_a_killed_maker_left_goes_with_the_next(tmp_path: Path):
    (tmp_path / ".tools-half" / "tool").mkdir(parents=True)
    sealed(tmp_path / "tools")
    assert not (tmp_path / ".tools-half").exists()


def test_a_making_that_failed_leaves_nothing(tmp_path: Path):
    def fail(_: Path) -> None:
        raise OSError("disk full")

    with pytest.raises(OSError, match="disk full"):
        make_once(tmp_path / "tools", fail)
    assert not (tmp_path / "tools").exists()
    assert [file.name for file in tmp_path.iterdir()] == [".tools.lock"]


def test_the_passphrase_is_made_once_for_the_user_alone(tmp_path: Path):
    state = State(tmp_path / "state")
    first = ensure_passphrase(state).read_text()
    assert ensure_passphrase(state).read_text() == first
    assert stat.S_IMODE(state.passphrase.stat().st_mode) == 0o600
    assert stat.S_IMODE(state.passphrase.parent.stat().st_mode) == 0o700


def test_the_engines_environment_holds_no_secret(tmp_path: Path):
    state = State(tmp_path / "state")
    variables = engine_variables(ENGINE, state, "local")
    assert state.passphrase.read_text() not in " ".join(variables.values())


def test_the_local_stack_keeps_its_state_in_its_folder(tmp_path: Path):
    state = State(tmp_path / "state")
    assert engine_variables(ENGINE, state, "local")["PULUMI_BACKEND_URL"] == state.backend.as_uri()


def test_another_stack_keeps_its_state_where_the_user_says(tmp_path: Path):
    variables = engine_variables(ENGINE, State(tmp_path), "aws-prod")
    assert not {"PULUMI_BACKEND_URL", "PULUMI_CONFIG_PASSPHRASE_FILE", "PULUMI_HOME"} & variables.keys()
    assert not (tmp_path / "secrets").exists()


def test_the_environments_own_tools_come_first(tmp_path: Path):
    path = engine_variables(ENGINE, State(tmp_path), "local")["PATH"].split(os.pathsep)
    assert path[1] == "/cache/pulumi"
