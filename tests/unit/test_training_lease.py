"""Two jobs of equal settings and one place for their checkpoints."""

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, suppress
from pathlib import Path
from types import MappingProxyType, SimpleNamespace
from typing import Any

import obstore
import pytest
from obstore.exceptions import GenericError, PreconditionError
from obstore.store import MemoryStore

from slipway.errors import TrainingError
from training.checkpoint.lease import NAME, Lease, LostError, held
from training.config import CheckpointSettings, TrainSettings
from training.launch.protocol import JobSpec
from training.preempt import Orphaned, Preempted, Preemption
from training.run import run


@pytest.fixture
def bucket() -> MemoryStore:
    return MemoryStore()


def lease(bucket: MemoryStore, owner: str) -> Lease:
    return Lease(bucket, owner=owner, place="s3://b/checkpoints/af12")


def taken(bucket: MemoryStore, owner: str) -> Lease:
    made = lease(bucket, owner)
    made.take(sleep=_never)
    return made


def names(bucket: MemoryStore) -> list[str]:
    return [each["path"] for each in bucket.list().collect()]


def _never(_: float) -> None:
    raise AssertionError("it waits")


def meanwhile(act: Callable[[], object]) -> Callable[[float], None]:
    def wait(_: float) -> None:
        act()

    return wait


def test_a_second_job_of_equal_settings_is_refused_while_the_first_one_lives(bucket: MemoryStore):
    first = taken(bucket, "lm-1")
    with pytest.raises(TrainingError, match="the job lm-1 trains with the same settings") as refused:
        lease(bucket, "lm-2").take(sleep=meanwhile(first.renew))
    assert "training.seed" in refused.value.hint
    first.renew()


def test_a_job_that_has_ended_is_gone_on_with(bucket: MemoryStore):
    taken(bucket, "lm-1")
    waited: list[float] = []
    lease(bucket, "lm-2").take(sleep=waited.append)
    assert 30 < sum(waited) <= 240


def test_a_pod_takes_up_the_lease_of_the_one_before_it_at_once(bucket: MemoryStore):
    taken(bucket, "lm-1")
    taken(bucket, "lm-1").renew()


def test_a_job_that_was_taken_over_from_learns_of_it(bucket: MemoryStore):
    first = taken(bucket, "lm-1")
    lease(bucket, "lm-2").take(sleep=lambda _: None)
    with pytest.raises(LostError, match="lm-2"):
        first.renew()


def test_of_two_that_take_over_at_once_one_gets_it(bucket: MemoryStore):
    taken(bucket, "lm-1")
    second = lease(bucket, "lm-2")

    def third_is_faster() -> None:
        lease(bucket, "lm-3").take(sleep=lambda _: None)

    calls = iter([third_is_faster])
    with pytest.raises(TrainingError, match="lm-3"):
        second.take(sleep=meanwhile(lambda: next(calls, lambda: taken(bucket, "lm-3"))()))


def test_what_was_given_back_is_free_at_once(bucket: MemoryStore):
    taken(bucket, "lm-1").give_back()
    taken(bucket, "lm-2")


def test_a_store_that_does_not_answer_takes_no_lease_away(bucket: MemoryStore, monkeypatch: pytest.MonkeyPatch):
    first = taken(bucket, "lm-1")

    def away(*_: object, **__: object) -> None:
        raise GenericError("no answer")

    with monkeypatch.context() as patched:
        patched.setattr("training.checkpoint.lease.obstore.put", away)
        first.renew()
    first.renew()


def test_a_store_that_does_not_answer_whose_it_is_takes_no_lease_away(
    bucket: MemoryStore, monkeypatch: pytest.MonkeyPatch
):
    first = taken(bucket, "lm-1")

    def refused(*_: object, **__: object) -> None:
        raise PreconditionError("the tag is another")

    def away(*_: object, **__: object) -> None:
        raise GenericError("no answer")

    with monkeypatch.context() as patched:
        patched.setattr("training.checkpoint.lease.obstore.put", refused)
        patched.setattr("training.checkpoint.lease.obstore.get", away)
        first.renew()
    first.renew()
    assert first.is_kept()


def test_a_renewal_whose_answers_were_lost_is_gone_on_with(bucket: MemoryStore, monkeypatch: pytest.MonkeyPatch):
    first, put = taken(bucket, "lm-1"), obstore.put

    def unanswered(*told: Any, **how: Any) -> None:
        put(*told, **how)
        raise GenericError("no answer")

    with monkeypatch.context() as patched:
        patched.setattr("training.checkpoint.lease.obstore.put", unanswered)
        first.renew()
    first.renew()
    assert first.is_kept()


def test_a_pod_that_is_cut_off_learns_that_another_is_in_its_place(bucket: MemoryStore):
    cut_off, in_its_place = taken(bucket, "lm-1"), taken(bucket, "lm-1")
    with pytest.raises(LostError, match="another process of the job lm-1"):
        cut_off.renew()
    in_its_place.renew()


def test_a_name_that_somebody_deleted_is_put_again(bucket: MemoryStore):
    first = taken(bucket, "lm-1")
    bucket.delete(NAME)
    first.renew()
    assert names(bucket) == [NAME]


def test_who_waits_for_another_job_says_for_which_once(bucket: MemoryStore):
    taken(bucket, "lm-1")
    said: list[str] = []
    lease(bucket, "lm-2").take(sleep=lambda _: None, say=said.append)
    assert [line.split(":")[1] for line in said] == ["//b/checkpoints/af12 has the name of the job lm-1"]


def holding(
    folder: Path,
    url: str = "memory://",
    *,
    leads: bool = True,
    meet: Callable[[], object] = lambda: None,
    environment: Mapping[str, str] = MappingProxyType({}),
) -> AbstractContextManager[Lease | None]:
    return held(folder, url, leads=leads, meet=meet, lost=print, say=print, environment=environment)


@pytest.mark.parametrize(("url", "leads"), [("", True), ("file:///checkpoints", True), ("memory://b", False)])
def test_a_folder_and_who_does_not_lead_need_no_lease(tmp_path: Path, url: str, leads: bool):
    with holding(tmp_path, url, leads=leads) as none:
        assert none is None


def test_who_does_not_lead_waits_until_it_is_held(tmp_path: Path):
    met: list[str] = []
    with holding(tmp_path, leads=False, meet=lambda: met.append("here")):
        assert met == ["here"]


def test_who_leads_meets_the_others_once_it_holds_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, bucket: MemoryStore
):
    monkeypatch.setattr("training.checkpoint.lease.open_store", lambda _: bucket)
    there: list[list[str]] = []
    with holding(tmp_path, meet=lambda: there.append(names(bucket))):
        assert there == [[NAME]]


def test_who_was_taken_over_from_ends_without_giving_back_what_is_anothers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, bucket: MemoryStore
):
    monkeypatch.setattr("training.checkpoint.lease.open_store", lambda _: bucket)
    with holding(tmp_path) as thawed:
        lease(bucket, "lm-2").take(sleep=lambda _: None)
        assert thawed is not None
        assert not thawed.is_kept()
    assert names(bucket) == [NAME]


def test_a_bucket_that_the_cluster_names_is_held_by_the_job(tmp_path: Path):
    told = {"SLIPWAY_CHECKPOINTS": "memory://", "JOB_NAME": "lm-1"}
    with holding(tmp_path, "", environment=told) as lease:
        assert lease is not None
        lease.renew()


@pytest.mark.parametrize(("how", "left"), [(None, 0), (Preempted(), 0), (Orphaned(), 1), (TrainingError("no"), 1)])
def test_it_is_given_back_by_who_is_done_or_moves_and_kept_for_who_comes_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, bucket: MemoryStore, how: Exception | None, left: int
):
    monkeypatch.setattr("training.checkpoint.lease.open_store", lambda _: bucket)
    with suppress(Preempted, TrainingError), holding(tmp_path):
        if how:
            raise how
    assert len(names(bucket)) == left


@pytest.mark.parametrize(("taken_over", "left"), [(False, False), (True, True)])
def test_a_run_that_ends_clears_its_checkpoints_and_not_those_of_who_took_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, bucket: MemoryStore, taken_over: bool, left: bool
):
    def exported(*_: object, **__: object) -> SimpleNamespace:
        if taken_over:
            lease(bucket, "lm-2").take(sleep=lambda _: None)
        return SimpleNamespace(name="digits", digest="d" * 64, metrics={})

    monkeypatch.setattr("training.checkpoint.lease.open_store", lambda _: bucket)
    monkeypatch.setattr("training.checkpoint.storage.open_store", lambda _: bucket)
    monkeypatch.setattr("training.run.torch.use_deterministic_algorithms", lambda *_, **__: None)
    monkeypatch.setattr("training.run.export.release", exported)
    settings = TrainSettings(task="digits", checkpoint=CheckpointSettings(url="memory://"))
    run(JobSpec(settings=settings, store_url="memory://", tracking_uri=None, work_folder=tmp_path), Preemption())
    assert any(name.startswith("step-") for name in names(bucket)) is left
