"""The decoder's fused passes beside the plain formulas, in fp32 from the same bf16 inputs, and some steps."""

import pytest
import torch
from torch import Tensor
from torch.nn.functional import silu

from training.config import ParallelSettings
from training.learner import Learner
from training.mesh import Mesh
from training.tasks.lm import LanguageModel
from training.tasks.lm.loss import cross_entropy
from training.tasks.lm.model import rotation, turned
from training.tasks.lm.shape import SIZES, Shape

pytestmark = [pytest.mark.gpu, pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")]

ROUNDING = 5e-3
"""bf16 keeps 8 bits."""


def far(found: Tensor, expected: Tensor) -> float:
    return ((found.double() - expected.double()).norm() / expected.double().norm()).item()


def test_the_fused_gate_is_the_plain_one_forward_and_backward():
    from training.tasks.lm import fused

    packed = torch.randn(3, 50, 2 * 8 * 24, device="cuda", dtype=torch.bfloat16, requires_grad=True)
    exact = packed.detach().float().requires_grad_()
    gate, up = exact.unflatten(-1, (-1, 2, 24)).unbind(-2)
    found, expected = fused.swiglu(packed, 24), (silu(gate) * up).flatten(-2)
    weights = torch.randn_like(found)
    assert far(found, expected) < ROUNDING
    backward = torch.autograd.grad(found, packed, weights)[0], torch.autograd.grad(expected, exact, weights.float())[0]
    assert far(*backward) < ROUNDING


@pytest.mark.parametrize(("groups", "shared"), [(16, 1), (6, 1), (2, 4)])
def test_the_fused_turn_is_the_plain_one_forward_and_backward(groups: int, shared: int):
    from training.tasks.lm import fused

    shape = Shape(layers=1, width=64 * groups * shared, heads=groups * shared, kv_heads=groups, hidden=8, context=70)
    turns = rotation(shape, torch.device("cuda"))
    packed = torch.randn(2, 70, groups, shared + 2, 64, device="cuda", dtype=torch.bfloat16, requires_grad=True)
    exact = packed.detach().float().requires_grad_()
    q, k, v = exact.split((shared, 1, 1), 3)
    expected = (turned(q.flatten(2, 3), turns), turned(k.squeeze(3), turns), v.squeeze(3))
    found = fused.turned(packed, *turns, shared)
    weights = [torch.randn_like(tensor) for tensor in found]
    assert max(map(far, found, expected)) < ROUNDING
    backward = torch.autograd.grad(expected, exact, [weight.float() for weight in weights])[0]
    assert far(torch.autograd.grad(found, packed, weights)[0], backward) < ROUNDING


def test_the_loss_in_parts_is_the_loss_of_all_and_so_are_its_gradients():
    hidden = torch.randn(300, 64, device="cuda", requires_grad=True)
    weight = torch.randn(5000, 64, device="cuda", requires_grad=True)
    targets = torch.randint(5000, (300,), device="cuda")
    parts = cross_entropy(hidden, weight, targets, at_once=5000 * 70)
    whole = torch.nn.functional.cross_entropy(hidden @ weight.T, targets)
    assert far(parts, whole) < 1e-5
    for found, expected in zip(
        torch.autograd.grad(parts, (hidden, weight)), torch.autograd.grad(whole, (hidden, weight)), strict=True
    ):
        assert far(found, expected) < 1e-4


@pytest.mark.parametrize("compiled", [False, True])
def test_a_decoder_learns_in_bf16(compiled: bool):
    task, here = LanguageModel(SIZES["1m"]), Mesh(rank=0, size=1, device=torch.device("cuda"))
    settings = ParallelSettings(compile=compiled, deterministic=False)
    learner = Learner(task, task.recipe, seed=0, mesh=here, bf16=True, parallel=settings)
    rows = task.data(0).train.to(here.device).rows(slice(0, 32))
    losses = [learner.learn(rows, step=step, rate=0.003).item() for step in range(30)]
    assert losses[-1] < losses[0] - 1
