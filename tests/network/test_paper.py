"""The networks of the paper: their layers, and how far Table 1 fixes the one whose table is not followed."""

import itertools

from napari_fhn.network.paper import AQUIFER, HYPERSPECTRAL, PAPER, SEISMIC


def words(network):
    return [(layer.resample, layer.rank) for layer in network.architecture.layers]


def test_seismic():
    kept = [("keep", 32)] * 2
    assert words(SEISMIC) == [
        *[("keep", 8)] * 2,
        *[("coarsen", 16), ("keep", 16), ("keep", 16)],
        *[("coarsen", 32), *kept, ("coarsen", 32)],
        *[("keep", 32)] * 9,
        *[("refine", 32), *kept, ("refine", 16), ("keep", 16), ("keep", 16), ("refine", 8)],
        *[("keep", 8)] * 5,
    ]
    assert max(SEISMIC.architecture.layer_channels) == 6144
    assert SEISMIC.architecture.output_levels == (0, 0, 0)


def test_hyperspectral_reads_the_middle_slice_of_two_low_pass_channels():
    architecture = HYPERSPECTRAL.architecture
    assert words(HYPERSPECTRAL) == [("keep", 16)] * 6 + [("coarsen", 16)] + [("keep", 16)] * 11
    assert architecture.output_levels == (1, 1, 1)
    reading = architecture.reading
    assert (reading.channels, reading.axis) == ((0, 8), 2)
    assert max(reading.channels) < architecture.channels  # the first sub-band
    assert reading.index(76) == 37
    assert reading.index(184 // 2) == 45


def test_blocks_go_with_their_networks():
    for network in PAPER.values():
        architecture = network.architecture
        assert architecture.h == 0.2
        assert len(network.block) == architecture.dimensions
        assert all(size % multiple == 0 for size, multiple in zip(network.block, architecture.multiples, strict=True))
        assert network.input_channels <= architecture.channels
        assert network.classes == 2


def test_table_1_leaves_one_split_of_the_aquifer_network_over_three_coarsenings():
    splits = [
        counts
        for counts in itertools.product(range(39), repeat=4)
        if sum(counts) == 38
        and round(sum(k * (100 * 4**level) ** 2 * 9 * 4 for level, k in enumerate(counts)) / 1e7) == 3219
    ]
    assert splits == [(0, 4, 13, 21)]
    channels = AQUIFER.architecture.layer_channels
    assert tuple(channels.count(n) for n in (100, 400, 1600, 6400)) == splits[0]
    assert AQUIFER.block[0] % 8 == 0
    assert AQUIFER.block[0] % 16


def test_one_choice_of_rising_ranks_gives_the_aquifer_kernels():
    eights = range(8, 200, 8)
    found = [
        (a, b, c)
        for a, b, c in itertools.product(eights, repeat=3)
        if a <= b <= c and round((4 * 400 * a + 13 * 1600 * b + 21 * 6400 * c) * 9 * 4 / 1e7) == 12
    ]
    assert found == [(8, 8, 24)]
    assert {
        (n, layer.rank)
        for n, layer in zip(AQUIFER.architecture.layer_channels, AQUIFER.architecture.layers, strict=True)
    } == {
        (400, 8),
        (1600, 8),
        (6400, 24),
    }
