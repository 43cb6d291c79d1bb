"""Our own stacks under the real engine with the policy pack, AWS simulated: production passes all rules.

Which Kubernetes is supported depends on today's date: a failure of that rule alone means that its time has come.
"""

from pathlib import Path

import pytest

from slipway.paths import PROJECT
from tests.engine.simulated.project import make

pytestmark = pytest.mark.engine

_WITH_THE_PACK = ("--policy-pack", str(PROJECT / "infra" / "policy"))
_ACCEPTED = "✅ slipway@"


def test_production_passes_every_rule_at_preview(tmp_path: Path):
    said = make(tmp_path, "aws-prod").call("preview", *_WITH_THE_PACK)
    assert _ACCEPTED in said
    assert "[advisory]" not in said


def test_staging_passes_every_rule_when_all_is_known(tmp_path: Path):
    said = make(tmp_path, "aws-staging").call("up", "--yes", "--skip-preview", *_WITH_THE_PACK)
    assert _ACCEPTED in said
