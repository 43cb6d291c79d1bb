import pytest
import torch
from torch import nn

from training.mesh import Mesh
from training.parallel.gradients import gradient_norm, scale_down

ALONE = Mesh(rank=0, size=1, device=torch.device("cpu"))


def parameter(*gradient: float) -> nn.Parameter:
    made = nn.Parameter(torch.ones(len(gradient)))
    made.grad = torch.tensor(gradient)
    return made


def test_a_norm_beyond_all_numbers_leaves_the_gradients_that_were_measured():
    one = parameter(2e19, 2e19)
    assert gradient_norm([one], mesh=ALONE).isinf()
    assert one.grad is not None
    assert one.grad.equal(torch.tensor([2e19, 2e19]))


def test_gradients_are_scaled_down_to_the_limit_together():
    both = [parameter(3.0), parameter(4.0)]
    scale_down(both, norm=gradient_norm(both, mesh=ALONE), limit=1.0)
    assert gradient_norm(both, mesh=ALONE).item() == pytest.approx(1.0, abs=1e-6)


def test_gradients_within_the_limit_are_left():
    one = parameter(3.0, 4.0)
    scale_down([one], norm=gradient_norm([one], mesh=ALONE), limit=6.0)
    assert one.grad is not None
    assert one.grad.equal(torch.tensor([3.0, 4.0]))
