"""The network that comes with the program, as a file."""

from __future__ import annotations

import pytest
import torch

from napari_fhn.network.architecture import levels
from napari_fhn.network.hyperbolic import HyperbolicNetwork
from napari_fhn.network.readings import Reading
from napari_fhn.training.combination.linear_head import Held
from napari_fhn.training.errors import JobError
from napari_fhn.training.models.pretrained import Pretrained, bundled


def small() -> Pretrained:
    made = levels(2, 4, (2, 2), 1, output_level=1, context=1)
    features = made.layer_channels[-1]
    network = HyperbolicNetwork(made, 4, features, torch.Generator().manual_seed(0))
    return Pretrained(network, Held(0.1, 0.005), 5.0, "a lesson")


def test_it_comes_back_as_it_was_but_for_half_precision(tmp_path):
    one = small()
    one.save(tmp_path / "one.safetensors")
    again = Pretrained.load(tmp_path / "one.safetensors")
    assert (again.held, again.scale, again.made) == (one.held, one.scale, one.made)
    assert again.network.architecture == one.network.architecture
    data = torch.randn(1, 4, 16, 16)
    torch.testing.assert_close(again.network(data), one.network(data), atol=2e-2, rtol=2e-2)
    assert not any(parameter.requires_grad for parameter in again.network.parameters())


@pytest.mark.parametrize("damage", ["missing", "empty", "other", "weights"])
def test_what_is_none_is_named(tmp_path, damage):
    path = tmp_path / "one.safetensors"
    if damage == "empty":
        path.write_bytes(b"")
    elif damage == "other":
        path.write_text("no network")
    elif damage == "weights":
        small().save(path)
        path.write_bytes(path.read_bytes()[:-10])
    with pytest.raises(JobError, match=r"one\.safetensors is no network that was trained beforehand"):
        Pretrained.load(path)


def test_the_one_that_comes_along_reads_all_channels_and_draws_nothing():
    before = torch.get_rng_state()
    bundled.cache_clear()
    found = bundled()
    assert torch.equal(torch.get_rng_state(), before)
    made = found.network.architecture
    assert made.reading == Reading(channels=tuple(range(made.layer_channels[-1])))
    assert found.network.input_channels == 4
    assert "1000 to 1499" in found.made  # neither the surveys to tune on, nor those to report
    assert 0 < found.held.features < 10
    assert 0 < found.held.depth < 1
