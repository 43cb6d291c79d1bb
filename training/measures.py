"""Figures that tasks judge their answers by, in plain torch: importing scikit-learn for them would cost seconds."""

import torch
from torch import Tensor


def auc(scores: Tensor, positive: Tensor) -> float:
    """Area under the ROC curve: the chance that a positive row scores above a negative one, a tie counting one half.

    scores: one a row; positive: one bool a row. NaN when all rows are of one kind. From the Mann-Whitney rank sum.
    """
    _, inverse, counts = torch.unique(scores, return_inverse=True, return_counts=True)
    last_rank = counts.cumsum(0).double()
    rank = (last_rank - (counts - 1) / 2)[inverse]  # rows with equal scores share their mean rank
    positives = int(positive.sum())
    negatives = len(positive) - positives
    if not positives or not negatives:
        return float("nan")
    return ((rank[positive].sum() - positives * (positives + 1) / 2) / (positives * negatives)).item()


def log_loss(probabilities: Tensor, targets: Tensor) -> float:
    """Mean of -log of the probability given to each row's own class; a probability of 0 counts as the smallest float.

    probabilities: (rows, classes); targets: the class of each row.
    """
    chosen = probabilities.double().gather(1, targets.long()[:, None])
    return -chosen.clamp_min(torch.finfo(torch.float32).tiny).log().mean().item()


def accuracy(probabilities: Tensor, targets: Tensor) -> float:
    """Share of rows whose most probable class is their own."""
    return (probabilities.argmax(1) == targets).double().mean().item()
