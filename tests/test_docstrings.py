"""The examples in docstrings run, and give what they say."""

from __future__ import annotations

import doctest
import importlib
import inspect
from pathlib import Path

import pytest

from napari_fhn import surveys
from napari_fhn.surveys import out

PACKAGE = Path(__file__).parents[1] / "src" / "napari_fhn"
#: Modules with examples, found without importing the others.
MODULES = sorted(
    ".".join(("napari_fhn", *path.relative_to(PACKAGE).with_suffix("").parts)).removesuffix(".__init__")
    for path in PACKAGE.rglob("*.py")
    if ">>> " in path.read_text(encoding="utf-8")
)


def test_there_are_examples():
    assert {"napari_fhn.box", "napari_fhn.surveys.opening", "napari_fhn.labels.classes.class_table"} <= set(MODULES)


@pytest.mark.parametrize("name", MODULES)
def test_examples_of(name, tmp_path, monkeypatch):
    # What an example writes is nobody's concern afterwards.
    monkeypatch.chdir(tmp_path)
    module = importlib.import_module(name)
    failures, ran = doctest.testmod(module, optionflags=doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE, verbose=False)
    assert ran
    assert not failures, f"{failures} examples of {name} give something else: see above"


@pytest.mark.parametrize("room", [surveys, out])
def test_what_a_room_hands_out_has_an_example(room):
    handed = [getattr(room, name) for name in room.__all__]
    bare = [one.__name__ for one in handed if inspect.isfunction(one) and ">>> " not in (one.__doc__ or "")]
    assert bare == []
