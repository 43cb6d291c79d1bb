"""Reports a run to MLflow from a thread of its own: parameters, figures by epoch, the release in the model registry.

MLflow takes seconds to import and its database may be away. Neither may hold up a step or end a run, so reports are
handed over and forgotten; what goes wrong is one warning. Artifacts are not logged: a release is where files belong.
"""

import math
import os
import queue
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Self

from slipway.release import Release
from training.observe.figures import Figures
from training.preempt import Preempted

if TYPE_CHECKING:
    from mlflow.tracking import MlflowClient

_Report = Callable[["MlflowClient", str], object]

_PAUSE_S = 5.0  # between two reports of steps
_PATIENCE_S = 60.0  # for what is still to be handed over when a run has ended
_HASTE_S = 5.0  # the same when the machine is about to go


class Tracker:
    """Hands a run's figures to MLflow for as long as its block runs; with no `uri` it does nothing.

    MLflow's run ends as FINISHED, FAILED, or KILLED, which is preempted and may go on. warn: told what went wrong.
    run_file: remembers MLflow's run, so that a resumed run goes on in the one it began. leads: whether this process
    reports from the start.
    """

    def __init__(
        self,
        uri: str | None,
        *,
        experiment: str,
        artifacts: str,
        params: Mapping[str, object],
        run_file: Path,
        warn: Callable[[str], None],
        leads: bool = True,
    ) -> None:
        self._warn = warn
        self._reports: queue.SimpleQueue[_Report | None] = queue.SimpleQueue()
        self._thread: threading.Thread | None = None
        self._reported_at = -math.inf
        self._opens = (uri, experiment, artifacts, dict(params), run_file) if uri else None
        if leads:
            self.lead()

    def lead(self) -> None:
        """Report from now on, if it did not: only one process does. Returns at once."""
        if self._opens and self._thread is None:
            self._thread = threading.Thread(target=self._work, args=self._opens, daemon=True)
            self._thread.start()

    def figures(self, epoch: int, figures: Mapping[str, float]) -> None:
        """Figures on the validation split after an epoch. Returns at once."""
        values = dict(figures)

        def report(client: "MlflowClient", run: str) -> None:
            for name, value in values.items():
                client.log_metric(run, f"validation_{name}", value, step=epoch)

        if self._thread is not None:
            self._reports.put(report)

    def steps(self, seen: Figures) -> None:
        """Figures of the last steps, at most once every few seconds. Returns at once."""
        if self._thread is None or time.monotonic() - self._reported_at < _PAUSE_S:
            return
        self._reported_at = time.monotonic()
        values = {
            "loss": seen.loss,
            "gradient_norm": seen.gradient_norm,
            "rows_per_second": seen.rows_per_s,
            "tokens_per_second": seen.tokens_per_s or None,
            "mfu": seen.mfu,
            "device_memory_bytes": seen.memory_bytes or None,
            "data_wait": seen.waited,
            "checkpoint_stall": seen.stalled,
            "workers": seen.workers,
        }
        known = {f"train_{name}": float(value) for name, value in values.items() if value is not None}

        def report(client: "MlflowClient", run: str) -> None:
            for name, value in known.items():
                client.log_metric(run, name, value, step=seen.step)

        self._reports.put(report)

    def register(self, release: Release, source: str) -> None:
        """The release's metrics, and a version in the model registry that points to it. Returns at once."""

        def report(client: "MlflowClient", run: str) -> None:
            for name, value in release.metrics.items():
                client.log_metric(run, name, value)
            client.set_tag(run, "slipway.release", release.digest)
            if not client.search_registered_models(f"name = '{release.name}'"):
                client.create_registered_model(release.name)
            if not client.search_model_versions(f"name = '{release.name}' and tags.digest = '{release.digest}'"):
                client.create_model_version(release.name, source, run_id=run, tags={"digest": release.digest})

        self._reports.put(report)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        """End MLflow's run. Blocks until all is handed over, a minute at most, a few seconds if the machine must go."""
        if self._thread is None:
            return
        ending = "FINISHED" if kind is None else "KILLED" if issubclass(kind, Preempted) else "FAILED"
        self._reports.put(lambda client, run: client.set_terminated(run, ending))
        self._reports.put(None)
        self._thread.join(_HASTE_S if ending == "KILLED" else _PATIENCE_S)
        if self._thread.is_alive():
            self._warn("MLflow was too slow: its record of this run is incomplete")

    def _work(self, uri: str, experiment: str, artifacts: str, params: dict[str, object], run_file: Path) -> None:
        try:
            client = _client(uri)
            run = _open_run(client, experiment, artifacts, params, run_file)
            while report := self._reports.get():
                report(client, run)
        except Exception as error:  # whatever it is, the run is worth more than its record
            said = str(error).replace(uri, "the tracking URI")  # which may hold a password
            self._warn(f"MLflow takes no reports, training goes on: {type(error).__name__}: {said}")


def _client(uri: str) -> "MlflowClient":
    os.environ.update(MLFLOW_DISABLE_TELEMETRY="true", DO_NOT_TRACK="true", GIT_PYTHON_REFRESH="quiet")
    from mlflow.tracking import MlflowClient  # seconds

    if uri.startswith("sqlite:///"):
        Path(uri.removeprefix("sqlite:///")).parent.mkdir(parents=True, exist_ok=True)
    return MlflowClient(tracking_uri=uri, registry_uri=uri)


def _open_run(
    client: "MlflowClient", experiment: str, artifacts: str, params: Mapping[str, object], run_file: Path
) -> str:
    with suppress(FileNotFoundError):
        return client.get_run(run_file.read_text()).info.run_id
    found = client.get_experiment_by_name(experiment)
    identity = found.experiment_id if found else client.create_experiment(experiment, artifact_location=artifacts)
    run = client.create_run(identity).info.run_id
    for name, value in params.items():
        client.log_param(run, name, value)
    run_file.parent.mkdir(parents=True, exist_ok=True)
    run_file.write_text(run)
    return run
