"""Architectures are data: checked when they are made, the same after a trip through JSON."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from napari_fhn.network import Architecture, Layer, architecture
from napari_fhn.network.architecture import PRESETS, levels


@pytest.mark.parametrize("name", PRESETS)
def test_presets_end_at_the_input_or_a_coarser_level(name):
    preset = architecture(name)
    assert preset.output_level >= 0
    assert preset.layer_channels[-1] == preset.channels * 2 ** (preset.dimensions * preset.output_level)


@given(
    st.sampled_from([2, 3]),
    st.integers(1, 20),
    st.lists(st.integers(1, 40), min_size=1, max_size=4),
    st.integers(1, 4),
)
def test_json_round_trip(dimensions, channels, ranks, steps):
    one = levels(dimensions, channels, tuple(ranks), steps)
    assert Architecture.from_dict(json.loads(json.dumps(one.to_dict()))) == one
    assert one.multiple == 2 ** (len(ranks) - 1)
    assert len(one.layers) == steps * (2 * len(ranks) - 1)


def test_receptive_radius_bounds_what_a_voxel_depends_on():
    import torch

    from napari_fhn.network import HyperbolicNetwork

    small = levels(2, 4, (2, 2), 2)
    net = HyperbolicNetwork(small, 1, 2).double()
    size = 2 * small.receptive_radius + 8
    size -= size % 4
    data = torch.randn(1, 1, size, size, dtype=torch.float64, requires_grad=True)
    centre = size // 2
    net(data)[0, :, centre, centre].sum().backward()
    reach = (data.grad[0, 0].abs().sum(0) > 0).nonzero() - centre
    assert reach.abs().max() <= small.receptive_radius
    assert reach.abs().max() > small.receptive_radius // 2  # and it is not a wild over-estimate


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: Layer("sideways", 3), "keep, coarsen, refine"),
        (lambda: Layer("keep", 0), "block rank"),
        (lambda: Architecture(4, 2, (Layer("keep", 1),)), "2 or 3"),
        (lambda: Architecture(2, 2, ()), "at least one"),
        (lambda: Architecture(2, 2, (Layer("refine", 1),)), "multiple of 4"),
        (lambda: Architecture(3, 2, (Layer("keep", 1),), context=1), "neighbouring sections"),
        (lambda: Architecture(2, 2, (Layer("keep", 1),), h=0), "positive"),
        (lambda: architecture("unheard-of"), "sections, volume, map"),
    ],
)
def test_impossible_architectures_are_refused(make, words):
    with pytest.raises(ValueError, match=words):
        make()
