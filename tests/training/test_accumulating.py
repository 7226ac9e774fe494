"""Blocks that are shown one after the other teach what they teach all at once."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from napari_fhn.network import Architecture, HyperbolicNetwork, Layer
from napari_fhn.network.readings import Reading
from napari_fhn.training import Schedule
from napari_fhn.training.data.batch import Batch
from napari_fhn.training.objective import Objective
from napari_fhn.training.steps.criterion import Criterion
from napari_fhn.training.steps.learner import Learner

CLASSES = ("sand", "shale", "salt")
CPU = torch.device("cpu")


class Labels:
    """What a learner asks of the labels of a survey."""

    version = 0
    classes = len(CLASSES)
    counts = np.array([400, 30, 0])


def drawn(blocks=5):
    """Blocks with unlike numbers of labels, and weights; one has none."""
    generator = torch.Generator().manual_seed(1)
    data = torch.randn(blocks, 2, 8, 8, generator=generator, dtype=torch.float64)
    labels = torch.randint(0, 4, (blocks, 8, 8), generator=generator)
    labels[torch.rand(labels.shape, generator=generator) < 0.6] = 0
    labels[1] = 0
    return Batch(data, labels, torch.rand(labels.shape, generator=generator, dtype=torch.float64))


def after_a_step(batch, losses=("cross-entropy",), dimensions=2, reading=None):
    architecture = Architecture(
        dimensions, 4, (Layer("keep", 3), Layer("coarsen", 4)), h=0.5, reading=reading or Reading()
    )
    network = HyperbolicNetwork(architecture, 2, 3, torch.Generator().manual_seed(0)).double()
    schedule = Schedule(block=(8,) * dimensions, optimiser="sgd", learning_rate=0.5, gradient_norm=0.0)
    objective = Objective(losses=losses, smoothing=0.1)
    outcome = Learner(network, Criterion(objective, CLASSES, None), schedule, Labels(), CPU).learn(batch, 0)
    assert outcome.refusal is None
    return outcome, list(network.parameters())


@pytest.mark.parametrize("losses", [("cross-entropy",), ("focal",)])
@pytest.mark.parametrize("parts", [2, 3, 5, 9])
def test_the_parts_of_a_batch_add_up_to_the_batch(losses, parts):
    batch = drawn()
    whole, weights = after_a_step(batch, losses)
    part, others = after_a_step(replace(batch, parts=parts), losses)
    assert part.loss == pytest.approx(whole.loss, rel=1e-12)
    np.testing.assert_array_equal(part.classes, whole.classes)
    np.testing.assert_array_equal(part.confusion, whole.confusion)
    for one, other in zip(weights, others, strict=True):
        torch.testing.assert_close(one, other, rtol=1e-12, atol=1e-14)


def test_other_losses_are_the_mean_over_the_parts():
    batch = drawn(4)
    alone = [after_a_step(part, ("dice",))[0].loss for part in replace(batch, parts=4).split()]
    found, _ = after_a_step(replace(batch, parts=4), ("dice",))
    assert found.loss == pytest.approx(np.mean(alone))


def test_a_part_is_as_even_as_can_be_and_holds_what_is_known():
    batch = replace(drawn(), parts=3)
    parts = batch.split()
    assert [len(part.data) for part in parts] == [2, 2, 1]
    assert all(part.parts == 1 and part.counted is None for part in parts)
    torch.testing.assert_close(torch.cat([part.weights for part in parts]), batch.weights)
    assert len(replace(batch, parts=99).split()) == 5
    assert batch.shown.repeated(1) is batch.shown


def test_each_slice_of_a_cube_is_held_against_the_labels():
    flat = drawn(2)
    batch = replace(flat, data=flat.data[..., None].expand(-1, -1, -1, -1, 6) * torch.arange(6.0).double())

    def read(at):
        return after_a_step(batch, dimensions=3, reading=Reading(axis=2, at=at))[0]

    both = read((0.0, 1.0))
    assert both.loss == pytest.approx((read(0.0).loss + read(1.0).loss) / 2, rel=1e-6)
    assert both.classes.shape == batch.labels.shape


def test_what_cannot_be_gone_back_in_one_part_refuses_the_step(monkeypatch):
    network = HyperbolicNetwork(Architecture(2, 4, (Layer("keep", 4),) * 3, h=0.5), 2, 3).double()
    learner = Learner(network, Criterion(Objective(), CLASSES, None), Schedule(block=(8, 8)), Labels(), CPU)
    errors = iter(torch.tensor([1e-9, 0.5, 1e-9, 1e-9, 1e-9]))
    monkeypatch.setattr(type(network), "invertibility_on_device", property(lambda self: next(errors)))
    before = [parameter.clone() for parameter in network.parameters()]
    assert "could not be inverted (error 0.5" in learner.learn(replace(drawn(), parts=5), 0).refusal
    assert all(map(torch.equal, before, network.parameters()))
