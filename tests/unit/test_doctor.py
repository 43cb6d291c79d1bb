from pathlib import Path

import msgspec
import pytest

from slipway.doctor import _clouds, _python, examine, room, system


def test_every_target_is_looked_at():
    areas = {finding.area for finding in examine()}
    assert {"local", "gpu", "aws", "gcp", "kubernetes"} <= areas


def test_what_is_not_in_order_has_a_remedy():
    assert all(finding.remedy for finding in examine() if finding.status != "ok")


def test_a_script_can_read_it():
    assert msgspec.json.decode(msgspec.json.encode(examine()))


@pytest.mark.parametrize("machine", ["x86_64", "aarch64"])
def test_the_local_target_runs_on_linux(machine: str):
    assert system("Linux", machine, "2.31").status == "ok"


def test_what_macos_lacks_is_said():
    found = system("Darwin", "arm64", "15.0")
    assert found.status == "warning"
    assert "memory limits" in found.remedy


@pytest.mark.parametrize(
    ("kind", "machine", "version"),
    [
        ("Linux", "x86_64", "2.28"),
        ("Linux", "x86_64", ""),  # musl
        ("Linux", "riscv64", "2.40"),
        ("Darwin", "arm64", "14.7"),
        ("Darwin", "x86_64", "15.0"),
        ("Windows", "AMD64", ""),
    ],
)
def test_a_system_without_wheels_is_told_what_to_use(kind: str, machine: str, version: str):
    found = system(kind, machine, version)
    assert found.status == "missing"
    assert "glibc 2.31" in found.remedy


def test_another_python_is_refused():
    assert _python((3, 13, 0)).status == "missing"


def test_a_small_disk_is_a_warning():
    assert room("free disk", 2, 12).status == "warning"


def test_credentials_are_looked_for_and_never_read(tmp_path: Path):
    (tmp_path / ".aws").mkdir()
    (tmp_path / ".aws" / "config").write_text("[default]\naws_secret_access_key = hidden")
    findings = {finding.area: finding for finding in _clouds({}, tmp_path)}
    assert findings["aws"].status == "ok"
    assert "hidden" not in findings["aws"].found
    assert findings["gcp"].status == "warning"
