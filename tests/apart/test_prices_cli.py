"""`slipway prices` as a person types it, with doubles where a cloud would answer."""

import json
import subprocess
import sys
from contextlib import ExitStack

import pytest
from botocore.exceptions import NoCredentialsError
from rich.console import Console
from typer.testing import CliRunner

from infra.catalog import CatalogError
from infra.catalog import load as loading
from infra.catalog.load import DATA
from infra.catalog.refresh import clients
from slipway.cli.app import app
from tests.clouds import aws_client, offerings, price_list, product, spot_history, spot_price

RUNNER = CliRunner()


def run(*words: str) -> str:
    outcome = RUNNER.invoke(app, ["prices", *words], catch_exceptions=False)
    assert outcome.exit_code in (0, 1)
    return outcome.output


@pytest.fixture
def files(tmp_path, monkeypatch):
    """A copy of the catalog's folder in place of the one that ships."""
    for file in DATA.glob("*.csv"):
        (tmp_path / file.name).write_bytes(file.read_bytes())
    monkeypatch.setattr(loading, "DATA", tmp_path)
    return tmp_path


@pytest.fixture
def mumbai(monkeypatch):
    """AWS answers for ap-south-1: one price moved, one spot price is impossible."""
    prices = {"get_products": [price_list(product("g6.xlarge", 1.06304), product("g5.xlarge", 1.208)), price_list()]}
    machines = {
        "describe_instance_type_offerings": [offerings("g6.xlarge", "aps1-az1", "aps1-az3")],
        "describe_spot_price_history": [spot_history(spot_price("g6.xlarge", "aps1-az1", 2.5))],
    }
    with ExitStack() as stack:
        pricing = stack.enter_context(aws_client("pricing", prices))
        ec2 = stack.enter_context(aws_client("ec2", machines))
        monkeypatch.setattr(clients, "aws_pricing", lambda: pricing)
        monkeypatch.setattr(clients, "aws_ec2", lambda _: ec2)
        yield


def test_show_lists_offers_with_their_age():
    output = run("show", "--region", "ap-south-1", "--machine", "g6.xlarge")
    assert "0.9664" in output
    assert "~0.2319" in output
    assert "2 offers of catalog" in output


def test_show_cuts_no_date_on_a_narrow_terminal(monkeypatch):
    monkeypatch.setattr("slipway.cli.prices.console", Console(width=80))
    output = run("show", "--machine", "inf2")
    assert "…" not in output
    assert "2025-06-28" in output


def test_a_region_of_the_other_cloud_is_refused_before_anybody_is_asked():
    with pytest.raises(CatalogError, match="no offer in gcp/us-east-1"):
        run("refresh", "--provider", "gcp", "--region", "us-east-1")


def test_show_says_where_a_price_is_not_known():
    assert "not known" in run("show", "--region", "ap-south-1", "--machine", "g6e.12xlarge")


def test_show_gives_scripts_one_document():
    document = json.loads(run("show", "--machine", "p5.48xlarge", "--json"))
    assert {offer["machine"] for offer in document["offers"]} == {"p5.48xlarge"}
    assert len(document["digest"]) == 64


@pytest.mark.parametrize(
    ("words", "hint"), [(("--region", "ap-south-9"), "ap-south-1"), (("--machine", "p5.48xlarg3"), "p5.48xlarge")]
)
def test_a_filter_that_nothing_fits_is_answered_with_names_like_it(words, hint):
    with pytest.raises(CatalogError) as refusal:
        run("show", *words)
    assert hint in refusal.value.hint


@pytest.mark.usefixtures("mumbai")
def test_a_refresh_prints_the_difference_and_writes_nothing(files):
    before = (files / "offers.csv").read_bytes()
    output = run("refresh", "--provider", "aws", "--region", "ap-south-1")
    assert "aws/ap-south-1 g6.xlarge on_demand: 0.9664 -> 1.06304 USD/h (+10.0 %)" in output
    assert "refused: spot 2.5 is above on-demand 1.06304" in output
    assert "Nothing was written" in output
    assert (files / "offers.csv").read_bytes() == before


@pytest.mark.usefixtures("mumbai")
def test_a_refresh_writes_what_was_accepted_when_asked(files):
    before = (files / "offers.csv").read_text().splitlines()
    run("refresh", "--provider", "aws", "--region", "ap-south-1", "--write")
    after = (files / "offers.csv").read_text().splitlines()
    changed = [line for line, old in zip(after, before, strict=True) if line != old]
    assert [line.split(",")[2] for line in changed] == ["g5.xlarge", "g6.xlarge"]


@pytest.mark.usefixtures("mumbai", "files")
def test_a_refused_change_fails_the_command_and_stands_in_its_document():
    outcome = RUNNER.invoke(app, ["prices", "refresh", "--provider", "aws", "--region", "ap-south-1", "--json"])
    document = json.loads(outcome.output)
    assert outcome.exit_code == 1
    assert document["refused"][0]["reason"] == "spot 2.5 is above on-demand 1.06304"
    assert not document["written"]


def test_without_credentials_a_refresh_says_how_to_sign_in(monkeypatch):
    def nobody() -> None:
        raise NoCredentialsError

    monkeypatch.setattr(clients, "aws_pricing", nobody)
    with pytest.raises(clients.RefreshError, match="Unable to locate credentials") as refusal:
        run("refresh", "--provider", "aws")
    assert "aws sso login" in refusal.value.hint


def test_the_catalog_is_read_without_any_cloud_library():
    """A preview reads it, and must not be able to ask a price service."""
    probe = (
        "import sys; from infra.catalog import Catalog; Catalog.load(); "
        "asks = ('boto', 'google.auth', 'google.cloud.billing', 'infra.catalog.refresh'); "
        "print([name for name in sys.modules if name.startswith(asks)])"
    )
    seen = subprocess.run([sys.executable, "-c", probe], capture_output=True, text=True, check=True, timeout=60)
    assert seen.stdout.strip() == "[]"
