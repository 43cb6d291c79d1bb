"""The policy pack under the real engine: one program breaks every rule, its twin breaks none.

The provider here answers to anything, so that a preview costs two seconds; what AWS would refuse is for the simulated
one. Each program is previewed once, for all rules.
"""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from infra.policy.rules import RULES
from slipway.paths import PROJECT, State
from slipway.toolchain import engine_variables, find_engine
from tests.policy_twins import TWINS, Twin

pytestmark = [pytest.mark.engine, pytest.mark.xdist_group("policy")]

PACK = PROJECT / "infra" / "policy"
_DEADLINE_S = 120
_RUNTIME = f"runtime:\n  name: python\n  options:\n    toolchain: pip\n    virtualenv: {Path(sys.prefix)}\n"
_ANSWERS_TO_ANYTHING = """
import sys
from pulumi.provider.experimental import provider
from pulumi.provider.experimental.server import main

class Anything(provider.Provider):
    async def check(self, request):
        return provider.CheckResponse(inputs=request.new_inputs)

    async def check_config(self, request):
        return provider.CheckResponse(inputs=request.new_inputs)

    async def configure(self, request):
        return provider.ConfigureResponse(accept_secrets=True, supports_preview=True)

    async def create(self, request):
        return provider.CreateResponse(resource_id="" if request.preview else "made", properties=request.properties)

main(sys.argv[1:], "7.51.1", Anything())
"""
_VIOLATION = re.compile(
    r"- \[(?P<level>mandatory|advisory)\]\s+(?P<rule>[a-z0-9.-]+)\s+\((?P<type>\S+): (?P<name>.+)\)"
)


@dataclass(frozen=True)
class Preview:
    """What the engine said. refused and warned: resources by rule, where it is mandatory and where not."""

    code: int
    text: str
    refused: Mapping[str, set[str]]
    warned: Mapping[str, set[str]]


@dataclass(frozen=True)
class Project:
    folder: Path
    environment: Mapping[str, str]
    executable: Path

    def run(self, *arguments: str, stack: str = "aws-prod") -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [str(self.executable), *arguments, "--stack", stack, "--non-interactive"],
            cwd=self.folder,
            env=dict(self.environment),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=_DEADLINE_S,
        )

    def write(self, side: str) -> None:
        (self.folder / "__main__.py").write_text(
            f"from tests.policy_twins.program import register\n\nregister({side!r})\n"
        )

    def preview(self, side: str, stack: str = "aws-prod") -> Preview:
        self.write(side)
        done = self.run("preview", "--policy-pack", str(PACK), stack=stack)
        found: dict[str, dict[str, set[str]]] = {"mandatory": {}, "advisory": {}}
        for violation in _VIOLATION.finditer(done.stdout):
            found[violation["level"]].setdefault(violation["rule"], set()).add(violation["name"])
        return Preview(done.returncode, done.stdout, found["mandatory"], found["advisory"])


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    folder = tmp_path_factory.mktemp("policy")
    provider = folder / "provider"
    provider.mkdir()
    (provider / "PulumiPlugin.yaml").write_text(_RUNTIME)
    (provider / "__main__.py").write_text(_ANSWERS_TO_ANYTHING)
    (folder / "Pulumi.yaml").write_text(
        f"name: slipway\n{_RUNTIME}plugins:\n  providers:\n    - name: aws\n      path: {provider}\n"
    )
    (folder / "__main__.py").write_text("")
    engine, state = find_engine(), State(folder / "state")
    state.backend.mkdir(parents=True)
    made = Project(folder, os.environ | engine_variables(engine, state, "local"), engine.executable)
    for stack in ("aws-prod", "aws-dev"):
        shutil.copy(PROJECT / "stacks" / f"Pulumi.{stack}.yaml", folder)
        done = made.run("stack", "init", stack=stack)
        assert done.returncode == 0, done.stdout
    return made


@pytest.fixture(scope="module")
def failing(project: Project) -> Preview:
    return project.preview("fails")


@pytest.fixture(scope="module")
def passing(project: Project) -> Preview:
    return project.preview("passes")


def test_a_program_that_breaks_rules_is_refused_at_preview(failing: Preview):
    assert failing.code != 0
    assert "preview failed" in failing.text


def test_its_twin_is_accepted(passing: Preview):
    assert passing.code == 0, passing.text
    assert not passing.refused
    assert not passing.warned


@pytest.mark.parametrize("twin", TWINS, ids=lambda twin: twin.rule)
def test_a_rule_refuses_what_breaks_it(failing: Preview, twin: Twin):
    of_the_stack = {"slipway-aws-prod"}  # a finding about the whole stack, or about what it exports
    assert failing.refused.get(twin.rule, set()) & ({made.name for made in twin.fails} | of_the_stack)


@pytest.mark.parametrize("twin", TWINS, ids=lambda twin: twin.rule)
def test_a_rule_refuses_nothing_of_its_passing_twin(passing: Preview, twin: Twin):
    assert twin.rule not in passing.refused


def test_the_engine_says_how_to_mend_each(failing: Preview):
    told = " ".join(failing.text.split())
    assert not [rule.name for rule in RULES if f"To mend it: {rule.mends}" not in told]


def test_no_message_repeats_a_secret(failing: Preview):
    said = failing.text[failing.text.index("Policies:") : failing.text.index("Diagnostics:")]
    assert "c4Vz9pQ2mT7wX1kL" not in said


def test_a_lenient_rule_only_warns_in_development(project: Project):
    preview = project.preview("fails", "aws-dev")
    lenient = {rule.name for rule in RULES if not rule.mandatory_in("dev")}
    assert lenient & preview.warned.keys()
    assert not lenient & preview.refused.keys()


def test_a_resource_that_is_refused_is_never_made(project: Project):
    project.write("fails")
    done = project.run("up", "--yes", "--skip-preview", "--policy-pack", str(PACK))
    assert done.returncode != 0
    made = project.run("stack", "--show-urns").stdout
    assert "aws:iam/accessKey:AccessKey" not in made
    assert "SecurityGroupIngressRule::everyone" not in made
