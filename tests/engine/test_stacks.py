"""Every stack of a cloud, or of two, under the real engine, from nothing to nothing, on simulated clouds.

A stack climbs the whole ladder once: up, up again, refreshed, changed, destroyed. Each test asserts one thing of it.
"""

import contextlib
import tempfile
import threading
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
import pytest
import yaml

from tests.engine.simulated.project import Ran, SimulatedProject, make
from tests.stacks.programs import CLOUD_STACKS

pytestmark = pytest.mark.engine

SECRET = "Zk3-planted-in-settings-8Qw-which-nobody-may-read"
WITH_SECRET = "aws-prod"  # another makes its secret itself
LABELS = {"owner", "environment", "cost-center"}
CARRIED = {"aws": "tagsAll", "gcp": "effectiveLabels"}
"""By cloud, the output in which a resource that can carry labels shows all that it carries."""

CHANGED = [stack for stack in CLOUD_STACKS if stack not in ("gcp-staging", "multi-prod")]
"""Stacks that are changed on their way; the others are made of the same parts as these, and their runs are long."""

OTHER_MACHINES = {"aws": "m7i.large", "gcp": "e2-standard-8"}
_LOOK_EVERY_S = 0.2


@dataclass(frozen=True, kw_only=True)
class Ladder:
    """What each rung gave. resources: the state after the first `up`. held: how many the cloud held then. carried: the
    labels of each resource that can carry some.

    seen: the command lines of the processes that ran meanwhile. kept: all that lies in files, but what a cloud holds.
    outputs: of the stack, after the change. changed, outputs and refused mean nothing for what is
    not in CHANGED.
    """

    stack: str
    up: Ran
    resources: list[dict[str, Any]]
    held: int
    carried: list[dict[str, str]]
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


@pytest.fixture(scope="module", params=CLOUD_STACKS)
def ladder(request: pytest.FixtureRequest) -> Iterator[Ladder]:
    with tempfile.TemporaryDirectory(prefix="slipway-ladder-") as folder:
        yield climb(make(Path(folder), request.param))


def climb(project: SimulatedProject) -> Ladder:
    if project.stack == WITH_SECRET:
        project.call("config", "set", "--secret", "slipway:origin_token", given=SECRET)
    with watched() as seen:
        up = project.up()
    resources, held = project.state(), len(project.holdings.all())
    carried = [
        dict(it.plain_outputs[key])
        for it in project.holdings.all()
        if (key := CARRIED[it.token.split(":")[0]]) in it.plain_outputs
    ]
    again, refreshed = project.up(), project.refresh()
    if project.stack in CHANGED:
        change(project)
    changed, outputs = (project.up(), project.outputs()) if project.stack in CHANGED else (again, {})
    refused = refuse(project) if project.stack in CHANGED else again
    kept = written(project.folder)
    lift_protection(project)
    return Ladder(
        stack=project.stack,
        up=up,
        resources=resources,
        held=held,
        carried=carried,
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
    """One change of each kind in each cloud, by settings: other machines for the system's nodes, or another name (a
    replacement), another budget (an update), the last pool under another name (deletions and creations), and a first
    region that has nothing left.
    """
    config = yaml.safe_load(project.file.read_text())["config"]
    settings = {key.removeprefix("slipway:"): value for key, value in config.items()}
    if clouds := settings.get("clouds"):
        project.configure(
            clouds={cloud: part | changed_settings(cloud, part, part["regions"]) for cloud, part in clouds.items()}
        )
    else:
        project.configure(**changed_settings(settings["target"], settings, project.outputs()["regions"]))


def changed_settings(cloud: str, settings: Mapping[str, Any], regions: Sequence[str]) -> dict[str, Any]:
    *others, last = settings["gpu_pools"]
    changed = {
        "cluster": {"system_machines": [OTHER_MACHINES[cloud]]},
        "budget": settings["budget"] | {"usd_per_month": settings["budget"]["usd_per_month"] * 2},
        "gpu_pools": [*others, last | {"name": "other"}],
    }
    if cloud == "gcp" and "domain" in settings:  # GKE changes machines in place; a certificate is for one name
        changed["domain"] = settings["domain"] | {"name": f"other.{settings['domain']['zone']}"}
    return changed | ({"gone": [{"region": regions[0]}]} if len(regions) > 1 else {})


def lift_protection(project: SimulatedProject) -> None:
    """As a person does who means it: in the engine's state, and at the cloud for what guards itself."""
    project.call("state", "unprotect", "--all", "--yes")
    for it in project.holdings.all():
        if it.plain_inputs.get("deletionProtection"):
            project.holdings.drift_of(it, deletionProtection=False)


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
    """Every file of a project but what a simulated cloud holds, which is the cloud's and not on any disk of ours."""
    files = [file for file in folder.rglob("*") if file.is_file() and not file.is_relative_to(folder / "cloud")]
    mine = [file for file in files if not any(parent.is_symlink() for parent in file.parents)]
    return "\n".join(file.read_text(errors="replace") for file in mine)


def made_by_clouds(ladder: Ladder) -> list[dict[str, Any]]:
    return [resource for resource in ladder.resources if cloud_of(resource) in CARRIED]


def cloud_of(resource: Mapping[str, Any]) -> str:
    return resource["type"].partition(":")[0]


def test_a_stack_comes_up(ladder: Ladder):
    assert ladder.up.ok, ladder.up.why


def test_the_cloud_holds_what_the_engine_made(ladder: Ladder):
    assert ladder.held == len(made_by_clouds(ladder)) > 0


def test_a_second_up_changes_nothing(ladder: Ladder):
    assert ladder.again.ok, ladder.again.why
    assert ladder.again.changed == 0, ladder.again.operations


def test_a_refresh_finds_nothing_changed(ladder: Ladder):
    assert ladder.refreshed.ok, ladder.refreshed.why
    assert ladder.refreshed.changed == 0, ladder.refreshed.operations


@pytest.mark.parametrize("ladder", CHANGED, indirect=True)
def test_a_change_of_each_kind_is_made(ladder: Ladder):
    assert ladder.changed.ok, ladder.changed.why
    assert {"create", "update", "replace", "delete"} <= ladder.changed.operations.keys()


@pytest.mark.parametrize("ladder", CHANGED, indirect=True)
def test_a_change_leaves_alone_what_it_does_not_concern(ladder: Ladder):
    assert ladder.changed.operations["same"] > len(ladder.resources) / 2


@pytest.mark.parametrize("ladder", CHANGED, indirect=True)
def test_a_region_that_has_nothing_left_is_passed_over_and_the_output_says_why(ladder: Ladder):
    regions = ladder.outputs["regions"]
    if len(regions) < 2:
        pytest.skip("the stack has one region")
    for pool in ladder.outputs["capacity"].values():
        first, *_ = (choice.partition(" ")[0] for choice in pool["order"])
        assert pool["region"] != first
        assert first in regions
        assert f"{first} " in pool["reason"].partition(": ")[2]
        assert pool["reason"].endswith("gone")


def test_a_destroy_leaves_nothing(ladder: Ladder):
    assert ladder.destroyed.ok, ladder.destroyed.why
    assert ladder.left == 0
    assert ladder.remembered == 0


def test_no_resource_is_of_a_default_provider(ladder: Ladder):
    providers = [resource["urn"] for resource in ladder.resources if resource["type"].startswith("pulumi:providers:")]
    assert not [urn for urn in providers if "::default" in urn]
    for resource in made_by_clouds(ladder):
        assert resource["provider"].rpartition("::")[0] in providers, resource["urn"]


def test_every_resource_that_can_carry_labels_says_owner_environment_and_cost_center(ladder: Ladder):
    assert len(ladder.carried) > ladder.held / 10
    assert all(labels.keys() >= LABELS for labels in ladder.carried)


@pytest.mark.parametrize("ladder", CHANGED, indirect=True)
def test_settings_that_are_wrong_are_refused_at_preview(ladder: Ladder):
    assert not ladder.refused.ok
    assert "slipway:throttle.burst" in ladder.refused.why


@pytest.mark.parametrize("ladder", [WITH_SECRET], indirect=True)
def test_a_secret_in_settings_is_in_no_file_log_argument_or_error(ladder: Ladder):
    assert SECRET not in ladder.kept
    assert SECRET not in ladder.seen
    for ran in (ladder.up, ladder.again, ladder.refreshed, ladder.changed, ladder.refused, ladder.destroyed):
        assert SECRET not in ran.said
