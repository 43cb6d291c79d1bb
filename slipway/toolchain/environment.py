"""The environment in which the engine runs, and the passphrase of the local stack's secrets."""

import os
import secrets
import sys
from pathlib import Path

from slipway.paths import PROJECT, State, cache
from slipway.toolchain.engine import Engine

_PASSPHRASE_BYTES = 32


def engine_variables(engine: Engine, state: State, stack: str) -> dict[str, str]:
    """What to set besides what is there. The `local` stack keeps its state in a folder; others where the user says.

    No secret is among them: the passphrase is given as the name of a file.
    """
    venv = Path(sys.executable).parent
    variables = {
        "ORT_DISABLE_TELEMETRY": "1",
        "PATH": os.pathsep.join([str(venv), str(engine.executable.parent), os.environ.get("PATH", os.defpath)]),
        "PULUMI_SKIP_UPDATE_CHECK": "true",
        "PYTHONPATH": str(PROJECT),
        "SLIPWAY_STATE": str(state.root),
    }
    if stack != "local":
        return variables
    return variables | {
        # every provider of the local stack is on PATH; asking the network for one would only fail more slowly
        "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION": "true",
        # another stack needs the sign-in and the plug-ins of the user's own home
        "PULUMI_HOME": str(cache() / "pulumi-home"),
        "PULUMI_BACKEND_URL": state.backend.as_uri(),
        "PULUMI_CONFIG_PASSPHRASE_FILE": str(ensure_passphrase(state)),
    }


def ensure_passphrase(state: State) -> Path:
    """The file with the passphrase of this state folder's secrets: made once, never overwritten, for the user alone."""
    file = state.passphrase
    file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    try:
        descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return file
    with os.fdopen(descriptor, "w") as stream:
        stream.write(secrets.token_urlsafe(_PASSPHRASE_BYTES))
    return file
