import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from slipway.errors import TrainingError
from training.data import Batches, derive_seed, plan_batches, portion

EPOCHS = st.integers(0, 1000)


@st.composite
def plans(draw: st.DrawFn) -> tuple[Batches, int]:
    workers = draw(st.integers(1, 8))
    batch = workers * draw(st.integers(1, 16))
    seed = draw(st.integers(0, 2**31 - 1))
    return Batches(rows=draw(st.integers(batch, 500)), batch=batch, seed=seed, slices=workers), workers


@given(plans(), EPOCHS)
def test_an_epoch_visits_no_row_twice_and_leaves_out_less_than_a_batch(plan: tuple[Batches, int], epoch: int):
    batches, workers = plan
    order = batches.order(epoch)
    shares = [
        batches.share(order, step, rank=rank, size=workers)
        for step in range(batches.per_epoch)
        for rank in range(workers)
    ]
    seen = torch.cat(shares).tolist()
    assert len(seen) == len(set(seen))
    assert batches.rows - len(seen) < batches.batch


@given(plans(), EPOCHS)
def test_a_step_has_the_same_rows_whatever_the_number_of_workers(plan: tuple[Batches, int], epoch: int):
    batches, workers = plan
    order = batches.order(epoch)
    alone = batches.share(order, 0, rank=0, size=1)
    together = torch.cat([batches.share(order, 0, rank=rank, size=workers) for rank in range(workers)])
    assert together.equal(alone)


@given(st.integers(1, 16), st.integers(1, 24))
def test_any_number_of_workers_computes_every_slice_once_and_weighs_it_alike(slices: int, workers: int):
    portions = [portion(slices, rank=rank, size=workers) for rank in range(workers)]
    weighed = [(mine.first + at, mine.weight / workers) for mine in portions if mine.weight for at in range(mine.count)]
    assert weighed == [(at, pytest.approx(1 / slices)) for at in range(slices)]
    assert all(mine.count for mine in portions)


def test_a_batch_that_cannot_be_cut_as_the_run_was_is_refused():
    with pytest.raises(TrainingError, match="cut into 3 slices"):
        Batches(rows=100, batch=10, seed=7, slices=2).sliced(3)


@given(plans(), EPOCHS)
def test_all_workers_have_equal_shares(plan: tuple[Batches, int], epoch: int):
    batches, workers = plan
    order = batches.order(epoch)
    assert {len(batches.share(order, 0, rank=rank, size=workers)) for rank in range(workers)} == {
        batches.batch // workers
    }


def test_the_order_is_a_function_of_seed_and_epoch():
    batches = Batches(rows=100, batch=10, seed=7, slices=1)
    assert batches.order(3).equal(Batches(rows=100, batch=20, seed=7, slices=2).order(3))
    assert not batches.order(3).equal(batches.order(4))
    assert not batches.order(3).equal(Batches(rows=100, batch=10, seed=8, slices=1).order(3))


def test_fewer_rows_than_a_batch_make_one_smaller_batch_that_is_shared_evenly():
    assert plan_batches(rows=7, batch_size=64, seed=0, workers=2).batch == 6


@given(st.lists(st.integers(0, 2**40), min_size=1, max_size=3))
def test_seeds_are_what_torch_takes(parts: list[int]):
    assert 0 <= derive_seed(*parts) < 2**63
