"""Architectures are data: checked when they are made, the same after a trip through JSON."""

import json
import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from napari_fhn.network.architecture import Architecture, Layer, levels
from napari_fhn.network.presets import PRESETS, architecture
from napari_fhn.network.readings import Reading


@st.composite
def architectures(draw, most_layers=6, most_rank=9):
    dimensions = draw(st.sampled_from([2, 3]))
    channels = n = draw(st.integers(1, 20))
    layers = []
    for _ in range(draw(st.integers(1, most_layers))):
        resample = draw(st.sampled_from(["keep", "coarsen", "refine"]))
        axes = draw(st.none() | st.sets(st.integers(0, dimensions - 1), min_size=1).map(tuple))
        factor = 2 ** (dimensions if axes is None else len(axes))
        if resample == "keep" or (resample == "refine" and n % factor):
            resample, axes = "keep", None
        elif resample == "refine":
            n //= factor
        else:
            n *= factor
        layers.append(
            Layer(resample, draw(st.integers(1, most_rank)), axes, draw(st.sampled_from(["haar", "shuffle"])))
        )
    reading = draw(
        st.sampled_from(
            [Reading(), Reading(channels=(n - 1,)), Reading(axis=1, at=0.25), Reading(axis=0, head="linear")]
        )
    )
    return Architecture(
        dimensions,
        channels,
        tuple(layers),
        h=draw(st.floats(0.01, 2)),
        activation=draw(st.sampled_from(["relu", "softplus"])),
        normalization=draw(st.sampled_from(["none", "layer"])),
        bias=draw(st.booleans()),
        haar_lift=draw(st.integers(0, 2)),
        reading=reading,
    )


@pytest.mark.parametrize("name", PRESETS)
def test_presets_end_at_the_input_or_a_coarser_level(name):
    preset = architecture(name)
    assert min(preset.output_levels) >= 0
    assert preset.layer_channels[-1] == preset.channels * 2 ** sum(preset.output_levels)


@given(
    st.sampled_from([2, 3]),
    st.integers(1, 20),
    st.lists(st.integers(1, 40), min_size=1, max_size=4),
    st.integers(1, 4),
)
def test_levels_lead_down_and_up(dimensions, channels, ranks, steps):
    one = levels(dimensions, channels, tuple(ranks), steps)
    assert one.multiples == (2 ** (len(ranks) - 1),) * dimensions
    assert one.output_levels == (0,) * dimensions
    assert len(one.layers) == steps * (2 * len(ranks) - 1)


@given(architectures())
def test_json_round_trip(one):
    data = json.loads(json.dumps(one.to_dict()))
    assert data["kind"] == "hyperbolic"
    assert Architecture.from_dict(data) == one


def test_what_older_versions_saved_can_be_read():
    layers = [{"resample": "keep", "rank": 3}, {"resample": "coarsen", "rank": 4}]
    old = {"dimensions": 2, "channels": 5, "layers": layers, "h": 0.5, "context": 1}
    assert Architecture.from_dict(old) == Architecture(2, 5, (Layer("keep", 3), Layer("coarsen", 4)), 0.5, 1)


def test_other_kinds_and_unknown_parts_are_refused():
    data = levels(2, 4, (2,), 1).to_dict()
    with pytest.raises(ValueError, match="kind is 'unet': 'hyperbolic' is expected"):
        Architecture.from_dict({**data, "kind": "unet"})
    with pytest.raises(ValueError, match="colour is not known"):
        Architecture.from_dict({**data, "colour": "red"})


@given(architectures())
def test_no_layer_loses_or_adds_numbers_and_multiples_are_just_large_enough(one):
    halved = [False] * one.dimensions
    first = [size / 2**one.haar_lift for size in one.multiples]
    for channels, level in zip(one.layer_channels, one.layer_levels, strict=True):
        sizes = [size / 2**k for size, k in zip(one.multiples, level, strict=True)]
        assert all(size == int(size) for size in [*sizes, *first])
        assert channels * math.prod(sizes) == one.channels * math.prod(first)
        halved = [was or size == 1 for was, size in zip(halved, sizes, strict=True)]
    # A smaller multiple would leave half a cell at the deepest level.
    assert all(was or size == 1 for was, size in zip(halved, first, strict=True))
    assert one.output_levels == one.layer_levels[-1]
    assert one.multiples == tuple(2**level for level in one.deepest_levels)


def test_axes_change_on_their_own():
    layers = (Layer("coarsen", 4, (0, 1)), Layer("coarsen", 4, (2,)), Layer("coarsen", 4), Layer("refine", 4, (1, 0)))
    one = Architecture(3, 2, layers, haar_lift=1)
    assert one.layer_levels == ((2, 2, 1), (2, 2, 2), (3, 3, 3), (2, 2, 3))
    assert one.layer_channels == (8, 16, 128, 32)
    assert (one.output_levels, one.deepest_levels, one.multiples) == ((2, 2, 3), (3, 3, 3), (8, 8, 8))
    assert one.layers[-1].axes == (0, 1)
    finer = Architecture(2, 4, (Layer("refine", 1), Layer("keep", 1)))
    assert (finer.output_levels, finer.deepest_levels, finer.multiples) == ((-1, -1), (0, 0), (1, 1))
    lifted = replace(finer, haar_lift=1)
    assert (lifted.output_levels, lifted.multiples) == ((0, 0), (2, 2))


def reach(one, axis):
    """How far the scores of a voxel reach along an axis, by following every voxel through the layers."""
    size = one.multiples[axis] * (2 + 2 * one.receptive_radius // one.multiples[axis])
    seen = np.eye(size, dtype=bool)  # cell, voxel
    level = 0

    def move(to):
        nonlocal seen, level
        for _ in range(to - level):
            seen = seen[0::2] | seen[1::2]
        for _ in range(level - to):
            seen = np.repeat(seen, 2, 0)
        level = to

    def grow():
        nonlocal seen
        wider = np.pad(seen, ((1, 1), (0, 0)))
        seen = wider[:-2] | wider[1:-1] | wider[2:]

    move(one.haar_lift)
    for layer in one.layer_levels:
        move(layer[axis])
        grow()
        grow()
    if level > 0:
        grow()  # linear interpolation
    move(0)
    inside = range(one.receptive_radius, size - one.receptive_radius)
    assert len(inside) >= one.multiples[axis]
    return max(abs(voxel - other) for voxel in inside for other in np.flatnonzero(seen[voxel])[[0, -1]])


@settings(deadline=None, max_examples=40)
@given(architectures(most_layers=4))
def test_receptive_radius_is_what_voxels_followed_through_the_layers_reach(one):
    assert one.receptive_radius == max(reach(one, axis) for axis in range(one.dimensions))


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
    reached = (data.grad[0, 0].abs().sum(0) > 0).nonzero() - centre
    assert reached.abs().max() <= small.receptive_radius
    assert reached.abs().max() > small.receptive_radius // 2  # and it is not a wild over-estimate


def test_kernels_are_counted_as_in_section_3_1():
    wide, narrow = Architecture(2, 3, (Layer("keep", 5), Layer("coarsen", 4))).kernels_per_layer
    assert (wide.unique, wide.acting, wide.block_rank) == (15, 9, 3)
    assert (narrow.unique, narrow.acting, narrow.block_rank) == (48, 144, 4)


def test_equal_networks_are_equal():
    assert Layer("keep", 3, transform="shuffle") == Layer("keep", 3)
    assert Layer("coarsen", 3, [1, 0]) == Layer("coarsen", 3, (0, 1))
    assert Layer("coarsen", 3, transform="shuffle") != Layer("coarsen", 3)
    assert Reading(channels=[1, 2]) == Reading(channels=(1, 2))


def test_a_slice_is_read_between_the_first_and_the_last():
    assert [Reading(axis=0, at=at).indices(9) for at in (0, 0.5, 1)] == [(0,), (4,), (8,)]
    assert Reading(axis=0, at=0.3).indices(1) == (0,)


def test_several_slices_are_read_in_the_order_they_are_named():
    reading = Reading(axis=0, at=[1.0, 0.25, 0.25])
    assert reading.indices(9) == (8, 2, 2)
    assert reading.slices == 3
    assert Reading(axis=0, at=(0.5,)) == Reading(axis=0)
    one = replace(levels(3, 2, (1,), 1), reading=reading)
    assert Architecture.from_dict(json.loads(json.dumps(one.to_dict()))) == one


@pytest.mark.parametrize("name", ["paper.hyperspectral", "paper.aquifer", "paper.seismic"])
def test_the_networks_of_the_paper_are_known(name):
    from napari_fhn.network.paper import PAPER

    assert architecture(name) is PAPER[name.removeprefix("paper.")].architecture


ONE = levels(2, 2, (1,), 1)


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: Layer("sideways", 3), "keep, coarsen, refine"),
        (lambda: Layer("coarsen", 3, transform="fourier"), "haar, shuffle"),
        (lambda: Layer("keep", 0), "block rank"),
        (lambda: Layer("keep", 1, axes=(0,)), "leave out axes"),
        (lambda: Layer("coarsen", 1, axes=()), "each once"),
        (lambda: Layer("coarsen", 1, axes=(0, 0)), "each once"),
        (lambda: Layer("coarsen", 1, axes=(-1,)), "each once"),
        (lambda: Architecture(4, 2, (Layer("keep", 1),)), "2 or 3"),
        (lambda: Architecture(2, 2, ()), "at least one"),
        (lambda: Architecture(2, 2, (Layer("refine", 1),)), "layer 1 refines.* multiple of 4"),
        (lambda: Architecture(3, 3, (Layer("keep", 1), Layer("refine", 1, (1,)))), "layer 2 refines.* multiple of 2"),
        (lambda: Architecture(2, 2, (Layer("keep", 1), Layer("coarsen", 1, (2,)))), "layer 2 .*axes 0 to 1"),
        (lambda: Architecture(3, 2, (Layer("keep", 1),), context=1), "neighbouring sections"),
        (lambda: Architecture(2, 2, (Layer("keep", 1),), context=-1), "counted from 0"),
        (lambda: Architecture(2, 2, (Layer("keep", 1),), h=0), "positive"),
        (lambda: replace(ONE, haar_lift=-1), "haar_lift=-1"),
        (lambda: replace(ONE, activation="step"), "softplus"),
        (lambda: replace(ONE, normalization="weight"), "instance"),
        (lambda: Reading(at=1.5), "1.5"),
        (lambda: Reading(axis=0, at=()), "slice is read"),
        (lambda: Reading(at=(0.1, 0.2)), "along an axis"),
        (lambda: replace(ONE, initial="zeros"), "unit, glorot"),
        (lambda: Reading(axis=-1), "counted from 0"),
        (lambda: Reading(channels=()), "each once"),
        (lambda: Reading(channels=(1, 1)), "each once"),
        (lambda: Reading(channels=(0, 1), head="linear"), "leave out the channels"),
        (lambda: Reading(head="cubic"), "partial, linear"),
        (lambda: replace(ONE, reading=Reading(axis=2)), "axes 0 to 1"),
        (lambda: replace(ONE, reading=Reading(channels=(0, 2))), "channel 2, and the last state has 2"),
        (
            lambda: architecture("unheard-of"),
            "sections, layers, volume, map, paper.hyperspectral, paper.aquifer, paper.seismic",
        ),
    ],
)
def test_impossible_architectures_are_refused(make, words):
    with pytest.raises(ValueError, match=words):
        make()
