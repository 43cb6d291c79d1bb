"""No request fails when a replica dies, a region dies, a release rolls out or a replica is added (issue 3, bar 3)."""

import asyncio
import os
import signal
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest

from slipway.example import served_example
from tests.system.load import Report, Target, load
from tests.system.platform import Platform
from tests.system.variants import newer_version

pytestmark = pytest.mark.system

RATE_PER_S = 320.0
_BEFORE_S, _AFTER_S = 1.0, 3.0


def under_load(platform: Platform, fault: Callable[[], object]) -> Report:
    """A fault in the middle of a load on the edge; what the callers saw."""
    body = msgspec.json.encode({"instances": [served_example(platform.inventory)]})
    target = Target(port=platform.port, token=platform.token, path="/predict", body=body)

    async def story() -> Report:
        async with load(target, rate_per_s=RATE_PER_S) as report:
            await asyncio.sleep(_BEFORE_S)
            await asyncio.to_thread(fault)
            await asyncio.sleep(_AFTER_S)
        return report

    report = asyncio.run(story())
    print(f"{report.sent} requests, {report.requests_per_s:.0f}/s, {len(report.failures)} failed")
    assert report.requests_per_s >= 0.9 * RATE_PER_S, "the load itself was too slow to prove anything"
    return report


def kill(pids: list[int]) -> None:
    for pid in pids:
        os.kill(pid, signal.SIGKILL)


@pytest.mark.parametrize("region", ["us-east-1", "ap-south-1"])
@pytest.mark.parametrize("replica", [0, 1])
def test_kill_9_of_a_replica_fails_no_request(healthy: Platform, region: str, replica: int):
    pid = healthy.pids(f"predictor-{region}")[replica]
    assert under_load(healthy, lambda: kill([pid])).failures == []


def test_kill_9_of_the_preferred_region_fails_no_request(healthy: Platform):
    pids = healthy.pids("predictor-us-east-1")
    assert under_load(healthy, lambda: kill(pids)).failures == []


def test_a_region_that_stays_away_is_served_by_the_other(healthy: Platform):
    healthy.run("scale", "predictor-us-east-1", "0")
    try:
        assert healthy.ask(served_example(healthy.inventory))
    finally:
        healthy.run("scale", "predictor-us-east-1", "2")


def test_a_third_replica_joins_without_a_failed_request(healthy: Platform):
    report = under_load(healthy, lambda: healthy.run("scale", "predictor-us-east-1", "3"))
    assert report.failures == []
    assert healthy.healthy_replicas("predictor-us-east-1") == 3


def test_a_replica_leaves_without_a_failed_request(healthy: Platform):
    healthy.run("scale", "predictor-us-east-1", "3")
    assert under_load(healthy, lambda: healthy.run("scale", "predictor-us-east-1", "2")).failures == []


def test_a_replica_above_the_minimum_is_no_drift(healthy: Platform):
    healthy.run("scale", "predictor-us-east-1", "3")
    assert healthy.slipway("up")["changed"] == 0
    assert len(healthy.pids("predictor-us-east-1")) == 3
    healthy.run("scale", "predictor-us-east-1", "2")


def test_a_rollout_and_its_rollback_fail_no_request(healthy: Platform, tmp_path: Path):
    former = healthy.inventory.release
    newer = newer_version(healthy, tmp_path / "rollout")

    rollout = under_load(healthy, lambda: healthy.slipway("promote", newer[:16]))
    assert rollout.failures == []
    assert {former[:12], newer[:12]} == {release[:12] for release in rollout.releases}

    rollback = under_load(healthy, lambda: healthy.slipway("rollback"))
    assert rollback.failures == []
    assert healthy.inventory.release == former
