"""Every stack file as a graph, made once per run: the program as the engine would run it, with a release pinned."""

import functools
import json
import tempfile
from collections.abc import Mapping
from importlib import import_module
from pathlib import Path
from typing import Any

import pulumi
import yaml
from pulumi.runtime.mocks import MockResourceArgs

from infra.catalog import Catalog
from infra.contract import Platform
from infra.placement.placement import placed, settled
from infra.settings import Settings
from slipway.errors import SlipwayError
from slipway.paths import PROJECT, State
from slipway.release import Pin, publish, read_pin
from slipway.store import open_store
from tests.models import employment
from tests.stacks import aws_cloud, gcp_cloud
from tests.stacks.graph import Graph, graph_of, registered_until_refused, unknown

STACKS = sorted(file.stem.removeprefix("Pulumi.") for file in (PROJECT / "stacks").glob("Pulumi.*.yaml"))
AWS_STACKS = [stack for stack in STACKS if stack.startswith("aws")]
CLOUD_STACKS = [stack for stack in STACKS if stack not in ("local", "kubernetes")]
GCP_STACKS = [stack for stack in STACKS if stack.startswith("gcp")]
_PINS = Path(__file__).parent / "releases"


def settings_of(stack: str) -> Settings:
    """As the program has them, with what placement chose."""
    settings = Settings.read(PROJECT / "stacks" / f"Pulumi.{stack}.yaml")
    return settled(settings, placed(settings, Catalog.load()))


def config_of(stack: str) -> dict[str, Any]:
    """A stack's configuration as its file has it, for a test to change."""
    return yaml.safe_load((PROJECT / "stacks" / f"Pulumi.{stack}.yaml").read_text())["config"]


def pin_of(stack: str) -> Pin:
    pin = read_pin(_PINS / f"{stack}.json")
    assert pin is not None
    return pin


@functools.cache
def graph(stack: str, *, preview: bool = False) -> Graph:
    """A stack with what lies in stacks/. In a preview, nothing that a cloud would add is known."""
    if stack == "local":
        return _local(preview)
    if stack == "kubernetes":
        return kubernetes_graph(settings_of(stack), preview=preview)
    return cloud_graph(settings_of(stack), stack, preview=preview)


def cloud_graph(settings: Settings, stack: str, *, preview: bool = False, serving: bool = True) -> Graph:
    """A stack on a cloud, or on two, with settings of a test's own. serving: with a release pinned."""
    return graph_of(
        lambda: _build(settings, stack, serving=serving) and None,
        outputs=unknown if preview else _provided,
        preview=preview,
        stack=stack,
    )


def cloud_refused(settings: Settings, stack: str) -> tuple[SlipwayError, Graph]:
    """Why a stack on a cloud, or on two, is refused, and what it had registered by then."""
    return registered_until_refused(lambda: _build(settings, stack, serving=True) and None, stack=stack)


def cloud_made(settings: Settings, stack: str, *, serving: bool = True) -> tuple[Graph, dict[str, Any]]:
    """The same, with what the stack exports: every output known, and no secret hidden."""
    said: list[str] = []

    def program() -> None:
        pulumi.Output.json_dumps(_build(settings, stack, serving=serving).outputs()).apply(said.append)

    made = graph_of(program, outputs=_provided, stack=stack)
    return made, json.loads(said[0])


def _build(settings: Settings, stack: str, *, serving: bool) -> Platform:
    target = import_module(f"infra.{settings.target}.target")
    return target.build(settings, stack, pin_of(stack) if serving else None)


def _provided(args: MockResourceArgs) -> dict[str, Any]:
    return aws_cloud.provided(args) | gcp_cloud.provided(args)


def kubernetes_graph(
    settings: Settings, *, preview: bool = False, serving: bool = True, clusters: Mapping[str, Any] | None = None
) -> Graph:
    """The Kubernetes half. clusters: what the stack in `of` gives out, where it is up. Every right is granted."""
    from infra.kubernetes.target import build

    def provided(args: MockResourceArgs) -> dict[str, Any]:
        if args.typ == "pulumi:pulumi:StackReference" and clusters is not None:
            return {"outputs": {"clusters": clusters}, "secretOutputNames": ["clusters"]}
        return {}

    pin = pin_of("kubernetes") if serving else None
    return graph_of(
        lambda: build(settings, "kubernetes", pin, ask=lambda _, rights: [True] * len(rights)) and None,
        outputs=provided,
        preview=preview,
        stack="kubernetes",
    )


def _local(preview: bool) -> Graph:
    from infra.local.target import build
    from tests.stacks.test_local import provided

    with tempfile.TemporaryDirectory() as folder:
        state = State(Path(folder) / "state")
        tiny = employment(Path(folder) / "tiny")
        publish(open_store(state.store_url), tiny.folder, tiny.release)
        pin = Pin(name=tiny.release.name, digest=tiny.digest, store=state.store_url)
        return graph_of(
            lambda: build(settings_of("local"), "local", pin, state=state) and None, outputs=provided, preview=preview
        )
