"""What the launcher for a cluster fills into a job's manifest, and what it reads of its pods."""

import json
from pathlib import Path
from typing import Any

import kubernetes_validate
import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from infra.kubernetes.trainer import JOBS as JOBS_OF_THE_STACK
from infra.naming import NAMESPACE as NAMESPACE_OF_THE_STACK
from slipway.errors import TrainingError
from tests.kubernetes_objects import variant
from training.config import ElasticSettings, TrainSettings
from training.launch.cluster import Cluster
from training.launch.kubernetes import JOBS, NAMESPACE, KubernetesJob, KubernetesLauncher
from training.launch.manifest import (
    Workers,
    accelerators,
    filled_in,
    job_name,
    outcome_of,
    progress,
    secret,
    state_of,
    why_failed,
    workers_on,
)
from training.launch.protocol import JobSpec, JobState, read_job
from training.outcome import Outcome, TrainingResult

RESULT = TrainingResult(name="employment", digest="d" * 64, metrics={"auc": 0.8}, epochs=3, best_epoch=2, seconds=9.0)


def template() -> dict[str, Any]:
    return json.loads(variant("eks")["trainer-jobs"]["data"]["train.json"])


def made(nodes: int = 4, each: int = 8) -> dict[str, Any]:
    return filled_in(template(), name="employment-0a1b", workers=Workers(nodes=nodes, each=each))


def ended(outcome: Outcome | None) -> dict[str, Any]:
    """A pod whose container has ended, with what it left."""
    message = "" if outcome is None else msgspec.json.encode(outcome).decode()
    return {"status": {"containerStatuses": [{"state": {"terminated": {"exitCode": 1, "message": message}}}]}}


def finished(kind: str, message: str = "") -> dict[str, Any]:
    return {"status": {"conditions": [{"type": kind, "status": "True", "message": message}]}}


def test_the_launcher_looks_where_the_stack_puts_its_manifests():
    assert (NAMESPACE, JOBS) == (NAMESPACE_OF_THE_STACK, JOBS_OF_THE_STACK)


def test_an_elastic_job_is_refused_before_the_cluster_is_asked_anything(tmp_path: Path):
    job = JobSpec(
        settings=TrainSettings(workers=16, elastic=ElasticSettings(min_workers=8)),
        store_url="s3://b",
        tracking_uri=None,
        work_folder=tmp_path,
    )
    with pytest.raises(TrainingError, match=r"training\.elastic is for one machine"):
        KubernetesLauncher(kubeconfig=tmp_path / "none").submit(job)


def test_a_filled_in_job_is_one_that_kubernetes_knows():
    kubernetes_validate.validate(made(), "1.36", strict=True)


def test_a_job_of_several_nodes_tells_torchrun_of_all_of_them():
    spec = made(nodes=4)["spec"]
    assert (spec["completions"], spec["parallelism"]) == (4, 4)
    assert {"name": "NODES", "value": "4"} in spec["template"]["spec"]["containers"][0]["env"]


def test_a_job_reads_its_own_secret():
    volumes = made()["spec"]["template"]["spec"]["volumes"]
    assert [each["secret"]["secretName"] for each in volumes if "secret" in each] == ["employment-0a1b"]


def test_what_the_cluster_holds_ready_is_left_as_it_is():
    before = template()
    filled_in(before, name="other", workers=Workers(nodes=2, each=1))
    assert before == template()


def test_what_to_train_is_read_by_the_trainer_with_a_folder_of_its_pod(tmp_path: Path):
    job = JobSpec(settings=TrainSettings(), store_url="s3://b", tracking_uri=None, work_folder=Path("/elsewhere"))
    file = tmp_path / "job.json"
    file.write_text(secret(job, made())["stringData"]["job.json"])
    assert read_job(file).work_folder == Path("/work")


def test_a_secret_has_the_name_and_the_labels_of_its_job():
    job = JobSpec(settings=TrainSettings(), store_url="s3://b", tracking_uri=None, work_folder=Path())
    kept = secret(job, made())
    kubernetes_validate.validate(kept, "1.36", strict=True)
    assert kept["metadata"]["name"] == "employment-0a1b"
    assert kept["metadata"]["labels"]["slipway/owner"] == "ml-platform"


def test_accelerators_are_counted_from_what_a_pod_asks_for():
    assert accelerators(template()) == 8


@pytest.mark.parametrize(
    ("wanted", "workers"),
    [
        (None, Workers(nodes=1, each=8)),
        (8, Workers(nodes=1, each=8)),
        (2, Workers(nodes=1, each=2)),
        (32, Workers(nodes=4, each=8)),
    ],
)
def test_workers_fill_nodes_one_after_the_other(wanted: int | None, workers: Workers):
    assert workers_on(template(), wanted) == workers


def test_workers_that_leave_a_node_half_empty_are_refused():
    with pytest.raises(TrainingError, match="12 workers do not fill whole nodes of 8"):
        workers_on(template(), 12)


@given(st.text(max_size=80))
def test_any_task_gives_a_name_that_kubernetes_takes_with_an_index_and_five_letters(task: str):
    name = f"{job_name(task, '0a1b2c3d')}-1023-abcde"
    assert len(name) <= 63
    assert name[0].isalnum()
    assert all(letter.isascii() and (letter.isalnum() or letter == "-") for letter in name)
    assert name == name.lower()


def test_a_task_of_ones_own_is_named_by_its_class():
    assert job_name("example.tasks:Fraud_Model", "0a1b") == "fraud-model-0a1b"


@pytest.mark.parametrize(
    ("job", "state"),
    [
        (None, JobState.CANCELLED),
        ({}, JobState.RUNNING),
        (finished("Complete"), JobState.SUCCEEDED),
        (finished("Failed"), JobState.FAILED),
        (finished("SuccessCriteriaMet"), JobState.RUNNING),
    ],
)
def test_a_job_stands_where_its_conditions_say(job: dict[str, Any] | None, state: JobState):
    assert state_of(job) is state


def test_the_result_is_found_whichever_pod_led():
    pods = [ended(None), ended(Outcome(state="succeeded", result=RESULT)), ended(None)]
    assert outcome_of(pods) == Outcome(state="succeeded", result=RESULT)


def test_an_earlier_preemption_does_not_hide_the_result():
    pods = [ended(Outcome(state="preempted")), ended(Outcome(state="succeeded", result=RESULT))]
    assert outcome_of(pods) == Outcome(state="succeeded", result=RESULT)


def test_why_a_run_failed_is_told_in_the_trainers_words():
    failed = Outcome(state="failed", message="the data is empty")
    assert outcome_of([ended(Outcome(state="preempted")), ended(failed)]) == failed


def test_pods_that_say_nothing_give_no_outcome():
    assert outcome_of([ended(None), {"status": {}}]) is None


def test_why_a_job_failed_is_told_in_kubernetes_words():
    assert why_failed(finished("Failed", "Job has failed indexes")) == "Job has failed indexes"


class LogsOfPods(Cluster):
    """phases: of the pods, by name, each of which has told as many epochs of ten as its name says."""

    def __init__(self, phases: dict[str, str]) -> None:
        self._phases = phases

    def pods(self, job: str) -> list[dict[str, Any]]:
        return [{"metadata": {"name": name}, "status": {"phase": phase}} for name, phase in self._phases.items()]

    def log(self, pod: str, *, lines: int) -> str:
        return f"epoch {pod}/10 · loss 0.5\n"


@pytest.mark.parametrize(("phases", "done"), [({"8": "Failed", "5": "Running"}, 0.5), ({"8": "Failed"}, None)])
def test_what_a_pod_had_done_that_is_gone_counts_as_lost(phases: dict[str, str], done: float | None):
    job = KubernetesJob(LogsOfPods(phases), "employment-0a1b", nodes=1, show=lambda _: None)
    assert job.done() == done


def test_who_watches_is_told_how_many_wait_for_a_node():
    pods = [{"status": {"phase": phase}} for phase in ("Running", "Pending", "Pending")]
    assert progress(pods, 4) == "1 of 4 pods run, 2 wait for a node"
