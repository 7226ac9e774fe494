"""A step asks the device for nothing until it is read, and late reading comes to the same as reading at once."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from torch.overrides import TorchFunctionMode
from torch.utils._python_dispatch import TorchDispatchMode

from napari_fhn.box import Box
from napari_fhn.network import onednn
from napari_fhn.training.objective import Absence, Objective, Order, Share, Smoothness
from napari_fhn.training.steps import optimiser
from napari_fhn.training.steps.learner import Learner
from napari_fhn.training.steps.setup import Setup
from napari_fhn.training.steps.unread import FADES

WAITS = ("_local_scalar_dense", "nonzero", "masked_select", "unique", "_unique2", "equal", "is_nonzero", "bincount")
ASKS = ("item", "cpu", "numpy", "tolist", "nonzero", "__bool__", "__float__", "__int__", "__index__", "__array__")


class Waiting(TorchDispatchMode):
    """Notes the operations for which a processor would wait for its device."""

    def __init__(self):
        super().__init__()
        self.seen = []

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        name = func.name().partition("::")[2].partition(".")[0]
        by_mask = name == "index" and any(t is not None and t.dtype == torch.bool for t in args[1])
        if name in WAITS or by_mask:
            self.seen.append(name)
        return func(*args, **(kwargs or {}))


class Asking(TorchFunctionMode):
    """Notes where numbers are taken out of tensors."""

    def __init__(self):
        super().__init__()
        self.seen = []

    def __torch_function__(self, func, types, args=(), kwargs=None):
        if getattr(func, "__name__", "") in ASKS:
            self.seen.append(func.__name__)
        return func(*args, **(kwargs or {}))


@pytest.fixture(params=["sqrt", "block"])
def learner(layered, monkeypatch, request):
    """A learner whose steps are left out on the device, as on a GPU, and batches for it."""
    monkeypatch.setattr(optimiser, "_FUSED", ("cpu",))
    onednn.fusion_works(torch.float32)  # asks once in a process
    job, _ = layered
    known = (Share("top", 0.0, 0.1), Order(), Absence("top", (Box((0, 0, 20), (12, 20, 32)),)), Smoothness())
    losses = ("cross-entropy", "focal", "dice", "lovasz")
    objective = Objective(losses=losses, balance=request.param, knowledge=known)
    # Where states are kept no inversion can fail.
    how = {"objective": objective, "average": 0.9, "gradient_norm": 1.0, "keep": "nothing"}
    job = replace(job, schedule=replace(job.schedule, **how))

    def make():
        setup = Setup(job)
        made = Learner(setup.network, setup.criterion, job.schedule, setup.labels, setup.device)
        return made, [touched(setup.blocks.draw()) for _ in range(6)]

    return make


def touched(batch):
    """What is known of a batch is found before a step: where it was drawn."""
    assert batch.shown.known.places.numel()
    return batch


def weights(made):
    return torch.cat([parameter.detach().flatten() for parameter in made.network.parameters()])


def test_a_step_that_is_not_read_waits_for_nothing(learner):
    made, batches = learner()
    for number, batch in enumerate(batches[:2]):
        with Asking() as asking, Waiting() as waiting:
            assert made.learn(batch, number, read=False) is None
        assert (asking.seen, waiting.seen) == ([], [])
    with Asking() as asking, Waiting():
        assert made.learn(batches[2], 2) is not None
    assert asking.seen  # so that it can be seen at all


def test_what_is_read_late_comes_to_the_same(learner):
    made, batches = learner()
    outcomes = [made.learn(batch, number) for number, batch in enumerate(batches)]
    late, same = learner()
    for number, batch in enumerate(same[:-1]):
        late.learn(batch, number, read=False)
    outcome = late.learn(same[-1], len(same) - 1, show=False)
    assert outcome.losses == tuple(float(np.float32(one.losses[0])) for one in outcomes)
    assert outcome.terms == outcomes[-1].terms
    assert outcome.classes is None
    faded = sum(FADES**ago * one.confusion for ago, one in enumerate(reversed(outcomes)))
    np.testing.assert_allclose(outcome.confusion, faded, rtol=1e-12)
    assert torch.equal(weights(made), weights(late))
    with made.average.in_network(), late.average.in_network():
        torch.testing.assert_close(weights(made), weights(late))


def test_a_step_that_cannot_be_inverted_is_left_out_on_the_device_and_told_of_later(learner):
    made, batches = learner()
    made.guard.keep_less()  # so that each step is inverted
    assert made.learn(batches[0], 0).refusal is None
    before, averages = weights(made), [average.clone() for average in made.average._average]
    made.network.h = 30.0
    for number in (1, 2, 3):
        made.learn(batches[number], number, read=False)
    assert torch.equal(weights(made), before)
    assert all(map(torch.equal, averages, made.average._average))
    refusal = made.learn(batches[4], 4, read=True).refusal
    assert "left out" in refusal
    assert made.network.h == pytest.approx(30 * 0.5**0.5)  # made safer once
    assert torch.equal(weights(made), before)
    assert made.must_read  # until one succeeds


def test_a_loss_that_is_no_number_changes_nothing_until_it_is_read(learner):
    made, batches = learner()
    for number in range(2):
        made.learn(batches[number], number)
    before = weights(made)
    broken = replace(batches[2], data=batches[2].data * torch.nan)
    made.learn(broken, 2, read=False)
    assert torch.equal(weights(made), before)
    assert "went back to its last good weights" in made.learn(batches[3], 3).refusal


def test_on_a_processor_every_step_is_read(layered):
    job, _ = layered
    setup = Setup(job)
    made = Learner(setup.network, setup.criterion, job.schedule, setup.labels, setup.device)
    assert made.learn(setup.blocks.draw(), 0, read=False) is not None
