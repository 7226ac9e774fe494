"""In each block the classes that are labelled weigh alike, as in the code that goes with the paper."""

from dataclasses import replace

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from napari_fhn.training.data.balance import in_blocks
from napari_fhn.training.data.batch import Batch, Known
from napari_fhn.training.objective import Objective
from napari_fhn.training.steps.criterion import Criterion

LABELS = torch.tensor([[[1, 1, 1, 2], [1, 0, 0, 0]], [[2, 2, 2, 0], [1, 1, 0, 0]], [[1, 1, 0, 0], [0, 0, 0, 0]]])
SCORES = torch.randn(3, 2, 2, 4, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
COUNTS = np.array([1000, 3])


def loss(batch, scores=SCORES, **objective):
    terms = Criterion(Objective(balance="block", **objective), ("a", "b"), None).terms(scores, batch, COUNTS)
    return terms["cross-entropy"].item()


def test_the_loss_is_the_one_that_the_published_script_minimises_over_its_weights():
    total = weight = 0.0
    for scores, labels in zip(SCORES, LABELS, strict=True):
        numbers = [(labels == value).sum().item() for value in (1, 2)]
        present = [n for n in numbers if n]
        for value, n in zip((1, 2), numbers, strict=True):
            if n:
                here = labels == value
                surprise = F.cross_entropy(scores.movedim(0, -1)[here], labels[here] - 1, reduction="sum").item()
                total += min(present) / n * surprise
                weight += min(present)
    assert loss(Batch(SCORES, LABELS)) == pytest.approx(total / weight)


def test_how_often_a_class_is_labelled_elsewhere_does_not_matter():
    first = Batch(SCORES[:1], LABELS[:1])
    other = Criterion(Objective(balance="block"), ("a", "b"), None).terms(SCORES[:1], first, COUNTS[::-1].copy())
    assert other["cross-entropy"].item() == pytest.approx(loss(first, SCORES[:1]))


def test_parts_of_a_batch_make_the_whole_of_its_loss():
    batch = Batch(SCORES, LABELS, torch.rand(LABELS.shape, dtype=torch.float64))
    criterion = Criterion(Objective(balance="block"), ("a", "b"), None)
    parts = criterion.weighed(replace(batch, parts=3).split(), COUNTS)
    added = sum(
        part.of_all(criterion.terms(scores[None], part.batch, COUNTS))["cross-entropy"].item()
        for part, scores in zip(parts, SCORES, strict=True)
    )
    assert added == pytest.approx(loss(batch))


def test_nothing_labelled_weighs_nothing():
    assert len(in_blocks(Known.of(torch.zeros(2, 3, dtype=torch.int64)), 2, 6, 2)) == 0
    assert loss(Batch(SCORES, torch.zeros_like(LABELS))) == 0.0
