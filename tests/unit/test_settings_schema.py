import json

import jsonschema_rs
import pytest
import yaml

from infra.settings.schema import FILE, rendered, stack_schema
from slipway.paths import PROJECT

STACK_FILES = sorted((PROJECT / "stacks").glob("Pulumi.*.yaml"))


def test_the_schema_that_editors_read_is_the_models():
    assert FILE.read_text() == rendered(), "write it anew with `python -m infra.settings.schema`"


@pytest.mark.parametrize("file", STACK_FILES, ids=lambda file: file.stem)
def test_every_stack_file_is_as_the_schema_says(file):
    problems = jsonschema_rs.validator_for(stack_schema()).iter_errors(yaml.safe_load(file.read_text()))
    assert [problem.message for problem in problems] == []


@pytest.mark.parametrize("file", STACK_FILES, ids=lambda file: file.stem)
def test_every_stack_file_names_the_schema(file):
    assert file.read_text().startswith("# yaml-language-server: $schema=schema.json\n")


def test_an_editor_marks_an_unknown_key():
    wrong = {"config": {"slipway:target": "local", "slipway:regoins": ["us-east-1"]}}
    assert not jsonschema_rs.validator_for(stack_schema()).is_valid(wrong)


def test_an_editor_marks_a_secret_in_clear():
    token = stack_schema()["properties"]["config"]["properties"]["slipway:origin_token"]
    assert token["required"] == ["secure"]
    assert json.dumps(token).count("string") == 1
