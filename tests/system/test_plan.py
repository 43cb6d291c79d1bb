"""`slipway plan` as a person or a script runs it: a process of its own, with no cloud and no engine."""

import csv
import json
import os
import re
import subprocess
import sys
from io import StringIO
from pathlib import Path

import pytest

from slipway.paths import PROJECT

pytestmark = pytest.mark.system

MUMBAI = PROJECT / "docs" / "examples" / "mumbai.yaml"


def slipway(*arguments: str | Path, stack: Path | None = None) -> subprocess.CompletedProcess[str]:
    environment = {key: value for key, value in os.environ.items() if not key.startswith(("AWS_", "GOOGLE_"))}
    environment |= {"SLIPWAY_CONFIG_FILE": str(stack)} if stack else {}
    command = [sys.executable, "-m", "slipway", "plan", *map(str, arguments)]
    return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60)


def aged(tmp_path: Path, max_age_days: int) -> Path:
    file = tmp_path / "goal.yaml"
    text, found = re.subn(r"max_age_days: \d+", f"max_age_days: {max_age_days}", MUMBAI.read_text())
    assert found == 1
    file.write_text(text)
    return file


def test_the_table_names_the_choice_its_price_and_the_age_of_prices():
    done = slipway("--goal", MUMBAI)
    assert done.returncode == 0, done.stderr
    assert "Serve from " in done.stdout
    assert "USD a month" in done.stdout
    assert "prices are up to" in done.stdout


def test_the_stack_that_the_help_names_has_a_plan():
    (stack,) = re.findall(r"slipway plan\s+--stack (\S+)", slipway("--help").stdout)
    done = slipway("--stack", stack)
    assert done.returncode == 0, done.stderr


def test_a_pipe_gets_no_colours():
    assert "\x1b" not in slipway("--goal", MUMBAI).stdout


def test_scripts_get_one_document_with_plan_losers_flips_and_trades():
    document = json.loads(slipway("--goal", MUMBAI, "--json", "--flips").stdout)
    assert document["serving"]["usd_per_month"] == pytest.approx(
        sum(line["usd_per_month"] for line in document["serving"]["lines"])
    )
    assert all(document[part] for part in ("losers", "flips", "pareto"))


def test_spreadsheets_get_rows_alone():
    (chosen, *_) = csv.DictReader(StringIO(slipway("--goal", MUMBAI, "--csv").stdout))
    assert chosen["chosen"] == "True"


def test_a_page_is_written_and_told(tmp_path: Path):
    goal, page = tmp_path / "goal.yaml", tmp_path / "plan.html"
    goal.write_text(
        "slipway:work: {accelerator: A10G, hours: 48, deadline_h: 60}\nslipway:prices: {max_age_days: 3650}\n"
    )
    done = slipway("--goal", goal, "--html", page)
    assert str(page) in done.stdout.replace("\n", "")
    assert page.read_text().startswith("<!doctype html>")


def test_prices_older_than_the_goal_allows_are_refused(tmp_path: Path):
    done = slipway("--goal", aged(tmp_path, 1))
    assert done.returncode == 7
    assert "slipway:prices.max_age_days allows 1" in done.stderr


def test_a_goal_out_of_reach_names_what_binds_and_what_could_be_reached(tmp_path: Path):
    file = tmp_path / "goal.yaml"
    file.write_text(MUMBAI.read_text().replace("p95_ms: 200", "p95_ms: 21"))
    done = slipway("--goal", file)
    assert done.returncode == 8
    assert "p95_ms" in done.stderr
    assert "try:" in done.stderr


def test_a_stack_that_asks_for_no_placement_is_told_which_keys_would(tmp_path: Path):
    stack = tmp_path / "Pulumi.dev.yaml"
    stack.write_text("config:\n  slipway:target: local\n  slipway:regions: [us-east-1]\n")
    done = slipway("--stack", "dev", stack=stack)
    assert done.returncode == 2
    assert "sets neither slipway:serving nor slipway:work" in done.stderr.replace("\n", " ")
    assert "slipway:serving: {users:" in done.stderr


def test_neither_stack_nor_goal_is_a_question_with_an_answer():
    done = slipway()
    assert done.returncode == 2
    assert "slipway plan --goal docs/examples/mumbai.yaml" in done.stderr


def test_it_imports_no_engine_and_no_cloud():
    """What a start within a second rests on; how long it takes is printed by `python -m tests.bench cost`."""
    program = f"""
import sys
sys.argv = ["slipway", "plan", "--goal", {str(MUMBAI)!r}]
from slipway.cli import main
try:
    main()
except SystemExit as end:
    assert not end.code
heavy = {{"pulumi", "boto3", "google.auth", "torch", "scipy", "pandas", "jinja2"}} & set(sys.modules)
assert not heavy, heavy
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
