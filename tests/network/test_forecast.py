"""The forecast: counted by hand on a small network, and blocks that are as large as they can be."""

import os
import subprocess
import sys
from dataclasses import replace

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from napari_fhn.network.architecture import Architecture, Layer, levels
from napari_fhn.network.forecast import WorkingSet, forecast, largest_block
from napari_fhn.network.readings import Reading

SMALL = Architecture(2, 4, (Layer("keep", 2), Layer("coarsen", 6)))
SET = WorkingSet(
    states_per_sweep=4,
    states_predicting=2,
    states_ordinary=3,
    layer=1,
    hidden=2,
    hidden_predicting=1,
    transform=0.5,
    scores=3,
    scores_predicting=2,
)
STATE = 4 * 10 * 8 * 4  # of a block of 9 x 8, padded to 10 x 8
WEIGHTS = (4 * 2 * 9 + 2 + 16 * 6 * 9 + 6) * 4
HERE = {"batch": 3, "input_channels": 2, "classes": 5, "working_set": SET}


def test_a_training_step_by_hand():
    got = forecast(SMALL, (9, 8), **HERE)
    assert got.states == 3 * 4 * STATE
    assert got.kernels == got.gradients == WEIGHTS
    assert got.optimiser == 2 * WEIGHTS
    assert got.workspace == 3 * (1 + 2 * 2 / 4) * STATE  # the first layer is the widest, 2 of 4 channels
    assert got.data == 3 * 72 * (2 * 4 + 3 * 5 * 4 + 8)
    parts = (got.states, got.kernels, got.gradients, got.optimiser, got.workspace, got.data)
    assert got.total == sum(parts)


def test_a_prediction_by_hand():
    got = forecast(SMALL, (9, 8), training=False, **HERE)
    assert got.states == 3 * 2 * STATE
    assert (got.kernels, got.gradients, got.optimiser) == (WEIGHTS, 0, 0)
    assert got.workspace == 3 * (1 + 0.5) * STATE
    assert got.data == 3 * 72 * (2 * 4 + 2 * 5 * 4)


def test_the_non_invertible_equivalent_keeps_every_layer():
    got = forecast(SMALL, (9, 8), invertible=False, **HERE)
    assert got.states == 3 * (3 + 2 + 2 * (2 / 4 + 6 / 16)) * STATE
    deep = [forecast(levels(2, 4, (2,), steps), (64, 64), invertible=False, **HERE).states for steps in (10, 20)]
    assert deep[1] > 1.7 * deep[0]
    shallow = [forecast(levels(2, 4, (2,), steps), (64, 64), **HERE).states for steps in (10, 20)]
    assert shallow[0] == shallow[1]


def test_full_layers_have_square_kernels_and_whole_hidden_layers():
    got = forecast(SMALL, (9, 8), block_low_rank=False, **HERE)
    assert got.kernels == (4 * 4 * 9 + 4 + 16 * 16 * 9 + 16) * 4
    assert got.workspace == 3 * (1 + 2) * STATE


@pytest.mark.parametrize(("optimiser", "moments"), [("adam", 2), ("sgd", 1), ("none", 0)])
def test_optimisers(optimiser, moments):
    assert forecast(SMALL, (9, 8), optimiser=optimiser, **HERE).optimiser == moments * WEIGHTS


@pytest.mark.parametrize(("value_bytes", "weight_bytes"), [(2, 4), (4, 4), (8, 8)])
def test_weights_have_at_least_four_bytes(value_bytes, weight_bytes):
    got = forecast(SMALL, (9, 8), value_bytes=value_bytes, **HERE)
    assert got.states == 3 * 4 * STATE * value_bytes // 4
    assert got.kernels == WEIGHTS * weight_bytes // 4


def test_what_else_is_learned():
    bare = forecast(replace(SMALL, bias=False), (9, 8), **HERE).kernels
    assert bare == WEIGHTS - 8 * 4
    assert forecast(replace(SMALL, normalization="layer"), (9, 8), **HERE).kernels == WEIGHTS + 2 * 8 * 4
    head = replace(SMALL, reading=Reading(head="linear"))
    assert forecast(head, (9, 8), **HERE).kernels == WEIGHTS + 5 * (16 + 1) * 4


def test_a_map_from_a_cube_has_scores_and_labels_of_one_slice():
    cube = replace(SMALL, reading=Reading(axis=0))
    assert forecast(cube, (9, 8), **HERE).data == 3 * (72 * 2 * 4 + 8 * (3 * 5 * 4 + 8))


def test_changing_the_resolution_takes_room_where_hidden_layers_are_thin():
    thin = Architecture(2, 4, (Layer("keep", 1), Layer("coarsen", 1)))
    wide = replace(SET, transform=7.0)
    assert forecast(thin, (8, 8), **{**HERE, "working_set": wide}).workspace == 3 * (1 + 7) * 4 * 64 * 4
    flat = Architecture(2, 4, (Layer("keep", 1),))
    assert forecast(flat, (8, 8), **{**HERE, "working_set": wide}).workspace == 3 * (1 + 2 / 4) * 4 * 64 * 4


FEW = {"input_channels": 1, "classes": 2}


@settings(deadline=None)
@given(
    st.sampled_from([levels(2, 4, (2, 2, 2), 1), levels(3, 4, (2, 2), 1), Architecture(3, 2, (Layer("keep", 3),))]),
    st.data(),
)
def test_the_largest_block_fits_and_no_longer_one_does(network, data):
    survey = data.draw(st.tuples(*[st.integers(1, 300)] * network.dimensions))
    wanted = data.draw(st.none() | st.tuples(*[st.floats(0.1, 10)] * network.dimensions))
    least = forecast(network, tuple(map(min, survey, network.multiples)), **FEW).total
    budget = data.draw(st.integers(least, 1000 * least))
    block = largest_block(network, budget, survey=survey, proportions=wanted, **FEW)
    assert forecast(network, block, **FEW).total <= budget
    for axis, (size, most, multiple) in enumerate(zip(block, survey, network.multiples, strict=True)):
        assert size == most or (size < most and size % multiple == 0)
        if size < most:
            longer = (*block[:axis], min(most, size + multiple), *block[axis + 1 :])
            assert forecast(network, longer, **FEW).total > budget


@settings(deadline=None)
@given(st.tuples(st.floats(0.5, 2), st.floats(0.5, 2)), st.integers(10**6, 10**9))
def test_the_largest_block_has_the_wanted_proportions_where_the_survey_allows(wanted, budget):
    network = levels(2, 4, (2, 2, 2), 1)
    block = largest_block(network, budget, survey=(10**5, 10**5), proportions=wanted, **FEW)
    assume(min(block) >= 40)
    # Each axis is within a few cells of 4 voxels of what one scale gives.
    scale = [size / part for size, part in zip(block, wanted, strict=True)]
    assert abs(scale[0] - scale[1]) * max(wanted) <= 6 * 4


def test_all_of_a_small_survey_is_a_block():
    assert largest_block(levels(3, 4, (2, 2), 1), 10**12, survey=(7, 1, 30), **FEW) == (7, 1, 30)


def test_what_a_step_is_made_of_counts():
    network = levels(2, 8, (4,), 4)
    blocks = [
        largest_block(network, 10**8, survey=(10**4, 10**4), **FEW, **more)
        for more in ({}, {"batch": 4}, {"invertible": False}, {"training": False})
    ]
    assert blocks[1] < blocks[0] < blocks[3]
    assert blocks[2] < blocks[0]


def test_a_budget_that_is_too_small_is_told_what_is_needed():
    with pytest.raises(ValueError, match=r"smallest block, 4 x 4, needs .* kB and there are 100 bytes: take"):
        largest_block(levels(2, 4, (2, 2, 2), 1), 100, survey=(50, 50), **FEW)


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"survey": (50,)}, "2 dimensions"),
        ({"survey": (50, 50), "proportions": (1, 0)}, "one positive number"),
        ({"survey": (50, 50), "proportions": (1, 1, 1)}, "one positive number"),
    ],
)
def test_surveys_and_proportions_go_with_the_network(more, words):
    with pytest.raises(ValueError, match=words):
        largest_block(levels(2, 4, (2,), 1), 10**9, **more, **FEW)


def test_forecasts_need_neither_torch_nor_numpy():
    code = (
        "import sys, napari_fhn.network.forecast, napari_fhn.network.table\n"
        "napari_fhn.network.architecture('paper.seismic')\n"
        "sys.exit(bool({'torch', 'numpy'} & set(sys.modules)))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False, timeout=60).returncode == 0


MEASURE = """
import re, sys, torch
from napari_fhn.network import HyperbolicNetwork, parse
from napari_fhn.network.forecast import forecast
torch.set_num_threads(1)

def memory(what):
    return int(re.search(what + r":\\s+(\\d+) kB", open("/proc/self/status").read())[1]) * 1024

def step(network, block):
    optimiser = torch.optim.AdamW(network.parameters())
    scores = network.scores(torch.randn(1, 1, *block))
    labels = torch.zeros(1, *block, dtype=torch.long)
    torch.nn.functional.cross_entropy(scores.movedim(1, -1)[labels == 0][:50], torch.zeros(50).long()).backward()
    optimiser.step()

architecture, block = parse(sys.argv[1]), [int(size) for size in sys.argv[2].split("x")]
step(HyperbolicNetwork(parse("%dd 8: 2x4" % architecture.dimensions), 1, 2), [8] * architecture.dimensions)
before = memory("VmRSS")
step(HyperbolicNetwork(architecture, 1, 3), block)
said = forecast(architecture, block, input_channels=1, classes=3).total
print(memory("VmHWM") - before, said)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="reads the peak memory of a process the Linux way")
@pytest.mark.parametrize(
    ("written", "block"),
    [
        ("3d 8: 3x8 | down 3x16 | down 3x32 | up 3x16 | up 3x8", "64x64x96"),
        ("3d 16: 30x8", "48x64x64"),
        ("2d 32: 4x8 | down 4x16", "512x384"),
    ],
)
def test_the_peak_of_a_training_step_is_within_ten_percent(written, block):
    # Large tensors in mappings of their own: the measurement is then of what lives, not of a fragmented heap.
    environment = {**os.environ, "MALLOC_MMAP_THRESHOLD_": "65536"}
    command = [sys.executable, "-c", MEASURE, written, block]
    run = subprocess.run(command, capture_output=True, text=True, check=True, env=environment)
    measured, said = map(int, run.stdout.split())
    assert measured == pytest.approx(said, rel=0.1)
