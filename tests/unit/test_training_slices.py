"""However many workers share a batch out among them, a step is the same, chance included."""

import json

import pytest

from tests.together import run_together

WORKERS = 5  # one more than there are slices
PATIENCE_S = 120.0


@pytest.fixture(scope="module")
def losses(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[float]]:
    """Of twenty steps of the tiny task, which has dropout, by the number of workers."""
    folder = tmp_path_factory.mktemp("slices")
    run_together("tests.slices_worker", size=WORKERS, folder=folder, patience_s=PATIENCE_S)
    return json.loads((folder / "losses.json").read_text())


@pytest.mark.parametrize("workers", range(2, WORKERS + 1))
def test_twenty_steps_are_those_of_one_worker(losses: dict[str, list[float]], workers: int):
    assert losses[str(workers)] == pytest.approx(losses["1"], abs=1e-6, rel=0)
