"""The optimiser steps as the schedule says: which one, at which rate, with how long a gradient."""

import copy
import sys
from dataclasses import replace

import pytest
import torch

from napari_fhn.network import HyperbolicNetwork
from napari_fhn.network.architecture import levels
from napari_fhn.training import Schedule
from napari_fhn.training.steps.optimiser import Optimiser, rate


def network():
    return HyperbolicNetwork(levels(2, 4, (2, 3), 1), 1, 2, torch.Generator().manual_seed(0))


def with_gradients(made, size=1.0):
    for number, parameter in enumerate(made.parameters()):
        generator = torch.Generator().manual_seed(number)
        parameter.grad = size * torch.randn(parameter.shape, generator=generator)
    return made


@pytest.mark.parametrize(
    ("schedule", "expected"),
    [
        (Schedule(steps=100, decay="constant"), {0: 1, 99: 1}),
        (Schedule(steps=100, decay="cosine"), {0: 1, 50: 0.5, 99: 0.000247}),
        (Schedule(steps=100, decay="step", decay_every=30, decay_factor=0.1), {0: 1, 29: 1, 30: 0.1, 60: 0.01}),
        (Schedule(steps=100, decay="constant", warmup=3), {0: 0.25, 1: 0.5, 2: 0.75, 3: 1, 4: 1}),
    ],
)
def test_rate(schedule, expected):
    assert {step: rate(schedule, step) for step in expected} == pytest.approx(expected, rel=1e-2)


@pytest.mark.parametrize(("name", "kind"), [("adamw", "AdamW"), ("adam", "Adam"), ("sgd", "SGD")])
def test_steps_as_torchs_own_optimiser(name, kind):
    schedule = Schedule(steps=10, optimiser=name, momentum=0.8, gradient_norm=0, decay="constant", learning_rate=0.01)
    ours, theirs = network(), network()
    own = Optimiser(ours, schedule)
    options = {"momentum": 0.8} if name == "sgd" else {}
    other = getattr(torch.optim, kind)(theirs.parameter_groups(0.01, schedule.weight_decay), **options)
    for step in range(3):
        with_gradients(ours)
        with_gradients(theirs)
        own.step(step)
        other.step()
    for a, b in zip(ours.parameters(), theirs.parameters(), strict=True):
        torch.testing.assert_close(a, b, rtol=0, atol=0)


@pytest.mark.parametrize("name", ["adamw", "adam", "sgd"])
def test_a_step_needs_no_compiler(name, monkeypatch):
    monkeypatch.setitem(sys.modules, "torch._dynamo", None)  # seconds that nobody needs
    made = with_gradients(network())
    before = made.kernels[0].detach().clone()
    optimiser = Optimiser(made, Schedule(steps=10, optimiser=name))
    optimiser.step(0)
    optimiser.zero_gradients()
    assert not torch.equal(made.kernels[0], before)
    assert made.kernels[0].grad is None


@pytest.mark.parametrize("name", ["adamw", "adam", "sgd"])
def test_goes_on_as_if_it_had_never_stopped(name):
    schedule = Schedule(steps=10, optimiser=name, momentum=0.9, learning_rate=0.01)
    whole, half = network(), network()
    first, second = Optimiser(whole, schedule), Optimiser(half, schedule)
    for step in range(2):
        for made, optimiser in ((whole, first), (half, second)):
            with_gradients(made)
            optimiser.step(step)
    kept = copy.deepcopy(second.state())
    later = Optimiser(half, schedule)
    later.resume(kept)
    for step in range(2, 4):
        for made, optimiser in ((whole, first), (half, later)):
            with_gradients(made)
            optimiser.step(step)
    assert all(map(torch.equal, whole.parameters(), half.parameters()))
    assert all(own["step"] == 2 for own in kept["moments"] if "step" in own)  # what was kept is a copy


def test_the_rate_is_that_of_the_step_and_the_damping():
    schedule = Schedule(steps=10, optimiser="sgd", momentum=0, weight_decay=0, gradient_norm=0, decay="cosine")
    moved = []
    for step, damping in ((0, 1.0), (5, 1.0), (5, 0.5)):
        made = with_gradients(network())
        before = made.kernels[0].detach().clone()
        optimiser = Optimiser(made, schedule)
        optimiser.damping = damping
        optimiser.step(step)
        moved.append((made.kernels[0].detach() - before).norm().item())
    assert moved[1] == pytest.approx(0.5 * moved[0], rel=1e-4)
    assert moved[2] == pytest.approx(0.25 * moved[0], rel=1e-4)


def test_long_gradients_are_shortened_and_short_ones_are_not():
    schedule = Schedule(steps=10, optimiser="sgd", momentum=0, weight_decay=0, decay="constant")
    moved = {}
    for size, norm in ((1000.0, 1.0), (1e-4, 1.0), (1e-4, 0.0)):
        made = with_gradients(network(), size)
        before = made.kernels[0].detach().clone()
        Optimiser(made, replace(schedule, gradient_norm=norm)).step(0)
        moved[size, norm] = (made.kernels[0].detach() - before).norm().item()
    assert moved[1e-4, 1.0] == moved[1e-4, 0.0]
    assert moved[1000.0, 1.0] < schedule.learning_rate


def test_forgets_its_moments():
    made = network()
    optimiser = Optimiser(made, Schedule(steps=10, optimiser="sgd", weight_decay=0, gradient_norm=0))
    with_gradients(made)
    optimiser.step(0)
    optimiser.forget()
    before = made.kernels[0].detach().clone()
    with_gradients(made, 0.0)
    optimiser.step(1)
    torch.testing.assert_close(made.kernels[0].detach(), before, rtol=0, atol=0)
