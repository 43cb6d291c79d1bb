"""Our own stacks under the real engine with the policy pack, clouds simulated: production passes all rules.

Staging stands for development, as the engine takes long; tests/stacks/test_policies.py judges every stack without it.

Which Kubernetes is supported depends on today's date: a failure of that rule alone means that its time has come.
"""

from pathlib import Path

import pytest
import yaml

from slipway.paths import PROJECT
from tests.engine.simulated.kubernetes.rights import granting
from tests.engine.simulated.project import make

pytestmark = pytest.mark.engine

_WITH_THE_PACK = ("--policy-pack", str(PROJECT / "infra" / "policy"))
_ACCEPTED = "✅ slipway@"


@pytest.mark.parametrize("stack", ["aws-prod", "gcp-prod", "multi-prod"])
def test_production_passes_every_rule_at_preview(tmp_path: Path, stack: str):
    said = make(tmp_path, stack).call("preview", *_WITH_THE_PACK)
    assert _ACCEPTED in said
    assert "[advisory]" not in said


def test_the_kubernetes_half_passes_every_rule_at_preview(tmp_path: Path):
    project = make(tmp_path, "kubernetes")
    settings = yaml.safe_load(project.file.read_text())["config"]["slipway:kubernetes"]
    with granting(tmp_path, settings["context"]) as kubeconfig:
        project.configure(kubernetes=settings | {"kubeconfig": str(kubeconfig)})
        said = project.call("preview", *_WITH_THE_PACK)
    assert _ACCEPTED in said
    assert "[advisory]" not in said


def test_staging_passes_every_rule_when_all_is_known(tmp_path: Path):
    said = make(tmp_path, "aws-staging").call("up", "--yes", "--skip-preview", *_WITH_THE_PACK)
    assert _ACCEPTED in said
