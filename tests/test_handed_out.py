"""What `import napari_fhn` hands out: at no cost, and only when it is asked for."""

from __future__ import annotations

import subprocess
import sys
import types

import pytest

import napari_fhn


def test_importing_the_package_imports_nothing_else():
    code = (
        "import sys; before = set(sys.modules); import napari_fhn; assert 'open' in dir(napari_fhn);"
        "heavy = {'numpy', 'xarray', 'torch', 'qtpy', 'napari', 'napari_fhn.api'} & (set(sys.modules) - before);"
        "sys.exit(str(heavy) if heavy else 0)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


@pytest.mark.parametrize("name", ["open", "load", "fit"])
def test_a_name_is_fetched_when_it_is_asked_for(name, monkeypatch):
    module = types.ModuleType("napari_fhn.api")
    setattr(module, name, object())
    monkeypatch.setitem(sys.modules, "napari_fhn.api", module)
    monkeypatch.delitem(vars(napari_fhn), name, raising=False)
    assert getattr(napari_fhn, name) is getattr(module, name)
    # It is kept, and taken away here: there was none before unless another test asked.
    del vars(napari_fhn)[name]


def test_other_names_are_no_attributes():
    with pytest.raises(AttributeError, match="has no attribute 'opne'"):
        napari_fhn.opne  # noqa: B018


def test_an_error_inside_the_module_is_not_taken_for_a_missing_name(monkeypatch, tmp_path):
    (tmp_path / "half_there.py").write_text("import surely_not_installed\n")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setitem(napari_fhn._HANDED_OUT, "half", "half_there")
    with pytest.raises(ModuleNotFoundError, match="surely_not_installed"):
        napari_fhn.half  # noqa: B018
