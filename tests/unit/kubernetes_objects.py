"""The Kubernetes half's objects for tests: of any variant of its settings, without an engine."""

from pathlib import Path
from typing import Any

import yaml

from infra.kubernetes.access import Home, home_of
from infra.kubernetes.objects import Manifest, stack_labels
from infra.kubernetes.parts import Part, objects, parts
from infra.labels import labels
from infra.settings import Settings
from slipway.paths import PROJECT
from slipway.release import Pin

PIN = Pin(name="employment", digest="af" * 32, store="s3://example-models")
FILE = PROJECT / "stacks" / "Pulumi.kubernetes.yaml"


def settings(**cluster: Any) -> Settings:
    """The stack file's, with keys of its section `kubernetes` changed; None takes a key out."""
    config = yaml.safe_load(Path(FILE).read_text())["config"]
    section = {k: v for k, v in (config["slipway:kubernetes"] | cluster).items() if v is not None}
    return Settings.parse(config | {"slipway:kubernetes": section})


def planned(given: Settings, *, serving: bool = True, home: Home | None = None) -> dict[str, Part]:
    assert given.kubernetes is not None
    assert given.images is not None
    stamp = stack_labels(labels(given, "kubernetes"))
    return parts(
        given, given.kubernetes, given.images, home or home_of(given.kubernetes), PIN if serving else None, stamp
    )


def all_objects(given: Settings, *, serving: bool = True, home: Home | None = None) -> list[Manifest]:
    return objects(planned(given, serving=serving, home=home))
