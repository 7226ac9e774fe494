"""Networks of a few steps are kept on disk; training goes back to them."""

from pathlib import Path

import pytest
import torch

from napari_fhn.network import HyperbolicNetwork
from napari_fhn.network.architecture import levels
from napari_fhn.training.data.framing import Framing
from napari_fhn.training.models.checkpoints import Checkpoints
from napari_fhn.training.models.description import Normalisation
from napari_fhn.training.models.model import Model, load


@pytest.fixture
def model():
    network = HyperbolicNetwork(levels(2, 4, (2,), 1), 1, 2)
    return Model(network, Normalisation((0.0,), (1.0,)), ("a", "b"), Framing())


def test_eight_are_kept_evenly(tmp_path):
    checkpoints = Checkpoints(tmp_path, 100)
    assert [step for step in range(1, 101) if checkpoints.due(step)] == [13, 26, 39, 52, 65, 78, 91]
    assert [step for step in range(1, 5) if Checkpoints(tmp_path, 4).due(step)] == [1, 2, 3, 4]


def test_goes_back_to_the_weights_of_a_step(tmp_path, model):
    checkpoints = Checkpoints(tmp_path, 100)
    before = model.network.kernels[0].detach().clone()
    kept = checkpoints.keep(model, 13, 0.5, None)
    assert (kept.step, kept.loss, kept.held_out) == (13, 0.5, None)
    torch.testing.assert_close(load(kept.path).network.kernels[0], before)
    with torch.no_grad():
        model.network.kernels[0].fill_(7.0)
    checkpoints.keep(model, 26, 0.4, None)
    assert "back to step 13" in checkpoints.go_back(model, 13)
    torch.testing.assert_close(model.network.kernels[0].detach(), before)


def test_a_step_that_was_not_kept_is_a_sentence(tmp_path, model):
    checkpoints = Checkpoints(tmp_path, 100)
    with pytest.raises(LookupError) as error:
        checkpoints.go_back(model, 13)
    assert "none yet" in error.value.args[0]
    checkpoints.keep(model, 13, None, None)
    with pytest.raises(LookupError, match="those of steps: 13"):
        checkpoints.go_back(model, 14)


def test_those_of_an_earlier_training_go(tmp_path, model):
    kept = Checkpoints(tmp_path, 100).keep(model, 13, None, None)
    fresh = Checkpoints(tmp_path, 100)
    with pytest.raises(LookupError):
        fresh.go_back(model, kept.step)
    assert Path(kept.path).is_dir()  # until the first step is made
    fresh.begin()
    assert not Path(kept.path).exists()
