"""The networks of the paper, layer by layer, as its Tables 2 and 3 print them."""

import itertools

import pytest

from napari_fhn.network.counting import paper_memory
from napari_fhn.network.paper import AQUIFER, HYPERSPECTRAL, PAPER, SEISMIC
from napari_fhn.network.paper_compared import COMPARED
from napari_fhn.network.presets import architecture, named


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


def test_hyperspectral_reads_two_low_pass_channels_of_slice_37_of_92():
    architecture = HYPERSPECTRAL.architecture
    assert words(HYPERSPECTRAL) == [("keep", 16)] * 6 + [("coarsen", 16)] + [("keep", 16)] * 11
    assert architecture.output_levels == (1, 1, 1)
    reading = architecture.reading
    assert (reading.channels, reading.axis) == ((0, 8), 2)
    assert max(reading.channels) < architecture.channels  # the first sub-band
    assert reading.indices(HYPERSPECTRAL.block[2] // 2) == (37,)


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


def test_the_resnets_of_table_5():
    found = {name: compared for name, compared in COMPARED.items() if name.startswith("resnet")}
    layers = {name: [stage.steps for stage in compared.architecture.stages] for name, compared in found.items()}
    assert layers == {
        "resnet1": [3, 4],
        "resnet2": [2, 5],
        "resnet3": [5, 2],
        "resnet4": [6, 1],
        "resnet5": [3, 5],
        "resnet6": [5, 3],
    }
    assert [compared.trained for compared in found.values()] == [True] * 3 + [False] * 3
    for compared in found.values():
        assert compared.architecture.stage_channels == (16, 128)
        assert {layer.rows for layer in compared.architecture.layers if layer.symmetric} == {16}
        assert compared.architecture.reading == HYPERSPECTRAL.architecture.reading


def test_networks_a_and_b_of_table_6():
    rows = {
        name: [(layer.rank, n) for layer, n in zip(network.layers, network.layer_channels, strict=True)]
        for name, network in ((name, COMPARED[name].architecture) for name in "ab")
    }
    assert rows["a"] == [(8, 12)] * 2 + [(16, 96)] * 3 + [(32, 768)] * 12 + [(16, 96)] * 3 + [(8, 12)] * 6
    assert rows["b"] == [(12, 12)] * 2 + [(96, 96)] * 2 + [(768, 768)] * 2 + [(96, 96)] * 2 + [(12, 12)] * 6


def test_they_are_known_by_name():
    assert {f"paper.{name}" for name in COMPARED}.isdisjoint(f"paper.{name}" for name in PAPER)
    for name, compared in COMPARED.items():
        assert named(f"paper.{name}") is compared.architecture
    with pytest.raises(ValueError, match=r"paper\.resnet1 is no hyperbolic network"):
        architecture("paper.resnet1")
