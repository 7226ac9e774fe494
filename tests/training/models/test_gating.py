"""The gating network that comes with the program, as a file."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch

from napari_fhn.network.architecture import levels
from napari_fhn.network.hyperbolic import HyperbolicNetwork
from napari_fhn.network.readings import Reading
from napari_fhn.training.combination.gating import CHANNELS, OUTPUTS, Gate
from napari_fhn.training.errors import JobError
from napari_fhn.training.models import gating, halves, pretrained


def small() -> Gate:
    made = replace(levels(2, 12, (2, 2), 1), reading=Reading(head="linear"))
    return Gate(HyperbolicNetwork(made, CHANNELS, OUTPUTS, torch.Generator().manual_seed(0)))


def test_it_comes_back_as_it_was_but_for_half_precision(tmp_path):
    one = small()
    gating.save(one, tmp_path / "one.safetensors", "a lesson")
    again = gating.load(tmp_path / "one.safetensors")
    assert again.network.architecture == one.network.architecture
    data = torch.randn(1, CHANNELS, 16, 16)
    torch.testing.assert_close(again.network(data), one.network(data), atol=2e-2, rtol=2e-2)
    assert not any(parameter.requires_grad for parameter in again.parameters())
    assert not again.network.training
    assert halves.load(tmp_path / "one.safetensors", CHANNELS, lambda _, told: told, OUTPUTS) == {"made": "a lesson"}


@pytest.mark.parametrize("damage", ["missing", "empty", "other"])
def test_what_is_none_is_named(tmp_path, damage):
    path = tmp_path / "one.safetensors"
    if damage == "empty":
        path.write_bytes(b"")
    elif damage == "other":
        pretrained.bundled().save(path)
    with pytest.raises(JobError, match=r"one\.safetensors is no network that was trained beforehand"):
        gating.load(path)


def test_the_one_that_comes_along_learnt_on_no_survey_that_tells_anything():
    before = torch.get_rng_state()
    gating.bundled.cache_clear()
    gating.bundled()
    assert torch.equal(torch.get_rng_state(), before)
    assert gating.bundled().trust == 0.75
    told = halves.bundled(gating.FILE, CHANNELS, lambda _, told: told, OUTPUTS)
    assert "generated surveys 1000 to 1" in told["made"]
