"""What training will need, said before it begins."""

from __future__ import annotations

import re
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest
import xarray as xr

from napari_fhn.network.architecture import levels
from napari_fhn.network.counting import in_words
from napari_fhn.network.equivalent import equivalent_unet
from napari_fhn.network.forecast import PORTABLE
from napari_fhn.project import Project, Session
from napari_fhn.project.data.surveyset import SurveySet
from napari_fhn.project.runs import jobs
from napari_fhn.project.runs.outlook import outlook, planned
from napari_fhn.project.runs.settings import Settings
from napari_fhn.structure.dips import brick_bytes
from napari_fhn.training.job import JobError
from napari_fhn.training.plan import features_bytes, plan
from napari_fhn.training.recipes import recipe
from napari_fhn.training.schedule import Schedule


def test_it_says_what_is_needed_and_what_the_savings_are_worth():
    chosen = recipe("sections")
    step = plan(chosen.network, chosen.schedule, (128, 192, 160), channels=1, classes=7, vertical_axis=2)
    seen = outlook(step)
    assert seen.block == (96, 160)
    assert seen.needs == step.needs().total
    assert seen.without > 3 * seen.needs
    words = seen.sentence(8_000_000_000)
    assert words.startswith("Memory: ")
    assert ", not " in words
    assert "8 GB free" in words
    # It is wrapped anywhere, and no line of it ends in a mark that stands between two parts.
    assert "·" not in words
    assert "free" not in seen.sentence(None)
    assert "96 × 160" in seen.block_in_words


def test_what_dips_and_features_take_beside_the_steps_is_said():
    chosen = recipe("sections")
    shape = (60, 50, 160)
    step = plan(chosen.network, chosen.schedule, shape, channels=1, classes=7, vertical_axis=2)
    assert outlook(step).dips == step.dips == brick_bytes(shape) > 10_000_000
    told = features_bytes(shape, 2, 7, taught=max(step.block))
    assert outlook(step).features == step.features == told > features_bytes(shape, 2, 7) > 10_000_000
    assert outlook(step).beside == step.beside == step.dips + step.features
    assert f", and {in_words(step.beside)} for dips and features" in outlook(step).sentence(8_000_000_000)
    # A graphics card has a memory of its own, a map no dips, and the network alone needs none.
    assert outlook(step, PORTABLE).beside == 0
    alone = plan(chosen.network, chosen.schedule, shape, channels=1, classes=7, vertical_axis=2, carries=False)
    assert alone.beside == 0
    assert "dips" not in outlook(alone).sentence(None)
    without = plan(chosen.network, chosen.schedule, shape, channels=1, classes=7, vertical_axis=2, pretrained=False)
    assert without.beside == step.dips
    assert " for dips" in outlook(without).sentence(None)
    assert "features" not in outlook(without).sentence(None)
    blocks = recipe("volume")  # sections are taken of volumes that lie as they should
    upright, turned = (
        plan(blocks.network, blocks.schedule, lies, channels=1, classes=7, vertical_axis=axis)
        for lies, axis in ((shape, 2), ((160, 60, 50), 0))
    )
    assert turned.beside == upright.beside > 0


def test_what_is_not_counted_is_not_guessed():
    unet = equivalent_unet(levels(2, 8, (4, 4), 1))
    seen = outlook(plan(unet, Schedule(), (64, 64), channels=1, classes=2, vertical_axis=None))
    assert seen.needs is None
    assert "not forecast" in seen.sentence(1)


def test_it_needs_neither_torch_nor_qt():
    code = "import sys, napari_fhn.project.runs.outlook; print({'torch', 'qtpy', 'napari'} & set(sys.modules))"
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == "set()"


def test_a_step_is_planned_from_settings_and_surveys():
    surveyed = SurveySet.of([("volume", xr.DataArray(np.zeros((128, 192, 160), np.float32), dims=("a", "b", "twt")))])
    chosen = recipe("sections")
    step = planned(Settings.of("sections"), surveyed, 7, 2)
    again = plan(
        chosen.network,
        chosen.schedule,
        (128, 192, 160),
        channels=1,
        classes=7,
        vertical_axis=2,
        position=chosen.position,
        neighbours=chosen.neighbours,
    )
    assert outlook(step) == outlook(again)


@pytest.mark.parametrize(
    ("sizes", "attributes", "words"),
    [
        ({"spring": ()}, (), "a map is to be read from a cube, and 'spring' has no bands: choose another recipe"),
        (
            {"spring": (6,), "autumn": (4,)},
            (),
            "cubes of the same bands, and 'spring' has 6 bands and 'autumn' has 4 bands: choose another recipe",
        ),
        ({"spring": (6,)}, ("all",), "this recipe reads the bands of a cube as an axis: choose another recipe"),
    ],
)
def test_cubes_are_planned_as_they_are_trained_and_refused_in_the_same_words(sizes, attributes, words, tmp_path):
    surveyed = SurveySet.of(
        [
            (name, xr.DataArray(np.zeros((24, 20, *bands), np.float32), dims=("y", "x", "band")[: 2 + len(bands)]))
            for name, bands in sizes.items()
        ]
    )
    settings = replace(Settings.of("paper.hyperspectral"), attributes=attributes)
    with pytest.raises(JobError, match=re.escape(words)):
        planned(settings, surveyed, 2, None)
    known = np.zeros((24, 20), np.uint8)
    known[2, :4], known[9, :4] = 1, 2
    project = Project(Session(tmp_path / "work.fhn"))
    project.use(surveyed)
    project.paint(known)
    with pytest.raises(JobError, match=re.escape(words)):
        jobs.begin(project, settings)
    if not attributes:
        assert not list(tmp_path.rglob("*.npy.part"))
        assert not project.session.manifest.copies
