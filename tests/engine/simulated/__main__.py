"""`python -m tests.engine.simulated preview|up|refresh|destroy STACK`: a stack under the real engine, clouds simulated.

By hand, while the program is written. The folder stays until `destroy` has emptied it, so that `up` can be run again
on what is there; --fresh starts over.
"""

import argparse
import hashlib
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from slipway.paths import PROJECT
from tests.engine.simulated.project import SimulatedProject, make, reopen


def main() -> int:
    arguments, rest = _parse()
    checkout = hashlib.sha256(str(PROJECT).encode()).hexdigest()[:6]  # whose links lie in the folder
    folder = Path(tempfile.gettempdir()) / f"slipway-simulated-{arguments.stack}-{checkout}"
    if arguments.fresh:
        shutil.rmtree(folder, ignore_errors=True)
    project = _project(folder, arguments.stack)
    yes = [] if arguments.verb == "preview" else ["--yes", "--skip-preview"]
    command = [str(project.executable), arguments.verb, *yes, "--non-interactive", "--stack", project.stack, *rest]
    code = subprocess.run(command, cwd=folder, env=dict(project.environment)).returncode
    held = len(project.holdings.all())
    print(f"the simulated cloud holds {held} resources; everything lies in {folder}", file=sys.stderr)
    if arguments.verb == "destroy" and code == 0 and not held:
        shutil.rmtree(folder)
    return code


def _project(folder: Path, stack: str) -> SimulatedProject:
    if folder.exists():
        return reopen(folder, stack)
    folder.mkdir()
    return make(folder, stack)


def _parse() -> tuple[argparse.Namespace, list[str]]:
    parser = argparse.ArgumentParser(prog="python -m tests.engine.simulated", description=__doc__)
    parser.add_argument("verb", choices=["preview", "up", "refresh", "destroy"])
    parser.add_argument("stack")
    parser.add_argument("--fresh", action="store_true", help="forget what the simulated cloud holds")
    return parser.parse_known_args()


if __name__ == "__main__":
    sys.exit(main())
