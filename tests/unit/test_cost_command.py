"""`slipway cost` as a person or a pull request's check runs it: a process of its own, with no cloud and no engine."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from slipway.cli.app import app

PREVIEWS = Path(__file__).parent / "previews"
AWS = str(PREVIEWS / "aws.json")
STACK = """
config:
  slipway:target: local
  slipway:regions: [us-east-1]
  slipway:work: {accelerator: A10G, hours: 48, deadline_h: 60}
  slipway:prices: {max_age_days: 3650}
"""
OLD_PRICES_REFUSED = STACK.replace("3650", "1")


def slipway(stack: Path, *arguments: str, stdin: str | bytes = "") -> subprocess.CompletedProcess[str]:
    environment = {key: value for key, value in os.environ.items() if not key.startswith(("AWS_", "GOOGLE_"))}
    environment["SLIPWAY_CONFIG_FILE"] = str(stack)
    command = [sys.executable, "-m", "slipway", "cost", "--stack", "dev", *arguments]
    given = stdin if isinstance(stdin, bytes) else stdin.encode()
    done = subprocess.run(command, input=given, env=environment, capture_output=True, timeout=60)
    return subprocess.CompletedProcess(done.args, done.returncode, done.stdout.decode(), done.stderr.decode())


@pytest.fixture
def stack(tmp_path: Path) -> Path:
    file = tmp_path / "Pulumi.dev.yaml"
    file.write_text(STACK)
    return file


def test_a_bill_over_the_budget_is_printed_and_exits_with_ten(stack: Path):
    done = slipway(stack, AWS, "--budget", "1000")
    assert done.returncode == 10
    assert "over the budget of 1,000 USD" in done.stdout


def test_a_bill_within_the_budget_exits_with_zero(stack: Path):
    assert slipway(stack, AWS, "--budget", "100000").returncode == 0


def test_a_budget_is_not_kept_by_what_could_not_be_priced(stack: Path):
    unknown = Path(AWS).read_text().replace('"g6.2xlarge"', '"z9.huge"')
    done = slipway(stack, "-", "--budget", "100000", stdin=unknown)
    assert done.returncode == 11
    assert "z9.huge" in done.stdout


def test_a_budget_is_not_judged_by_a_preview_that_leaves_out_what_stays(stack: Path):
    document = json.loads(slipway(stack, str(PREVIEWS / "aws-change.json"), "--budget", "100000", "--json").stdout)
    assert document["over_budget"] is None
    assert "make the preview with --show-sames" in document["not_judged"][0]


def test_a_store_without_a_price_keeps_a_budget_from_being_kept_only_when_asked(stack: Path):
    assert slipway(stack, AWS, "--budget", "100000", "--strict").returncode == 11


def test_strict_without_a_budget_is_refused(stack: Path):
    done = slipway(stack, AWS, "--strict")
    assert done.returncode == 2
    assert "--strict is about a budget, and there is none" in done.stderr


def test_a_budget_without_a_preview_has_nothing_to_judge(stack: Path):
    done = slipway(stack, "--budget", "1")
    assert done.returncode == 2
    assert "there is no preview to make one of" in done.stderr


@pytest.mark.parametrize("option", ["--requests", "--egress-gb", "--budget"])
@pytest.mark.parametrize("number", ["inf", "nan", "-1"])
def test_an_option_that_is_no_amount_is_refused(option: str, number: str):
    assert CliRunner().invoke(app, ["cost", AWS, option, number]).exit_code == 2


def test_what_is_not_text_is_no_preview(stack: Path):
    done = slipway(stack, "-", stdin=bytes(range(128, 256)))
    assert done.returncode == 1
    assert "standard input cannot be read: it is not text" in done.stderr


def test_a_type_of_another_form_is_printed_as_it_is(stack: Path):
    urn = "urn:pulumi:dev::slipway::a:b[/]::it"
    step = {"op": "create", "urn": urn, "newState": {"urn": urn, "custom": True, "inputs": {}}}
    assert "it a:b[/]: not priced" in slipway(stack, "-", stdin=json.dumps({"steps": [step]})).stdout


def test_standard_input_is_a_preview_too(stack: Path):
    done = slipway(stack, "-", "--json", stdin=Path(AWS).read_text())
    document = json.loads(done.stdout)
    assert document["bill"]["usd_per_month"] == pytest.approx(
        sum(resource["usd_per_month"] for resource in document["bill"]["resources"])
    )


def test_every_figure_for_scripts_has_its_source_and_date(stack: Path):
    items = [
        item
        for resource in json.loads(slipway(stack, AWS, "--json").stdout)["bill"]["resources"]
        for item in resource["items"]
    ]
    assert items
    assert all(item["source"] and item["date"] for item in items)


def test_what_was_assumed_is_printed(stack: Path):
    assert "2,000,000 requests of 80 ms" in slipway(stack, AWS, "--requests", "2e6", "--request-ms", "80").stdout


def test_a_comment_for_a_pull_request_shows_the_difference_and_folds_the_rest(stack: Path):
    comment = slipway(stack, str(PREVIEWS / "aws-change.json"), "--markdown").stdout
    assert comment.startswith("### Cost of `aws-dev`: ")
    before_the_fold, _, folded = comment.partition("<details>")
    assert "| `gpu` aws eks.NodeGroup |" in before_the_fold
    assert folded.count("<details>") + 1 == comment.count("</details>")


def test_a_name_from_the_program_cannot_break_the_comment(stack: Path):
    text = Path(AWS).read_text().replace("::system", "::sys|tem</details>")
    comment = slipway(stack, "-", "--markdown", stdin=text).stdout
    assert r"sys\|tem&lt;/details&gt;" in comment


def test_a_training_job_has_a_cost_to_finish_with_a_band(stack: Path):
    document = json.loads(slipway(stack, "--json").stdout)
    usd = document["training"]["usd"]
    assert usd["low"] < usd["expected"] < usd["high"]


def test_hours_that_are_done_are_not_paid_again(stack: Path):
    whole, rest = (
        json.loads(slipway(stack, "--json", "--trained", hours).stdout)["training"]["usd"] for hours in ("0", "24")
    )
    assert rest["expected"] < whole["expected"]


def test_hours_that_are_done_are_off_the_deadline_too(stack: Path):
    hours = json.loads(slipway(stack, "--json", "--trained", "40").stdout)["training"]["hours"]
    assert hours["high"] <= 20


def test_time_that_was_waited_is_off_the_deadline(stack: Path):
    hours = json.loads(slipway(stack, "--json", "--trained", "40", "--elapsed", "50").stdout)["training"]["hours"]
    assert hours["high"] <= 10


def test_a_deadline_that_can_no_longer_be_kept_is_named(stack: Path):
    done = slipway(stack, "--trained", "1", "--elapsed", "30")
    assert done.returncode == 8
    assert "30 h after the start the deadline of 60 h cannot be kept" in done.stderr


def test_more_work_than_time_is_refused(stack: Path):
    assert slipway(stack, "--trained", "20", "--elapsed", "10").returncode == 2


def test_prices_older_than_the_stack_allows_are_refused(stack: Path):
    stack.write_text(OLD_PRICES_REFUSED)
    done = slipway(stack, AWS)
    assert done.returncode == 7
    assert "max_age_days allows 1" in done.stderr


def test_a_file_that_is_not_there_is_named(stack: Path):
    done = slipway(stack, "nowhere.json")
    assert done.returncode == 1
    assert "nowhere.json cannot be read: No such file" in done.stderr


def test_a_stack_without_a_training_job_and_no_preview_leave_nothing_to_price(stack: Path):
    stack.write_text("config:\n  slipway:target: local\n  slipway:regions: [us-east-1]\n")
    assert "slipway:work is not set" in slipway(stack).stderr


def test_neither_pulumi_nor_a_cloud_sdk_is_imported(stack: Path):
    program = f"""
import sys
sys.argv = ["slipway", "cost", {AWS!r}, "--stack", "dev", "--json"]
from slipway.cli import main
try:
    main()
except SystemExit:
    pass
heavy = {{"pulumi", "boto3", "google.auth", "torch", "numpy", "scipy", "highspy"}} & set(sys.modules)
assert not heavy, heavy
"""
    environment = os.environ | {"SLIPWAY_CONFIG_FILE": str(stack)}
    done = subprocess.run([sys.executable, "-c", program], env=environment, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
