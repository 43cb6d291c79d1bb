"""Kinds that a cluster may have besides Kubernetes' own, by their makers' definitions."""

import yaml

from tests.cluster.api import Manifest
from tools.cluster.definitions import definitions


def published(name: str) -> Manifest:
    """The CustomResourceDefinition of that name, as `scaledobjects.keda.sh`."""
    plural, _, group = name.partition(".")
    return yaml.load((definitions() / f"{group}_{plural}.yaml").read_text(), yaml.CSafeLoader)
