import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from sklearn import metrics

from training.measures import accuracy, auc, log_loss

SCORED = st.lists(st.tuples(st.integers(0, 5), st.booleans()), min_size=2, max_size=60)


@given(SCORED.filter(lambda rows: len({positive for _, positive in rows}) == 2))
def test_auc_is_what_scikit_learn_says_ties_included(rows: list[tuple[int, bool]]):
    scores, positive = (torch.tensor(column) for column in zip(*rows, strict=True))
    assert auc(scores.float(), positive) == pytest.approx(metrics.roc_auc_score(positive, scores))


def test_auc_of_rows_of_one_kind_is_not_a_number():
    assert math.isnan(auc(torch.tensor([0.1, 0.2]), torch.tensor([True, True])))


def test_log_loss_and_accuracy_are_what_scikit_learn_says():
    probabilities, targets = torch.tensor([[0.9, 0.1], [0.4, 0.6], [0.7, 0.3]]), torch.tensor([0, 1, 1])
    assert log_loss(probabilities, targets) == pytest.approx(metrics.log_loss(targets, probabilities[:, 1]))
    assert accuracy(probabilities, targets) == pytest.approx(2 / 3)


def test_a_class_that_was_ruled_out_costs_much_but_not_infinity():
    assert 80 < log_loss(torch.tensor([[1.0, 0.0]]), torch.tensor([1])) < 100
