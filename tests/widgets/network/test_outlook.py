"""What training will need, said before it begins."""

from __future__ import annotations

import subprocess
import sys

import pytest

from napari_fhn.network.architecture import levels
from napari_fhn.network.equivalent import equivalent_unet
from napari_fhn.network.forecast import forecast
from napari_fhn.training.recipes import recipe
from napari_fhn.training.schedule import Schedule
from napari_fhn.widgets.network.outlook import block_lengths, outlook


def test_a_section_network_reads_neighbours_and_depth_as_channels():
    chosen = recipe("sections")
    seen = outlook(chosen.network, chosen.schedule, (128, 192, 160), channels=1, classes=7, vertical=2)
    assert seen.block == (96, 160)
    channels = 2 * chosen.network.context + 1 + 1
    expected = forecast(chosen.network, seen.block, batch=4, input_channels=channels, classes=7).total
    assert seen.needs == expected
    assert seen.without is not None
    assert seen.without > 3 * expected
    words = seen.sentence(8_000_000_000)
    assert "; without: " in words
    assert "8 GB free" in words
    assert "free" not in seen.sentence(None)


def test_many_channels_widen_the_state():
    schedule = Schedule(block=(64, 64), batch=1)
    network = levels(2, 8, (4, 4), 1)
    narrow = outlook(network, schedule, (64, 64), channels=4, classes=2, vertical=None)
    wide = outlook(network, schedule, (64, 64), channels=200, classes=2, vertical=None)
    assert wide.needs > 20 * narrow.needs


def test_what_is_not_counted_is_not_guessed():
    seen = outlook(equivalent_unet(levels(2, 8, (4, 4), 1)), Schedule(), (64, 64), channels=1, classes=2, vertical=None)
    assert seen.needs is None
    assert "not forecast" in seen.sentence(1)


@pytest.mark.parametrize(
    ("size", "block", "multiple", "expected"), [(100, 64, 8, 64), (36, 64, 8, 40), (60, 64, 16, 64), (5, 4, 8, 8)]
)
def test_blocks_are_as_training_draws_them(size, block, multiple, expected):
    from napari_fhn.training.blocks import _length

    assert block_lengths((size,), (block,), (multiple,)) == (expected,) == (_length(size, block, multiple),)


def test_it_needs_neither_torch_nor_qt():
    code = "import sys, napari_fhn.widgets.network.outlook; print({'torch', 'qtpy', 'napari'} & set(sys.modules))"
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == "set()"
