"""Memory as the paper counts it, to the digits that it prints."""

import pytest

from napari_fhn.network.architecture import Architecture, Layer
from napari_fhn.network.counting import (
    in_words,
    kernel_values,
    memory_over_coarsenings,
    memory_over_depth,
    padded,
    paper_memory,
    state_values,
)
from napari_fhn.network.paper import PAPER

#: GB of states (non-invertible, invertible) and kernels (full, block-low-rank).
TABLE_1 = {
    "hyperspectral": ("22.5", "3.7", "0.02", "0.003"),
    "aquifer": ("21.02", "1.66", "32.19", "0.12"),
    "seismic": ("21.96", "2.19", "41.16", "0.23"),
}
#: 2.196 GB is printed as 2.19: this one is cut off and not rounded.
CUT_OFF = {("seismic", 1)}


@pytest.mark.parametrize("name", TABLE_1)
@pytest.mark.parametrize("column", range(4))
def test_table_1(name, column):
    memory = paper_memory(PAPER[name].architecture, PAPER[name].block)
    size = (
        memory.states_ordinary,
        memory.states_invertible,
        memory.kernels_full,
        memory.kernels_block_low_rank,
    )[column]
    printed = TABLE_1[name][column]
    digits = len(printed.partition(".")[2])
    if (name, column) in CUT_OFF:
        assert f"{size // 10 ** (9 - digits) / 10**digits:.{digits}f}" == printed
    else:
        assert f"{size / 1e9:.{digits}f}" == printed


def test_states_are_counted_on_the_padded_block():
    one = Architecture(2, 12, (Layer("coarsen", 2, (1,)), Layer("keep", 2)), haar_lift=1)
    assert padded(one, (5, 6)) == (6, 8)
    assert state_values(one, (5, 6)) == 12 * 3 * 4
    assert kernel_values(one) == (24 * 2 * 9,) * 2
    assert kernel_values(one, block_low_rank=False) == (24 * 24 * 9,) * 2


@pytest.mark.parametrize("block", [(8,), (8, 8, 8), (8, 0)])
def test_blocks_that_do_not_go_with_the_network_are_refused(block):
    with pytest.raises(ValueError, match="one size, at least 1, for each of the 2 dimensions"):
        padded(Architecture(2, 1, (Layer("keep", 1),)), block)


def test_only_the_ordinary_network_grows_with_depth_but_for_kernels():
    block, depths = (64, 64, 64), [10, 20, 40]
    curves = memory_over_depth(block, depths, channels=8, rank=4, coarsenings=1)
    state = 8 * 64**3 * 4
    kernels = [depth // 2 * (8**2 + 64**2) * 27 * 4 for depth in depths]
    small = [depth // 2 * 4 * (8 + 64) * 27 * 4 for depth in depths]
    assert curves.along == depths
    assert curves.ordinary == [depth * state + k for depth, k in zip(depths, kernels, strict=True)]
    assert curves.invertible == [3 * state + k for k in kernels]
    assert curves.block_low_rank == [3 * state + k for k in small]


def test_full_kernels_explode_with_coarsenings():
    curves = memory_over_coarsenings((64, 64), [0, 1, 2], channels=4, rank=2, depth=6)
    state = 4 * 64**2 * 4
    full = [sum(part * (4 * 4**level) ** 2 for level, part in enumerate(parts)) for parts in ((6,), (3, 3), (2, 2, 2))]
    small = [sum(part * 2 * (4 * 4**level) for level, part in enumerate(parts)) for parts in ((6,), (3, 3), (2, 2, 2))]
    assert curves.along == [0, 1, 2]
    assert curves.ordinary == [6 * state + n * 9 * 4 for n in full]
    assert curves.invertible == [3 * state + n * 9 * 4 for n in full]
    assert curves.block_low_rank == [3 * state + n * 9 * 4 for n in small]


@pytest.mark.parametrize("coarsenings", [-1, 4])
def test_not_every_layer_can_coarsen(coarsenings):
    with pytest.raises(ValueError, match="all but the first"):
        memory_over_coarsenings((64, 64), [coarsenings], channels=4, rank=2, depth=4)


@pytest.mark.parametrize(
    ("size", "words"),
    [
        (0, "0 bytes"),
        (999, "999 bytes"),
        (1500, "1.5 kB"),
        (123_456_789, "123 MB"),
        (1_660_000_000, "1.66 GB"),
        (3e12, "3000 GB"),
    ],
)
def test_sizes_in_words(size, words):
    assert in_words(size) == words
