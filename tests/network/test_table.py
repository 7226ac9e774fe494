"""The printed table of a network says what its layers hold."""

import pytest

from napari_fhn.network.architecture import Architecture, Layer
from napari_fhn.network.paper import AQUIFER
from napari_fhn.network.table import table

ONE = Architecture(
    2, 4, (Layer("keep", 6), Layer("coarsen", 5, (1,), "shuffle"), Layer("coarsen", 300), Layer("refine", 2))
)


def rows(text):
    return [[cell.strip() for cell in line.split("  ") if cell.strip()] for line in text.splitlines()]


def test_every_layer_has_its_line():
    head, rule, *layers, _, total = rows(table(ONE))
    assert head == ["layer", "resolution", "channels", "rows", "kernels", "block rank", "kernel bytes"]
    assert set(rule[0]) == {"-"}
    assert layers == [
        ["1", "keep", "4", "6", "24", "4", "864 bytes"],
        ["2", "coarsen 1 shuffle", "8", "5", "40", "5", "1.44 kB"],
        ["3", "coarsen", "32", "300", "9600", "32", "346 kB"],
        ["4", "refine", "8", "2", "16", "2", "576 bytes"],
    ]
    assert total == ["4 layers; 9680 kernels of 1168 in full layers: 348 kB of 42 kB"]


def test_with_a_block_the_states_are_told():
    head, _, *layers, _, _, states = rows(table(ONE, (6, 9)))
    assert head[2] == "state"
    assert [line[2] for line in layers] == ["6 x 12", "6 x 6", "3 x 3", "6 x 6"]
    assert states == ["states: 3.46 kB for three, whatever the depth; 4.61 kB for one of each layer"]


def test_the_lines_are_of_one_width():
    lines = table(AQUIFER.architecture, AQUIFER.block).splitlines()
    assert len({len(line) for line in lines[:-2]}) == 1
    assert len(lines) == 38 + 5
    assert lines[-1] == "states: 1.66 GB for three, whatever the depth; 21 GB for one of each layer"


def test_a_finer_state_is_larger():
    finer = Architecture(2, 4, (Layer("refine", 1),))
    assert rows(table(finer, (3, 5)))[2][2] == "6 x 10"


def test_the_block_goes_with_the_network():
    with pytest.raises(ValueError, match="2 dimensions"):
        table(ONE, (4, 4, 4))
