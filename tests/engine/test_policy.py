"""The policy pack under the real engine: one program breaks every rule, its twin breaks none. Clouds are simulated.

Each program is previewed once, for all rules, and each rule is asserted by itself.
"""

import re
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml

from infra.policy.rules import RULES
from slipway.paths import PROJECT, State
from slipway.toolchain import engine_variables, find_engine
from tests.engine.simulated.project import simulating
from tests.policy_twins import TWINS, Twin
from tests.policy_twins.settings import SETTINGS

pytestmark = pytest.mark.engine

PACK = PROJECT / "infra" / "policy"
_STACK = "prod"
_DEADLINE_S = 120
_OF_DEFAULT_PROVIDERS = {"aws:region": "us-east-1", "gcp:project": "example-models", "gcp:region": "us-central1"}
"""Which a program that breaks the rules has."""

_SECRET = "c4Vz9pQ2mT7wX1kL"
_VIOLATION = re.compile(r"- \[(?P<level>mandatory|advisory)\] +(?P<rule>[a-z0-9.-]+) +\((?P<type>\S+): (?P<name>.+)\)")

_OF_TWINS = """
from tests.policy_twins.program import register

register({side!r})
"""

_KNOWN_LATER = """
import json
import pulumi

aws = pulumi.ResourceOptions(provider=pulumi.ProviderResource("aws", "ours", {"region": "us-east-1"}))
labels = {"owner": "ml-platform", "environment": "prod", "cost-center": "research"}
queue = pulumi.CustomResource("aws:sqs/queue:Queue", "tasks", {"sqsManagedSseEnabled": True, "tags": labels}, aws)
allowed = lambda url: json.dumps({"Statement": [{"Effect": "Allow", "Action": "sqs:*", "Resource": f"arn:{url}"}]})
props = {"policy": queue.id.apply(allowed), "tags": labels}
pulumi.CustomResource("aws:iam/policy:Policy", "worker", props, aws)
"""


@dataclass(frozen=True)
class Ran:
    """What the engine said. refused and warned: resources by rule, where it is mandatory and where not."""

    code: int
    text: str
    refused: Mapping[str, set[str]]
    warned: Mapping[str, set[str]]


@dataclass(frozen=True)
class Project:
    """A project with a production stack's settings, on the simulated clouds."""

    folder: Path
    environment: Mapping[str, str]
    executable: Path

    def run(self, *arguments: str) -> Ran:
        done = subprocess.run(
            [str(self.executable), *arguments, "--stack", _STACK, "--non-interactive"],
            cwd=self.folder,
            env=dict(self.environment),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=_DEADLINE_S,
        )
        found: dict[str, dict[str, set[str]]] = {"mandatory": {}, "advisory": {}}
        for violation in _VIOLATION.finditer(done.stdout):
            found[violation["level"]].setdefault(violation["rule"], set()).add(violation["name"])
        return Ran(done.returncode, done.stdout, found["mandatory"], found["advisory"])

    def judged(self, program: str, *command: str) -> Ran:
        (self.folder / "__main__.py").write_text(program)
        return self.run(*command, "--policy-pack", str(PACK))


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    folder = tmp_path_factory.mktemp("policy")
    runtime = f"{{name: python, options: {{toolchain: pip, virtualenv: {sys.prefix}}}}}"
    (folder / "Pulumi.yaml").write_text(f"name: slipway\nruntime: {runtime}\n")
    (folder / "__main__.py").write_text("")
    (folder / f"Pulumi.{_STACK}.yaml").write_text(yaml.safe_dump({"config": SETTINGS | _OF_DEFAULT_PROVIDERS}))
    engine, state = find_engine(), State(folder / "state")
    state.backend.mkdir(parents=True)
    environment = simulating(engine_variables(engine, state, "local"), folder)
    made = Project(folder, environment, engine.executable)
    done = made.run("stack", "init")
    assert done.code == 0, done.text
    return made


@pytest.fixture(scope="module")
def failing(project: Project) -> Ran:
    return project.judged(_OF_TWINS.format(side="fails"), "preview")


@pytest.fixture(scope="module")
def passing(project: Project) -> Ran:
    return project.judged(_OF_TWINS.format(side="passes"), "preview")


def test_a_program_that_breaks_rules_is_refused_at_preview(failing: Ran):
    assert failing.code != 0
    assert "preview failed" in failing.text


def test_its_twin_is_accepted(passing: Ran):
    assert passing.code == 0, passing.text
    assert not passing.refused
    assert not passing.warned


@pytest.mark.parametrize("twin", TWINS, ids=str)
def test_a_rule_refuses_what_breaks_it(failing: Ran, twin: Twin):
    of_the_stack = {f"slipway-{_STACK}"}  # a finding about the whole stack, or about what it exports
    assert failing.refused.get(twin.rule, set()) & ({made.name for made in twin.fails} | of_the_stack)


@pytest.mark.parametrize("twin", TWINS, ids=str)
def test_a_rule_refuses_nothing_of_its_passing_twin(passing: Ran, twin: Twin):
    assert twin.rule not in passing.refused


def test_the_engine_says_how_to_mend_each(failing: Ran):
    told = " ".join(failing.text.split())
    rules = {rule.name: rule for rule in RULES}
    assert not [str(twin) for twin in TWINS if f"To mend it: {rules[twin.rule].mended_on(twin.cloud)}" not in told]


def test_no_message_repeats_a_secret(failing: Ran):
    said = failing.text[failing.text.index("Policies:") : failing.text.index("Diagnostics:")]
    assert _SECRET not in said


def test_what_is_known_only_at_the_update_is_refused_before_it_is_made(project: Project):
    done = project.judged(_KNOWN_LATER, "up", "--yes", "--skip-preview")
    assert done.code != 0
    assert done.refused["no-wildcard-action"] == {"worker"}
    made = project.run("stack", "--show-urns").text
    assert "aws:sqs/queue:Queue::tasks" in made
    assert "aws:iam/policy:Policy" not in made
