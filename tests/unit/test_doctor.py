from pathlib import Path

import msgspec

from slipway.doctor import _clouds, _python, _system, examine, room


def test_every_target_is_looked_at():
    areas = {finding.area for finding in examine()}
    assert {"local", "gpu", "aws", "gcp", "kubernetes"} <= areas


def test_what_is_not_in_order_has_a_remedy():
    assert all(finding.remedy for finding in examine() if finding.status != "ok")


def test_a_script_can_read_it():
    assert msgspec.json.decode(msgspec.json.encode(examine()))


def test_the_local_target_runs_on_linux():
    assert _system("Linux", "aarch64").status == "ok"


def test_what_macos_lacks_is_said():
    assert "memory limits" in _system("Darwin", "arm64").remedy


def test_windows_is_not_promised():
    assert _system("Windows", "AMD64").status == "missing"


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
