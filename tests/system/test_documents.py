"""Every command that a document shows is run: `make` targets exist, all else works against a platform that is up."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from slipway.paths import PROJECT
from tests.system.platform import Platform

pytestmark = pytest.mark.system

_BLOCK = re.compile(r"```console\n(.*?)```", re.DOTALL)
_DOCUMENTS = [PROJECT / "README.md", *sorted((PROJECT / "docs").rglob("*.md"))]
_BIN = str(Path(sys.executable).parent)


def commands(document: Path) -> list[str]:
    lines = [line for block in _BLOCK.findall(document.read_text()) for line in block.splitlines()]
    return [line.removeprefix("$ ") for line in lines if line.startswith("$ ")]


def with_commands() -> list[Path]:
    return [document for document in _DOCUMENTS if commands(document)]


@pytest.mark.parametrize("document", with_commands(), ids=lambda document: str(document.relative_to(PROJECT)))
def test_every_command_of_a_document_works(document: Path, healthy: Platform):
    shown = [
        f"make -n {line.removeprefix('make ')}" if line.startswith("make ") else line for line in commands(document)
    ]
    script = "\n".join(["set -euo pipefail", *shown])
    environment = healthy.environment | {"PATH": f"{_BIN}:{healthy.environment['PATH']}"}
    done = subprocess.run(
        ["bash", "-c", script], cwd=PROJECT, env=environment, capture_output=True, text=True, timeout=180
    )
    assert done.returncode == 0, f"{done.stdout[-2000:]}\n{done.stderr[-2000:]}"
