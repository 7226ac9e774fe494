"""What is known without labels: no cost where the network agrees, else a gradient that leads to where it does."""

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from hypothesis import given
from hypothesis import strategies as st

from napari_fhn.box import Box
from napari_fhn.network.architecture import levels
from napari_fhn.training import Input, Job, Objective, Schedule, confusion, fit, intersection_over_union, predict
from napari_fhn.training.data.batch import Batch
from napari_fhn.training.objective import Absence, Order, Share, Smoothness
from napari_fhn.training.steps.criterion import Criterion
from napari_fhn.training.steps.knowledge import RunningShare, absence, order, smoothness
from proofs import LONG

SPACE = (2, 5, 6)
ALL = torch.ones(SPACE, dtype=torch.bool)


def random(*shape, seed=0):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def sure(classes, of=3):
    """Scores of a network that has no doubt."""
    return 200 * F.one_hot(torch.as_tensor(classes), of).movedim(-1, 1).double()


def some_voxels(seed=1):
    return random(*SPACE, seed=seed) > -0.5


def test_a_share_within_its_bounds_costs_nothing():
    belief = random(*SPACE).sigmoid().requires_grad_()
    mean = belief.mean().item()
    loss = RunningShare()(belief, ALL, mean - 0.01, mean + 0.01)
    loss.backward()
    assert loss == 0
    assert not belief.grad.any()


def test_a_share_is_the_distance_to_the_nearest_output_within_its_bounds():
    belief, counted = random(*SPACE).sigmoid(), some_voxels()
    n = counted.sum()
    for at_least, at_most in ((0.0, 0.1), (0.9, 1.0)):
        p = belief.clone().requires_grad_()
        loss = RunningShare()(p, counted, at_least, at_most)
        mean = belief[counted].mean()
        nearest = belief + counted * (mean.clamp(at_least, at_most) - mean)
        torch.testing.assert_close(loss, ((belief - nearest) ** 2).sum() / (2 * n))
        loss.backward()
        torch.testing.assert_close(p.grad, (belief - nearest) / n)


def test_gradients_of_a_share():
    counted = some_voxels()
    assert torch.autograd.gradcheck(
        lambda p: RunningShare(memory=0.0)(p.sigmoid(), counted, 0.0, 0.1), random(*SPACE).requires_grad_()
    )


def test_a_share_remembers_the_blocks_before():
    share = RunningShare(memory=0.9)
    full, empty = torch.ones(SPACE), torch.zeros(SPACE)
    assert share(full, ALL, 0.0, 0.6) == pytest.approx(0.4**2 / 2)
    share.commit(*share.noted)
    # Half of what was seen is full, and the bounds hold, though not in this block.
    assert share(empty, ALL, 0.4, 0.6) == 0
    assert share(empty, ALL, 0.4, 0.6) == 0  # another part of the same step
    share.commit(*share.noted)
    loss = share(full.requires_grad_(), ALL, 0.0, 0.6)
    assert loss.item() == pytest.approx((1.81 / 2.71 - 0.6) ** 2 / 2, rel=1e-5)
    loss.backward()
    torch.testing.assert_close(full.grad, torch.full(SPACE, (1.81 / 2.71 - 0.6) / ALL.sum().item()))


@given(st.lists(st.integers(0, 2), min_size=6, max_size=6))
def test_an_order_costs_nothing_exactly_where_it_holds(column):
    classes = np.broadcast_to(np.array(column), SPACE).copy()
    loss = order(sure(classes), ALL, vertical=1)
    if column == sorted(column):
        assert loss == 0
    else:
        assert loss > 0.01


def test_an_order_reaches_as_far_as_a_layer_is_out_of_place():
    # A thick lower layer above an upper one: all of the wrong part is moved, not its rim alone.
    column = [2, 2, 2, 0, 0, 2]
    scores = (0.02 * sure(np.broadcast_to(np.array(column), SPACE).copy())).requires_grad_()
    order(scores, ALL, vertical=1).backward()
    # Downhill the upper five are moved towards each other; the last is where it belongs.
    down = -scores.grad
    assert (down[:, 0, :, :3] > 0).all()
    assert (down[:, 2, :, :3] < 0).all()
    assert (down[:, 0, :, 3:5] < 0).all()
    assert not scores.grad[..., 5].any()


def test_the_gradient_of_an_order_leads_to_the_nearest_ordered_column():
    scores, counted = random(2, 3, 5, 6).requires_grad_(), some_voxels()
    above = scores.softmax(1).cumsum(1)[:, :-1]
    nearest = torch.zeros_like(above)
    for b, j, x in np.ndindex(2, 2, 5):
        known = counted[b, x]
        column = above[b, j, x][known].tolist()
        nearest[b, j, x][known] = torch.tensor(
            [(min(column[: i + 1]) + max(column[i:])) / 2 for i in range(len(column))], dtype=torch.float64
        )
        assert (nearest[b, j, x][known].diff() <= 1e-12).all()
    apart = (above - nearest.detach()) * counted[:, None]
    loss = order(scores, counted, vertical=1)
    torch.testing.assert_close(loss, (apart**2).sum() / (2 * counted.sum()))
    (found,) = torch.autograd.grad(loss, scores, retain_graph=True)
    (expected,) = torch.autograd.grad(above, scores, apart.detach() / counted.sum())
    torch.testing.assert_close(found, expected)


def test_following_the_gradient_puts_layers_in_order():
    scores = random(2, 3, 5, 6, seed=3).requires_grad_()
    optimiser = torch.optim.Adam([scores], 0.1)
    first = order(scores, ALL, 1).item()
    for _ in range(300):
        optimiser.zero_grad()
        loss = order(scores, ALL, 1)
        loss.backward()
        optimiser.step()
    assert loss < 1e-3 * first
    assert (scores.argmax(1).diff(dim=-1) >= 0).all()


def places(where):
    return where.flatten().nonzero()[:, 0]


def test_an_absence_is_the_surprise_at_the_class():
    scores, where = random(2, 3, 5, 6).requires_grad_(), some_voxels()
    loss = absence(scores, places(where), 1)
    torch.testing.assert_close(loss, -(1 - scores.softmax(1)[:, 1])[where].log().mean())
    loss.backward()
    assert not scores.grad.movedim(1, -1)[~where].any()
    assert torch.autograd.gradcheck(lambda s: absence(s, places(where), 1), scores)
    assert absence(scores, places(torch.zeros_like(where)), 1) == 0
    assert absence(sure(np.zeros(SPACE, int)), places(ALL), 1) == pytest.approx(0, abs=1e-12)


def test_an_absence_moves_a_network_that_is_sure_and_wrong():
    scores = sure(np.ones(SPACE, int)).requires_grad_()
    absence(scores, places(ALL), 1).backward()
    assert scores.grad[:, 1].sum() == pytest.approx(1)


def test_smoothness_counts_boundaries():
    classes = np.zeros(SPACE, int)
    assert smoothness(sure(classes).softmax(1), ALL, (1.0, 1.0)) == 0
    classes[:, :, 4:] = 1
    classes[0, 2:, :] = 2
    belief = sure(classes).softmax(1)
    # Vertical pairs: 5 in each of 10 columns. Horizontal pairs: 4 in each of 12 rows.
    assert smoothness(belief, ALL, (0.0, 1.0)) == pytest.approx(7 / 50)
    assert smoothness(belief, ALL, (2.0, 0.0)) == pytest.approx(2 * 6 / 48)
    counted = ALL.clone()
    counted[0] = False
    assert smoothness(belief, counted, (1.0, 1.0)) == pytest.approx(5 / 25)


def test_a_boundary_on_an_edge_of_the_data_is_cheap():
    classes = np.zeros(SPACE, int)
    classes[:, :, 3:] = 1
    belief = sure(classes).softmax(1)
    data = torch.zeros(2, 4, 5, 6)
    data[..., 3:] = 2.0
    cost = smoothness(belief, ALL, (1.0, 1.0))
    torch.testing.assert_close(smoothness(belief, ALL, (1.0, 1.0), data, 1.0), cost * np.exp(-2))
    data = data.roll(1, -1)
    torch.testing.assert_close(smoothness(belief, ALL, (1.0, 1.0), data, 1.0), cost)


def test_gradients_of_smoothness():
    data, counted = random(2, 4, 5, 6, seed=5), some_voxels()
    assert torch.autograd.gradcheck(
        lambda s: smoothness(s.softmax(1), counted, (1.0, 0.5), data, 1.0), random(2, 3, 5, 6).requires_grad_()
    )


def test_voxels_that_do_not_count_play_no_part():
    known = (
        Share("a", 0.0, 0.1),
        Order(),
        Order(("a", "c")),
        Absence("b", (Box((0,), (1,)),)),
        Smoothness(edge=1.0),
    )
    counted = some_voxels()
    batch = Batch(
        random(2, 2, 5, 6).float(),
        torch.zeros(SPACE, dtype=torch.int64),
        counted=counted,
        absent=some_voxels(seed=7)[:, None],
    )
    scores = random(2, 3, 5, 6).requires_grad_()
    terms = Criterion(Objective(knowledge=known), "abc", 1).terms(scores, batch, np.ones(3, int))
    assert list(terms) == ["cross-entropy", "share of a", "order of layers", "no b there", "smoothness"]
    assert all(terms[item.name] > 0 for item in known)
    sum(terms.values()).backward()
    assert not scores.grad.movedim(1, -1)[~counted].any()
    assert scores.grad.movedim(1, -1)[counted].any(-1).all()


def test_the_weight_of_a_term_is_its_factor():
    batch = Batch(torch.zeros(2, 1, 5, 6), torch.zeros(SPACE, dtype=torch.int64))
    scores = random(2, 3, 5, 6)
    once, thrice = (
        Criterion(Objective(knowledge=(Smoothness(weight=w),)), "abc", 1).terms(scores, batch, np.ones(3, int))
        for w in (1.0, 3.0)
    )
    torch.testing.assert_close(3 * once["smoothness"], thrice["smoothness"])


@pytest.mark.parametrize(("vertical", "along"), [(0, 2), (1, 3), (None, 3)])
def test_a_boundary_costs_what_its_axis_says_and_only_one_axis_is_vertical(vertical, along):
    batch = Batch(torch.zeros(2, 1, 5, 6), torch.zeros(SPACE, dtype=torch.int64))
    known = (Smoothness(horizontal=0.5, vertical=2.0),)
    size = (5, 6)[along - 2]
    step = (torch.arange(size) >= size // 2).float().reshape(-1, 1) if along == 2 else (torch.arange(6) >= 3).float()
    scores = 50 * torch.stack([step.expand(5, 6), 1 - step.expand(5, 6)]).expand(2, 2, 5, 6)
    found = Criterion(Objective(knowledge=known), "ab", vertical).terms(scores, batch, np.ones(2, int))["smoothness"]
    level = Criterion(Objective(knowledge=(Smoothness(),)), "ab", vertical).terms(scores, batch, np.ones(2, int))
    cost = 2.0 if vertical is not None and along == vertical + 2 else 0.5
    torch.testing.assert_close(found, cost * level["smoothness"])


def test_terms_of_one_name_add_up():
    batch = Batch(torch.zeros(2, 1, 5, 6), torch.zeros(SPACE, dtype=torch.int64))
    scores = random(2, 3, 5, 6)
    one, other = Share("a", 0.9, 1.0), Share("a", 0.0, 0.01, weight=3.0)
    terms = [
        Criterion(Objective(knowledge=known), "abc", 1).terms(scores, batch, np.ones(3, int))["share of a"]
        for known in ((one,), (other,), (one, other))
    ]
    assert min(terms) > 0
    torch.testing.assert_close(terms[0] + terms[1], terms[2])


def test_shares_of_the_blocks_before_are_those_of_their_class_and_outlive_a_pause():
    known = (Share("a", 0.5, 0.5), Smoothness(), Share("b", 0.5, 0.5))
    batch = Batch(torch.zeros(2, 1, 5, 6), torch.zeros(SPACE, dtype=torch.int64))
    scores, others = random(2, 3, 5, 6), sure(torch.zeros(SPACE, dtype=torch.int64))
    first, second = (Criterion(Objective(knowledge=known), "abc", 1) for _ in range(2))
    assert first.notes == 4
    first.terms(others, batch, np.ones(3, int))
    first.commit(first.noted(scores))
    a, _, b = first.state()
    assert [float(share["filled"] / share["voxels"]) for share in (a, b)] == pytest.approx([1, 0])
    fresh = second.terms(scores, batch, np.ones(3, int))
    second.resume(first.state())
    went_on, kept = (one.terms(scores, batch, np.ones(3, int)) for one in (second, first))
    for name in ("share of a", "share of b"):
        torch.testing.assert_close(went_on[name], kept[name])
        assert went_on[name] != fresh[name]
    second.resume(first.state()[:1])  # of another objective: as it was
    torch.testing.assert_close(second.terms(scores, batch, np.ones(3, int))["share of a"], kept["share of a"])


def surveyed(folder, layers, noise, known):
    """A small survey of three layers with two labelled columns, and how well a network trained on it predicts it."""
    rng = np.random.default_rng(1)
    i, x, t = np.ogrid[:12, :20, :32]
    depth = t + 0.3 * i - 0.2 * x
    truth = (1 + (depth > 10) + (depth > 20)).astype(np.uint8)
    labels = np.zeros_like(truth)
    for column in [(2, 3), (9, 16)]:
        labels[column] = truth[column]
    data = np.choose(truth - 1, layers) + noise * rng.standard_normal(truth.shape)
    for name, array in (("data", data.astype(np.float32)), ("labels", labels), ("prediction", np.zeros_like(truth))):
        np.save(folder / f"{name}.npy", array)
    job = Job(
        inputs=(Input(str(folder / "data.npy")),),
        labels=str(folder / "labels.npy"),
        classes=("top", "middle", "base"),
        network=levels(2, 8, (4, 8), 2, context=1),
        schedule=Schedule(
            steps=60, batch=2, block=(16, 32), learning_rate=0.1, noise=0.05, objective=Objective(knowledge=known)
        ),
        prediction=str(folder / "prediction.npy"),
        model=str(folder / "model"),
        vertical_axis=2,
        position="none",
        device="cpu",
    )
    for work in (fit, predict):
        list(work(job))
    predicted = np.load(job.prediction)
    return predicted, intersection_over_union(confusion(predicted, truth, 3)).mean()


@pytest.mark.parametrize(
    ("layers", "noise", "known"),
    [
        # Top and base look alike, and only what lies between tells them apart.
        ([0.0, 3.0, 0.0], 2.5, (Order(),)),
        pytest.param([0.0, 1.0, 2.0], 2.0, (Smoothness(),), marks=LONG),
        pytest.param([0.0, 1.0, 2.0], 2.0, (Share("base", 0.33, 0.37), Share("top", 0.32, 0.36)), marks=LONG),
        (
            [0.0, 1.0, 2.0],
            2.0,
            (Absence("base", (Box((0, 0, 0), (12, 20, 14)),)), Absence("top", (Box((0, 0, 18), (12, 20, 32)),))),
        ),
    ],
)
def test_what_is_known_without_labels_helps(tmp_path, layers, noise, known):
    _, without = surveyed(tmp_path, layers, noise, ())
    _, with_it = surveyed(tmp_path, layers, noise, known)
    assert with_it > without + 0.02
