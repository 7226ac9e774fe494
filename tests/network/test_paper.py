"""The networks of the paper, layer by layer, as its Tables 2 and 3 print them."""

import itertools

from napari_fhn.network.counting import paper_memory
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


def test_the_aquifer_network_is_that_of_table_2():
    channels = AQUIFER.architecture.layer_channels
    assert [(n, len(list(group))) for n, group in itertools.groupby(channels)] == [
        (112, 4),
        (448, 3),
        (1792, 3),
        (7168, 17),
        (1792, 3),
        (448, 3),
        (112, 5),
    ]
    assert {layer.rank for layer in AQUIFER.architecture.layers} == {24}
    assert AQUIFER.architecture.output_levels == (0, 0)
    assert AQUIFER.block == (848, 1456)
    assert 2 * AQUIFER.input_channels == AQUIFER.architecture.channels


def test_the_layers_of_the_aquifer_network_give_table_1_to_the_last_digit():
    memory = paper_memory(AQUIFER.architecture, AQUIFER.block)
    assert f"{memory.states_ordinary / 1e9:.2f}" == "21.02"
    assert f"{memory.states_invertible / 1e9:.2f}" == "1.66"
    assert f"{memory.kernels_full / 1e9:.3f}" == "32.186"
    assert f"{memory.kernels_block_low_rank / 1e9:.4f}" == "0.1178"
