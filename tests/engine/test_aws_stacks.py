"""Every AWS stack under the real engine, from nothing to nothing, on a simulated AWS.

A stack climbs the whole ladder once: up, up again, refreshed, changed, destroyed. Each test asserts one thing of it.
"""

import contextlib
import tempfile
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
import pytest
import yaml

from tests.engine.simulated.core.kinds import Package
from tests.engine.simulated.project import Ran, SimulatedProject, make
from tests.stacks.programs import AWS_STACKS

pytestmark = pytest.mark.engine

SECRET = "Zk3-planted-in-settings-8Qw-which-nobody-may-read"
WITH_SECRET = "aws-prod"  # another makes its secret itself
LABELS = {"owner", "environment", "cost-center"}
_LOOK_EVERY_S = 0.2


@dataclass(frozen=True, kw_only=True)
class Ladder:
    """What each rung gave. resources: the state after the first `up`. held: how many the cloud held then.

    seen: the command lines of the processes that ran meanwhile. kept: all that lies in files, but what AWS holds.
    outputs: of the stack, after the change.
    """

    stack: str
    up: Ran
    resources: list[dict[str, Any]]
    held: int
    again: Ran
    refreshed: Ran
    changed: Ran
    outputs: Mapping[str, Any]
    refused: Ran
    kept: str
    seen: str
    destroyed: Ran
    left: int
    remembered: int


@pytest.fixture(scope="module", params=AWS_STACKS)
def ladder(request: pytest.FixtureRequest) -> Iterator[Ladder]:
    with tempfile.TemporaryDirectory(prefix="slipway-aws-") as folder:
        yield climb(make(Path(folder), request.param))


def climb(project: SimulatedProject) -> Ladder:
    if project.stack == WITH_SECRET:
        project.call("config", "set", "--secret", "slipway:origin_token", given=SECRET)
    with watched() as seen:
        up = project.up()
    resources, held = project.state(), len(project.holdings.all())
    again, refreshed = project.up(), project.refresh()
    change(project)
    changed, outputs = project.up(), project.outputs()
    refused = refuse(project)
    kept = written(project.folder)
    lift_protection(project)
    return Ladder(
        stack=project.stack,
        up=up,
        resources=resources,
        held=held,
        again=again,
        refreshed=refreshed,
        changed=changed,
        outputs=outputs,
        refused=refused,
        kept=kept,
        seen="\n".join(seen),
        destroyed=project.destroy(),
        left=len(project.holdings.all()),
        remembered=len(project.state()),
    )


def change(project: SimulatedProject) -> None:
    """One change of each kind, by settings: other machines for the system's nodes (a replacement), another budget (an
    update), the last pool under another name (deletions and creations), and a first region that has nothing left.
    """
    config = yaml.safe_load(project.file.read_text())["config"]
    settings = {key.removeprefix("slipway:"): value for key, value in config.items()}
    *others, last = settings["gpu_pools"]
    regions = project.outputs()["regions"]
    project.configure(
        cluster={"system_machines": ["m7i.large"]},
        budget=settings["budget"] | {"usd_per_month": settings["budget"]["usd_per_month"] * 2},
        gpu_pools=[*others, last | {"name": "other"}],
        gone=[{"region": regions[0]}] if len(regions) > 1 else None,
    )


def lift_protection(project: SimulatedProject) -> None:
    """As a person does who means it: in the engine's state, and at AWS for the clusters."""
    project.call("state", "unprotect", "--all", "--yes")
    for cluster in project.holdings.all():
        if cluster.token == "aws:eks/cluster:Cluster":
            project.holdings.drift(cluster.name, deletionProtection=False)


def refuse(project: SimulatedProject) -> Ran:
    """A preview of settings that are wrong, beside a secret."""
    project.configure(throttle={"burst": 0})
    refused = project.preview()
    project.configure(throttle=None)
    return refused


@contextlib.contextmanager
def watched() -> Iterator[set[str]]:
    """The command lines of all processes that descend from this one, looked at again and again meanwhile."""
    seen: set[str] = set()
    done = threading.Event()

    def look() -> None:
        while not done.wait(_LOOK_EVERY_S):
            for process in psutil.Process().children(recursive=True):
                with contextlib.suppress(psutil.Error):
                    seen.add(" ".join(process.cmdline()))

    watcher = threading.Thread(target=look, daemon=True)
    watcher.start()
    yield seen
    done.set()
    watcher.join()


def written(folder: Path) -> str:
    """Every file of a project but what the simulated cloud holds, which is AWS' and not on any disk of ours."""
    files = [file for file in folder.rglob("*") if file.is_file() and not file.is_relative_to(folder / "cloud")]
    mine = [file for file in files if not any(parent.is_symlink() for parent in file.parents)]
    return "\n".join(file.read_text(errors="replace") for file in mine)


def made_by_aws(ladder: Ladder) -> list[dict[str, Any]]:
    return [resource for resource in ladder.resources if resource["type"].startswith("aws:")]


def test_a_stack_comes_up(ladder: Ladder):
    assert ladder.up.ok, ladder.up.why


def test_the_cloud_holds_what_the_engine_made(ladder: Ladder):
    assert ladder.held == len(made_by_aws(ladder)) > 0


def test_a_second_up_changes_nothing(ladder: Ladder):
    assert ladder.again.ok, ladder.again.why
    assert ladder.again.changed == 0, ladder.again.operations


def test_a_refresh_finds_nothing_changed(ladder: Ladder):
    assert ladder.refreshed.ok, ladder.refreshed.why
    assert ladder.refreshed.changed == 0, ladder.refreshed.operations


def test_a_change_of_each_kind_is_made(ladder: Ladder):
    assert ladder.changed.ok, ladder.changed.why
    assert {"create", "update", "replace", "delete"} <= ladder.changed.operations.keys()


def test_a_change_leaves_alone_what_it_does_not_concern(ladder: Ladder):
    assert ladder.changed.operations["same"] > len(ladder.resources) / 2


def test_a_region_that_has_nothing_left_is_passed_over_and_the_output_says_why(ladder: Ladder):
    regions = ladder.outputs["regions"]
    if len(regions) < 2:
        pytest.skip("the stack has one region")
    pools = ladder.outputs["capacity"].values()
    assert {pool["region"] for pool in pools} == {regions[1]}
    assert all(f"{regions[0]} spot, {regions[0]} on demand are gone" in pool["reason"] for pool in pools)


def test_a_destroy_leaves_nothing(ladder: Ladder):
    assert ladder.destroyed.ok, ladder.destroyed.why
    assert ladder.left == 0
    assert ladder.remembered == 0


def test_no_resource_is_of_a_default_provider(ladder: Ladder):
    providers = [resource["urn"] for resource in ladder.resources if resource["type"] == "pulumi:providers:aws"]
    assert not [urn for urn in providers if "::default" in urn]
    for resource in made_by_aws(ladder):
        assert resource["provider"].rpartition("::")[0] in providers, resource["urn"]


def test_every_resource_that_can_carry_labels_says_owner_environment_and_cost_center(ladder: Ladder):
    sdk = Package("pulumi_aws")
    taggable = [it for it in made_by_aws(ladder) if "tagsAll" in getattr(sdk.kind(it["type"]), "outputs", ())]
    assert len(taggable) > len(made_by_aws(ladder)) / 4
    for resource in taggable:
        assert resource["outputs"]["tagsAll"].keys() >= LABELS, resource["urn"]


def test_settings_that_are_wrong_are_refused_at_preview(ladder: Ladder):
    assert not ladder.refused.ok
    assert "slipway:throttle.burst" in ladder.refused.why


@pytest.mark.parametrize("ladder", [WITH_SECRET], indirect=True)
def test_a_secret_in_settings_is_in_no_file_log_argument_or_error(ladder: Ladder):
    assert SECRET not in ladder.kept
    assert SECRET not in ladder.seen
    for ran in (ladder.up, ladder.again, ladder.refreshed, ladder.changed, ladder.refused, ladder.destroyed):
        assert SECRET not in ran.said
