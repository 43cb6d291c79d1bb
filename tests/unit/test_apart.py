"""Runs tests/apart in a process of its own.

Google's libraries and Pulumi's provider SDK each define the protobuf message google.rpc.Status, and one process cannot
load both. The product never does: prices are refreshed outside any program.
"""

import os
import subprocess
import sys

from slipway.paths import PROJECT


def test_what_needs_googles_libraries_holds_too():
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "tests/apart"],
        cwd=PROJECT,
        env=os.environ | {"SLIPWAY_APART": "1"},
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stdout + done.stderr
