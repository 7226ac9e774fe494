"""Kernels begin as large as is said: a norm of about one, or what Glorot and Bengio count."""

import pytest
import torch

from napari_fhn.network import Architecture, HyperbolicNetwork, Layer
from napari_fhn.network.initial import kernels_of, scale_of


@pytest.mark.parametrize("initial", ["unit", "glorot"])
def test_kernels_have_the_scale_that_they_are_said_to_have(initial):
    scale = scale_of(initial, 16, 64, 9)
    kernels = kernels_of(initial, (16, 64, 3, 3), scale, torch.Generator().manual_seed(0))
    assert kernels.std().item() == pytest.approx(scale, rel=0.03)
    if initial == "glorot":
        bound = (6 / (9 * (16 + 64))) ** 0.5
        assert 0.99 * bound < kernels.abs().max().item() <= bound


def test_glorots_kernels_are_1_4_to_2_times_as_large():
    ratios = [scale_of("glorot", rows, 64, 27) / scale_of("unit", rows, 64, 27) for rows in (1, 8, 64)]
    assert ratios == sorted(ratios)
    assert 1.4 < ratios[0] < 1.7
    assert ratios[-1] == pytest.approx(2)


def test_a_network_begins_and_learns_with_them():
    layers = (Layer("keep", 8), Layer("coarsen", 8))
    generator = torch.Generator().manual_seed(0)
    network = HyperbolicNetwork(Architecture(2, 16, layers, initial="glorot"), 1, 2, generator)
    for kernels, scale, group in zip(
        network.kernels, network.kernel_scales, network.parameter_groups(0.1, 0.0), strict=False
    ):
        assert kernels.std().item() == pytest.approx(scale, rel=0.1)
        assert group["lr"] == pytest.approx(0.1 * scale)
