"""The notebooks: executed as they are in the long form; here what they call, and what one does before it trains."""

from __future__ import annotations

import ast
import importlib.util
import json
from pathlib import Path

import pytest
from tests.docs.test_python import check_calls
from tests.proofs import LONG

FOLDER = Path(__file__).parents[2] / "docs" / "notebooks"
NOTEBOOKS = sorted(FOLDER.glob("*.ipynb"))


def cells(notebook: Path) -> list[str]:
    """Return the code of a notebook, cell by cell."""
    read = json.loads(notebook.read_text("utf-8"))["cells"]
    return ["".join(cell["source"]) for cell in read if cell["cell_type"] == "code"]


@pytest.mark.parametrize("notebook", NOTEBOOKS, ids=lambda path: path.stem)
def test_what_a_notebook_calls_is_there(notebook):
    code = ast.parse("\n".join(cells(notebook)))
    assert check_calls(code) >= 5


@pytest.mark.parametrize("notebook", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_was_executed_without_an_error(notebook):
    read = json.loads(notebook.read_text("utf-8"))["cells"]
    outputs = [output for cell in read for output in cell.get("outputs", ())]
    assert outputs
    assert not any(output["output_type"] == "error" for output in outputs)


def test_a_notebook_runs_as_far_as_its_training(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    names: dict[str, object] = {}
    for code in cells(FOLDER / "recipe.ipynb"):
        if ".fit(" in code:
            break
        exec(compile(code, "recipe.ipynb", "exec"), names)
    assert "MB a step" in capsys.readouterr().out
    names["work"].close()


@LONG
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("notebook", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_executes(notebook):
    pytest.importorskip("nbclient", reason="what executes notebooks is not installed: make notebooks")
    spec = importlib.util.spec_from_file_location("execute", FOLDER / "execute.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    assert module.execute(notebook).cells
