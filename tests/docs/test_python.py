"""The page on Python: its ten lines run, and the others name what there is."""

from __future__ import annotations

import ast
import inspect
import re
from pathlib import Path

import numpy as np
import pytest
import segyio

import napari_fhn as fhn
from napari_fhn.api import FittedNetwork, Training, Work
from napari_fhn.network.architecture import levels
from napari_fhn.project import Runs
from napari_fhn.project.similar import Similar
from napari_fhn.training import Schedule
from napari_fhn.training.recipes import RECIPES, Recipe

PAGE = Path(__file__).parents[2] / "docs" / "python.md"
BLOCKS = re.findall(r"```python\n(.*?)```", PAGE.read_text("utf-8"), re.DOTALL)
TEN_LINES = BLOCKS[0]


def test_the_ten_lines(tmp_path, monkeypatch, capsys):
    assert len(TEN_LINES.strip().splitlines()) <= 10
    assert "steps=300" in TEN_LINES
    monkeypatch.chdir(tmp_path)
    small = Recipe("", "", levels(2, 8, (2,), 1, context=1), Schedule(steps=2, block=(8, 32)))
    for name in ("sections", "layers"):
        monkeypatch.setitem(RECIPES, name, small)
    names: dict[str, object] = {}
    exec(compile(TEN_LINES.replace("steps=300", "steps=2"), str(PAGE), "exec"), names)
    assert "step 2 of 2, loss " in capsys.readouterr().out
    with segyio.open("facies.sgy") as file:
        np.testing.assert_array_equal(segyio.tools.cube(file), names["facies"])
        assert "run-001" in segyio.tools.wrap(file.text[0]) or "run-001" in str(file.text[0])
    with fhn.open(session="fold") as work:
        assert [run.name for run in work.runs] == ["Run 1"]


OWNERS = {
    "fhn": fhn, "work": Work, "network": FittedNetwork, "work.runs": Runs, "work.fit()": Training, "found": Similar,
}  # fmt: skip


@pytest.mark.parametrize("number", range(len(BLOCKS)))
def test_what_is_called_is_there(number):
    """Each call on the page is of a function that there is, with keywords that it has."""
    for call in (node for node in ast.walk(ast.parse(BLOCKS[number])) if isinstance(node, ast.Call)):
        if not isinstance(call.func, ast.Attribute):
            continue
        owner = ast.unparse(call.func.value)
        owner = re.sub(r"^work\.fit\(.*\)$", "work.fit()", owner)
        owner = "network" if owner.startswith("fhn.load(") else owner
        assert owner in OWNERS, owner
        parameters = inspect.signature(getattr(OWNERS[owner], call.func.attr)).parameters
        anything = any(one.kind is one.VAR_KEYWORD for one in parameters.values())
        for keyword in call.keywords:
            assert keyword.arg in parameters or anything, f"{call.func.attr}({keyword.arg}=...)"
