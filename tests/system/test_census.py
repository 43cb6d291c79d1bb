"""The sample task on real data: two trainings of the platform's first release, from the same seed (issue 3, bar 2)."""

from typing import Any

import numpy as np
import onnxruntime as ort
import psutil
import pytest

from slipway.catalogue import resolve
from slipway.release import GOLDEN, MODEL, fetch
from slipway.store import open_store
from tests.system.platform import Platform

pytestmark = pytest.mark.system


@pytest.fixture(scope="module")
def again(platform: Platform) -> dict[str, Any]:
    """What `slipway train` says of a second training, after the one that `slipway up` began with."""
    return platform.slipway("train")


def test_a_model_of_2015_tells_who_is_employed_in_2016(again: dict[str, Any]):
    assert again["metrics"]["auc"] >= 0.900


def test_the_same_seed_gives_the_same_release(again: dict[str, Any], platform: Platform):
    first = resolve(platform.state, platform.inventory.release)
    assert (again["digest"], again["metrics"]) == (first.digest, first.metrics)


def test_the_release_answers_as_the_trainer_did_on_a_thousand_rows(again: dict[str, Any], platform: Platform, tmp_path):
    release = fetch(open_store(platform.state.store_url), again["name"], again["digest"], tmp_path)
    session = ort.InferenceSession(release / MODEL, providers=["CPUExecutionProvider"])
    with np.load(release / GOLDEN, allow_pickle=False) as golden:
        inputs = {value.name: golden[value.name] for value in session.get_inputs()}
        answers, expected = np.asarray(session.run(None, inputs)[0]), golden["answers"]
    assert len(expected) == 1000
    assert np.abs(answers - expected).max() <= 1e-5


def test_mlflow_has_the_run_and_a_registry_entry_that_points_to_the_release(again: dict[str, Any], platform: Platform):
    from mlflow.tracking import MlflowClient

    uri = f"sqlite:///{platform.state.tracking}"
    client = MlflowClient(tracking_uri=uri, registry_uri=uri)
    version = max(client.search_model_versions("name = 'employment'"), key=lambda version: int(version.version))
    assert version.run_id is not None
    run = client.get_run(version.run_id)
    assert version.tags["digest"] == again["digest"]
    assert run.info.status == "FINISHED"
    assert run.data.metrics["auc"] == pytest.approx(again["metrics"]["auc"])
    assert len(client.get_metric_history(version.run_id, "validation_auc")) == again["epochs"]


def test_a_finished_training_leaves_no_checkpoint_and_no_process(again: dict[str, Any], platform: Platform):
    work = platform.state.store / "training"
    assert again["digest"]
    assert not list((work / "runs").glob("*/step-*/.metadata"))
    commands = [process.info["cmdline"] or [] for process in psutil.process_iter(["cmdline"])]
    assert not [command for command in commands if str(work / "job.json") in command]
