"""The pages of the three examples: their commands can be typed, and the memory they name is that of the forecast."""

from __future__ import annotations

import importlib
import re
import shlex
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from napari_fhn.network.comparison import map_axis
from napari_fhn.network.forecast import PORTABLE
from napari_fhn.training.plan import plan
from napari_fhn.training.recipes import RECIPES

ROOT = Path(__file__).parents[2]
PAGES = sorted((ROOT / "docs" / "tutorials").glob("*.md"))
SHAPES = {"hyperspectral": ((368, 288, 184), 2), "aquifer": ((848, 1456), 56), "seismic": ((401, 701, 248), 1)}


@pytest.mark.parametrize("name", SHAPES)
def test_every_command_can_be_typed(name, monkeypatch):
    monkeypatch.syspath_prepend(str(ROOT / "examples"))
    module = importlib.import_module(name)
    texts = [page.read_text("utf-8") for page in PAGES] + [module.__doc__ or ""]
    lines = [line for text in texts for line in re.findall(rf"^\s*python examples/{name}\.py.*$", text, re.MULTILINE)]
    assert len(lines) > 5
    for line in lines:
        monkeypatch.setattr(sys, "argv", shlex.split(line, comments=True)[1:])
        module._options()
    for module_name in (*SHAPES, "shared"):
        sys.modules.pop(module_name, None)


@pytest.mark.parametrize("name", SHAPES)
def test_the_memory_at_full_size_is_that_of_the_forecast(name):
    shape, channels = SHAPES[name]
    recipe = RECIPES[f"paper.{name}"]
    planned = plan(
        recipe.network,
        replace(recipe.schedule, accumulate=recipe.schedule.batch),
        shape,
        channels=channels,
        classes=2,
        vertical_axis=2 if name == "seismic" else None,
        position=recipe.position,
        map_axis=map_axis(recipe.network),
    )
    text = (ROOT / "docs" / "tutorials" / "README.md").read_text("utf-8")
    (row,) = re.findall(rf"^\| {name} \|.*$", text, re.MULTILINE)
    said = [float(number) for number in re.findall(r"([\d.]+) GB", row)]
    ours = planned.needs(working_set=PORTABLE).total / 1e9
    without = planned.needs(invertible=False, block_low_rank=False, working_set=PORTABLE).total / 1e9
    assert said == [pytest.approx(ours, rel=0.1), pytest.approx(without, rel=0.1)]
