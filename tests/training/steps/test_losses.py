"""Losses against closed forms and slow references; their gradients; what is not labelled plays no part."""

import itertools

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from napari_fhn.training import Objective
from napari_fhn.training.data.batch import Batch
from napari_fhn.training.steps.criterion import Criterion
from napari_fhn.training.steps.losses import Labelled, class_weights, cross_entropy, dice, focal, labelled, lovasz

ONE = torch.tensor([1.0, 2.0, 0.5, 1.5], dtype=torch.float64)
LOSSES = {
    "cross-entropy": lambda known: cross_entropy(known, ONE, 0.1),
    "focal": lambda known: focal(known, ONE, 2.0, 0.1),
    "dice": dice,
    "lovasz": lovasz,
}


def some(voxels=12, weighted=True, seed=0):
    generator = torch.Generator().manual_seed(seed)
    scores = 2 * torch.randn(voxels, 4, generator=generator, dtype=torch.float64)
    classes = torch.randint(0, 3, (voxels,), generator=generator)  # the last class does not occur
    weights = torch.rand(voxels, generator=generator, dtype=torch.float64) if weighted else torch.ones(voxels)
    return Labelled(scores, classes, weights.double())


def test_only_labelled_voxels_are_gathered():
    scores = torch.randn(2, 3, 4, 5, requires_grad=True)
    labels = torch.zeros(2, 4, 5, dtype=torch.int64)
    labels[0, 1, 2], labels[1, 3, 4] = 1, 3
    known = labelled(scores, labels)
    torch.testing.assert_close(known.scores, scores[[0, 1], :, [1, 3], [2, 4]])
    assert known.classes.tolist() == [0, 2]
    assert known.weights.tolist() == [1, 1]


@pytest.mark.parametrize("name", LOSSES)
def test_what_is_not_labelled_plays_no_part(name):
    labels = torch.zeros(2, 4, 5, dtype=torch.int64)
    labels[0, 1, 2], labels[1, 3, 4], labels[1, 0, 0] = 1, 3, 4
    scores = torch.randn(2, 4, 4, 5, dtype=torch.float64, requires_grad=True)
    loss = LOSSES[name](labelled(scores, labels))
    loss.backward()
    touched = scores.grad.abs().sum(1) > 0
    assert touched.nonzero().tolist() == [[0, 1, 2], [1, 0, 0], [1, 3, 4]]
    other = torch.where((labels > 0)[:, None], scores, torch.randn_like(scores))
    assert LOSSES[name](labelled(other, labels)) == loss


@pytest.mark.parametrize("name", LOSSES)
def test_gradients(name):
    known = some()
    assert torch.autograd.gradcheck(lambda s: LOSSES[name](known._replace(scores=s)), known.scores.requires_grad_())


@pytest.mark.parametrize("name", LOSSES)
def test_no_voxels_give_no_loss(name):
    known = Labelled(torch.zeros(0, 4, requires_grad=True), torch.zeros(0, dtype=torch.int64), torch.zeros(0))
    loss = LOSSES[name](known)
    loss.backward()
    assert loss == 0


@pytest.mark.parametrize("name", LOSSES)
def test_a_label_of_no_weight_moves_nothing(name):
    known = some()
    known.weights[3] = 0
    scores = known.scores.requires_grad_()
    LOSSES[name](known).backward()
    assert not scores.grad[3].any()
    assert scores.grad[4].any()


@pytest.mark.parametrize("name", ["focal", "dice", "lovasz"])
def test_sure_and_right_costs_nothing(name):
    known = some(weighted=False)
    right = known._replace(scores=60 * F.one_hot(known.classes, 4).double())
    loss = focal(right, ONE, 2.0) if name == "focal" else LOSSES[name](right)
    assert loss == pytest.approx(0, abs=1e-12)


def test_cross_entropy_is_torchs():
    known = some(weighted=False)
    torch.testing.assert_close(
        cross_entropy(known, ONE), F.cross_entropy(known.scores, known.classes, weight=ONE), rtol=1e-12, atol=0
    )
    torch.testing.assert_close(
        cross_entropy(known, torch.ones(4), 0.2), F.cross_entropy(known.scores, known.classes, label_smoothing=0.2)
    )


def test_a_label_weight_is_a_soft_label_that_leaves_the_rest_to_the_network():
    known = some()
    scores = known.scores.requires_grad_()
    cross_entropy(known, torch.ones(4)).backward()
    belief = scores.detach().softmax(1)
    target = known.weights[:, None] * F.one_hot(known.classes, 4) + (1 - known.weights[:, None]) * belief
    soft = scores.detach().clone().requires_grad_()
    F.cross_entropy(soft, target).backward()
    torch.testing.assert_close(scores.grad, soft.grad)


def test_focal_loss_is_its_formula():
    known = some()
    p = known.scores.softmax(1)[torch.arange(12), known.classes]
    expected = (known.weights * ONE[known.classes] * -((1 - p) ** 3) * p.log()).sum() / ONE[known.classes].sum()
    torch.testing.assert_close(focal(known, ONE, 3.0), expected)
    torch.testing.assert_close(focal(known, ONE, 0.0), cross_entropy(known, ONE))


def test_dice_is_its_formula():
    known = some()
    p, w = known.scores.softmax(1).numpy(), known.weights.numpy()
    values = []
    for k in range(3):
        y = (known.classes.numpy() == k).astype(float)
        values.append(1 - 2 * (w * p[:, k] * y).sum() / (w * (p[:, k] + y)).sum())
    assert dice(known).item() == pytest.approx(np.mean(values))


def iou(wrong, truth, weights):
    kept, made = truth & ~wrong, ~truth & wrong
    return weights[kept].sum() / (weights[truth].sum() + weights[made].sum())


def test_lovasz_is_one_minus_iou_where_the_network_is_sure():
    known = some(weighted=True)
    predicted = torch.randint(0, 3, (12,), generator=torch.Generator().manual_seed(5))
    sure = known._replace(scores=80 * F.one_hot(predicted, 4).double())
    w, t, p = known.weights.numpy(), known.classes.numpy(), predicted.numpy()
    values = [1 - iou((t == k) != (p == k), t == k, w) for k in range(3)]
    assert lovasz(sure).item() == pytest.approx(np.mean(values))


def test_lovasz_is_the_convex_closure_of_the_jaccard_loss():
    # The Lovasz extension of a submodular set function is the largest sum over all orders in which errors are made.
    known = some(voxels=5, seed=3)
    p, w, t = known.scores.softmax(1).numpy(), known.weights.numpy(), known.classes.numpy()
    values = []
    for k in np.unique(t):
        truth = t == k
        errors = np.abs(truth - p[:, k])
        best = -np.inf
        for order in itertools.permutations(range(5)):
            wrong, before, total = np.zeros(5, bool), 0.0, 0.0
            for i in order:
                wrong[i] = True
                now = 1 - iou(wrong, truth, w)
                total += errors[i] * (now - before)
                before = now
            best = max(best, total)
        values.append(best)
    assert lovasz(known).item() == pytest.approx(np.mean(values))


def test_class_weights_help_the_rare():
    counts = np.array([100, 0, 4])
    ratio = {}
    for balance in ("none", "sqrt", "effective", "full"):
        weights = class_weights(counts, balance, 0.99)
        assert weights[1] == 1  # its first stroke may be in a block before it is counted
        assert weights[[0, 2]].mean() == pytest.approx(1)
        ratio[balance] = (weights[2] / weights[0]).item()
    assert ratio == pytest.approx(
        {"none": 1, "sqrt": 5, "effective": (1 - 0.99**100) / (1 - 0.99**4), "full": 25}, rel=1e-5
    )
    assert class_weights(counts, "effective", 0.0).tolist() == [1, 1, 1]
    nearly_full = class_weights(counts, "effective", 1 - 1e-9)
    torch.testing.assert_close(nearly_full, class_weights(counts, "full"), rtol=1e-5, atol=0)


def test_a_class_of_one_voxel_weighs_twice_one_of_two():
    one, two, *_ = class_weights(np.array([1, 2, 0]), "full").tolist()
    assert one == pytest.approx(2 * two)


def test_losses_have_the_type_of_the_scores_whatever_the_type_of_the_weights():
    scores, labels = torch.zeros(1, 2, 2, 2), torch.tensor([[[1, 0], [2, 1]]])
    for kind in (torch.float64, torch.float16, torch.uint8):
        known = labelled(scores, labels, torch.ones(1, 2, 2, dtype=kind))
        assert known.weights.dtype == torch.float32
        assert cross_entropy(known, torch.ones(2)).dtype == torch.float32


def test_the_criterion_names_its_terms():
    batch = Batch(torch.zeros(1, 1, 2, 6), torch.tensor([[[0, 1, 2, 3, 0, 0]] * 2]))
    scores = torch.randn(1, 3, 2, 6, generator=torch.Generator().manual_seed(0))
    counts = np.array([10, 20, 30])
    names = ("cross-entropy", "focal", "dice", "lovasz")
    terms = Criterion(Objective(losses=names, balance="full"), "abc", None).terms(scores, batch, counts)
    assert tuple(terms) == names
    known = labelled(scores, batch.labels)
    torch.testing.assert_close(terms["cross-entropy"], cross_entropy(known, class_weights(counts, "full")))
    torch.testing.assert_close(terms["dice"], dice(known))


@pytest.mark.parametrize("balance", ["none", "sqrt", "effective", "full"])
def test_the_criterion_balances_as_its_objective_says(balance):
    batch = Batch(torch.zeros(1, 1, 2, 6), torch.tensor([[[0, 1, 2, 3, 0, 0]] * 2]))
    scores = torch.randn(1, 3, 2, 6, generator=torch.Generator().manual_seed(0))
    counts = np.array([10, 200, 3000])
    objective = Objective(losses=("cross-entropy", "focal"), balance=balance, beta=0.9, gamma=3.0, smoothing=0.2)
    terms = Criterion(objective, "abc", None).terms(scores, batch, counts)
    known, by_class = labelled(scores, batch.labels), class_weights(counts, balance, 0.9)
    torch.testing.assert_close(terms["cross-entropy"], cross_entropy(known, by_class, 0.2))
    torch.testing.assert_close(terms["focal"], focal(known, by_class, 3.0, 0.2))


def test_what_a_label_weighs_is_gathered_with_it_and_balance_is_by_the_root_unasked():
    scores, labels = torch.zeros(1, 2, 2, 2), torch.tensor([[[1, 0], [2, 1]]])
    weights = torch.tensor([[[0.5, 9.0], [0.25, 1.0]]])
    known = labelled(scores, labels, weights)
    assert sorted(known.weights.tolist()) == [0.25, 0.5, 1.0]
    assert labelled(scores, labels).weights.tolist() == [1.0] * 3
    counts = np.array([1, 4, 0])
    assert (
        class_weights(counts).tolist()
        == class_weights(counts, "sqrt").tolist()
        != class_weights(counts, "none").tolist()
    )
