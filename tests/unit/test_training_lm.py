from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from slipway.errors import TrainingError
from training.average import Average
from training.config import MeshSettings, TrainSettings
from training.data import Feed, plan_batches
from training.learner import Learner
from training.mesh import Mesh, arranged
from training.task import check_dataset
from training.tasks.lm import TASK, LanguageModel
from training.tasks.lm.loss import cross_entropy
from training.tasks.lm.model import Decoder
from training.tasks.lm.shape import SIZES
from training.tokens import sequences

ALONE = Mesh(rank=0, size=1, device=torch.device("cpu"))


@settings(deadline=None)  # the first backward of a process takes half a second
@given(st.integers(1, 40), st.integers(2, 30), st.integers(1, 500))
def test_the_loss_in_parts_is_the_loss_of_all_whatever_the_parts(tokens: int, vocabulary: int, at_once: int):
    generator = torch.Generator().manual_seed(tokens * vocabulary)
    hidden = torch.randn(tokens, 4, generator=generator, requires_grad=True)
    weight = torch.randn(vocabulary, 4, generator=generator, requires_grad=True)
    targets = torch.randint(vocabulary, (tokens,), generator=generator)
    parts = cross_entropy(hidden, weight, targets, at_once=at_once)
    whole = torch.nn.functional.cross_entropy(hidden @ weight.T, targets)
    torch.testing.assert_close(parts, whole)
    torch.testing.assert_close(
        torch.autograd.grad(parts, (hidden, weight)), torch.autograd.grad(whole, (hidden, weight))
    )


@pytest.mark.parametrize("size", SIZES)
def test_a_shape_tells_how_many_parameters_its_decoder_has(size: str):
    with torch.device("meta"):
        model = Decoder(SIZES[size])
    assert sum(parameter.numel() for parameter in model.parameters()) == SIZES[size].parameters


def test_the_data_are_what_the_signature_says():
    check_dataset(TASK, TASK.data(0))


def test_reading_ahead_changes_no_batch():
    rows = sequences(np.arange(101, dtype=np.uint8), context=10)
    batches = plan_batches(rows=len(rows), batch_size=4, seed=0, workers=1)
    ahead, anew = Feed(rows, batches, ALONE), [Feed(rows, batches, ALONE).take(step).targets for step in range(5)]
    assert all(ahead.take(step).targets.equal(expected) for step, expected in enumerate(anew))


@given(st.sampled_from([1, 2, 4]), st.sampled_from([1, 2]), st.sampled_from([1, 2]), st.sampled_from([1, 2]))
def test_a_pipelines_stages_and_a_tensor_group_take_the_same_rows(replicas: int, shard: int, tensor: int, stages: int):
    size = replicas * shard * tensor * stages
    here = torch.device("cpu")
    ranks = [
        Mesh(rank=rank, size=size, device=here, shard=shard, tensor=tensor, pipeline=stages) for rank in range(size)
    ]
    seen = [mesh.data_rank for mesh in ranks]
    assert sorted(seen) == sorted([*range(replicas * shard)] * tensor * stages)
    assert all(a.data_rank == b.data_rank for a, b in pairwise(ranks) if b.rank % tensor)


def test_a_mesh_that_does_not_hold_the_workers_is_refused_by_its_setting():
    with pytest.raises(ValueError, match="does not hold 4 workers"):
        TrainSettings(workers=4, mesh=MeshSettings(shard=3))


def test_processes_that_do_not_stand_in_the_mesh_are_told_so():
    with pytest.raises(TrainingError, match="does not hold 1 workers"):
        arranged(rank=0, size=1, device=torch.device("cpu"), settings=MeshSettings(tensor=2))


@pytest.mark.parametrize(
    ("change", "tensor", "allowed"),
    [
        ({"kv_heads": 6, "heads": 6, "width": 48}, 3, 2),  # hidden units lie in eight parts
        ({"context": 130}, 4, 2),  # sequences are cut too
    ],
)
def test_a_tensor_group_that_the_layers_cannot_be_cut_over_evenly_is_refused(
    change: dict[str, int], tensor: int, allowed: int
):
    task = LanguageModel(replace(SIZES["1m"], **{"kv_heads": 4, **change}))
    mesh = Mesh(rank=0, size=tensor, device=torch.device("cpu"), tensor=tensor)
    with pytest.raises(TrainingError, match=f"mesh.tensor is {tensor}, .* what divides {allowed}"):
        Learner(task, task.recipe, seed=0, mesh=mesh)


def test_the_average_is_in_place_only_while_it_is_judged():
    weights = {"w": torch.tensor([1.0])}
    average = Average(weights, decay=0.75)
    average.update()
    weights["w"].fill_(5.0)
    average.update()
    with average.judged():
        assert weights["w"].item() == 2.0
    assert weights["w"].item() == 5.0
