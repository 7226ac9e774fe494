"""The page on Python names what there is; its ten lines run in `tests/test_packaging.py`, from the wheel."""

from __future__ import annotations

import ast
import inspect
import re
from pathlib import Path

import pytest

import napari_fhn as fhn
from napari_fhn.api import FittedNetwork, Training, Work
from napari_fhn.project import Runs
from napari_fhn.project.labelling.similar import Similar
from napari_fhn.project.labelling.tracking import TrackedHorizon

PAGE = Path(__file__).parents[2] / "docs" / "python.md"
BLOCKS = re.findall(r"```python\n(.*?)```", PAGE.read_text("utf-8"), re.DOTALL)


OWNERS = {
    "fhn": fhn, "work": Work, "network": FittedNetwork, "work.runs": Runs, "work.fit()": Training, "found": Similar,
    "top": TrackedHorizon,
}  # fmt: skip


@pytest.mark.parametrize("number", range(len(BLOCKS)))
def test_what_is_called_is_there(number):
    """Each call on the page is of a function that there is, with keywords that it has."""
    check_calls(ast.parse(BLOCKS[number]), every=True)


def check_calls(code: ast.AST, *, every: bool = False) -> int:
    """Check the calls of functions of `OWNERS`, and count them; with ``every`` there may be no others."""
    count = 0
    for call in (node for node in ast.walk(code) if isinstance(node, ast.Call)):
        if not isinstance(call.func, ast.Attribute):
            continue
        owner = ast.unparse(call.func.value)
        owner = re.sub(r"^work\.fit\(.*\)$", "work.fit()", owner)
        owner = "network" if owner.startswith("fhn.load(") else owner
        if owner not in OWNERS and not every:
            continue
        assert owner in OWNERS, owner
        parameters = inspect.signature(getattr(OWNERS[owner], call.func.attr)).parameters
        anything = any(one.kind is one.VAR_KEYWORD for one in parameters.values())
        for keyword in call.keywords:
            assert keyword.arg in parameters or anything, f"{call.func.attr}({keyword.arg}=...)"
        count += 1
    return count
