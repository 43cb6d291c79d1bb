"""Where things lie on this machine: the project, the state folder of the local stack, the cache of built tools."""

import os
from dataclasses import dataclass
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[1]


def cache() -> Path:
    """Tools that are slow to build, keyed by version; safe to delete, rebuilt when absent."""
    return Path(os.environ.get("SLIPWAY_CACHE") or Path.home() / ".cache" / "slipway")


def stack_file(stack: str) -> Path:
    """The configuration of a stack: its file in stacks/, or the file that SLIPWAY_CONFIG_FILE names."""
    return Path(os.environ.get("SLIPWAY_CONFIG_FILE") or PROJECT / "stacks" / f"Pulumi.{stack}.yaml").absolute()


@dataclass(frozen=True)
class State:
    """The folder that holds all that Slipway keeps on this machine; nothing else is written outside the cache.

    `run/` belongs to the local stack and goes with `slipway down`; `store/` is the local object store (releases,
    checkpoints, tracking) and stays, as a bucket would.
    """

    root: Path

    @classmethod
    def locate(cls) -> "State":
        return cls(Path(os.environ.get("SLIPWAY_STATE") or PROJECT / ".slipway").absolute())

    @property
    def run(self) -> Path:
        return self.root / "run"

    @property
    def store(self) -> Path:
        return self.root / "store"

    @property
    def store_url(self) -> str:
        return self.store.as_uri()

    @property
    def tracking(self) -> Path:
        """MLflow's sqlite file: runs and the model registry."""
        return self.store / "mlflow" / "mlflow.db"

    @property
    def backend(self) -> Path:
        """Pulumi's own file backend for the `local` stack."""
        return self.root / "pulumi"

    @property
    def passphrase(self) -> Path:
        return self.root / "secrets" / "passphrase"

    def engine_config(self, stack: str) -> Path:
        """The engine's copy of a stack file, where it writes the salt that goes with this machine's passphrase."""
        return self.root / f"Pulumi.{stack}.yaml"

    @property
    def edge_token(self) -> Path:
        """The edge's bearer token, written by infra/local/identity."""
        return self.run / "secrets" / "edge-token"

    @property
    def inventory(self) -> Path:
        """What the local stack runs, as JSON; written by infra/local/observability, read by status and the page."""
        return self.run / "inventory.json"

    @property
    def releases(self) -> Path:
        """Releases fetched from the store and verified, one folder per digest; services load them from here."""
        return self.root / "releases"

    @property
    def supervisor_socket(self) -> Path:
        return self.run / "supervisor" / "supervisor.sock"

    def pin(self, stack: str) -> Path:
        """The release that a stack serves: committed for every stack but `local`, whose store is this machine's.

        SLIPWAY_RELEASES names another folder for committed ones.
        """
        if stack == "local":
            return self.root / "local.release.json"
        folder = os.environ.get("SLIPWAY_RELEASES") or PROJECT / "stacks" / "releases"
        return Path(folder) / f"{stack}.json"
