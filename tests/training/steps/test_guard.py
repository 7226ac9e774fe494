"""A step whose gradient cannot be trusted is refused, and the network is made safer before the next."""

import math

import pytest
import torch

from napari_fhn.network import HyperbolicNetwork
from napari_fhn.network.architecture import levels
from napari_fhn.network.build import build
from napari_fhn.network.equivalent import equivalent_unet
from napari_fhn.training.job import JobError
from napari_fhn.training.steps.guard import Guard

ARCHITECTURE = levels(2, 8, (4, 8), 8)


def evaluated(network):
    network.scores(torch.randn(1, 2, 32, 32, generator=torch.Generator().manual_seed(0))).square().mean().backward()
    return network


def make():
    return HyperbolicNetwork(ARCHITECTURE, 2, 2, torch.Generator().manual_seed(0))


def test_a_stable_network_is_left_alone():
    network = make()
    guard = Guard(network)
    assert guard.refusal() is None  # nothing is known yet
    evaluated(network)
    assert guard.refusal() is None
    assert guard.error == network.invertibility_error < 1e-5
    assert network.h == ARCHITECTURE.h


def test_an_unstable_network_gets_a_smaller_time_step_until_it_can_be_inverted():
    network = make()
    network.h = 3.0
    guard = Guard(network)
    said = []
    for _ in range(8):
        refusal = guard.refusal() if said or evaluated(network) else None
        if refusal is None:
            break
        said.append(refusal)
        evaluated(network)
    assert said
    assert "left out" in said[0]
    assert "h is now 2.12" in said[0]
    assert network.h == pytest.approx(3.0 * math.sqrt(0.5) ** len(said))
    assert network.invertibility_error < guard.limit
    assert network.architecture.h == network.h  # so that the model is saved with it


def test_bfloat16_goes_first():
    network = make()
    network.h, network.precision = 3.0, "bfloat16"
    guard = Guard(evaluated(network))
    assert "float32 from now on" in guard.refusal()
    assert (network.h, network.precision) == (3.0, "float32")


def test_it_gives_up_in_the_end():
    network = make()
    network._error = torch.tensor(math.nan)
    guard = Guard(network, patience=2)
    assert guard.refusal()
    assert guard.refusal()
    with pytest.raises(JobError, match="lower the learning rate"):
        guard.refusal()


def test_a_loss_that_is_not_finite_is_refused_whatever_the_error_was():
    guard = Guard(evaluated(make()))
    assert "The loss became nan" in guard.refusal(math.nan)
    assert guard.network.h < ARCHITECTURE.h


def test_a_network_that_keeps_its_states_is_refused_nothing_but_an_infinite_loss():
    network = build(equivalent_unet(ARCHITECTURE), 2, 2)
    guard = Guard(evaluated(network))
    assert guard.refusal() is None
    assert guard.error is None
    with pytest.raises(JobError, match="lower the learning rate"):
        guard.refusal(math.inf)


def test_a_network_that_keeps_its_states_recomputes_them_in_one_step_of_sixteen_and_while_steps_are_refused():
    network = make()
    network.keep = "states"
    guard, kept = Guard(network), []
    for step in range(33):
        guard.prepare(step)
        kept.append(network.keep)
    assert [step for step, keep in enumerate(kept) if keep == "nothing"] == [0, 16, 32]
    assert set(kept) == {"nothing", "states"}
    network.h = 5.0
    evaluated(network)
    assert "left out" in guard.refusal()
    guard.prepare(34)
    assert network.keep == "nothing"


def test_a_training_goes_on_with_what_it_kept_unless_there_is_less_memory_now():
    network = make()
    network.keep = "states"
    state = Guard(network).state()
    for now, then in (("states", "states"), ("hidden", "hidden"), ("nothing", "nothing")):
        again = make()
        again.keep = now
        Guard(again).resume(state)
        assert again.keep == then
    guard = Guard(network)
    assert guard.keep_less()
    assert network.keep == "nothing"
    assert not guard.keep_less()
