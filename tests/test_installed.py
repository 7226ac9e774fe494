"""What is not installed is a sentence with the line that installs it, at every door."""

from __future__ import annotations

import importlib
import subprocess
import sys

import pytest

from napari_fhn import installed

#: A Python in which the modules that are named first are not installed.
WITHOUT = (
    "import sys\n"
    "missing = set(sys.argv.pop(1).split(','))\n"
    "class Without:\n"
    "    def __init__(self, finder): self.finder = finder\n"
    "    def __getattr__(self, name): return getattr(self.finder, name)\n"
    "    def find_spec(self, name, path=None, target=None):\n"
    "        return None if name.partition('.')[0] in missing else self.finder.find_spec(name, path, target)\n"
    "sys.meta_path[:] = [Without(finder) for finder in sys.meta_path]\n"
)


def python(missing: str, code: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", WITHOUT + code, missing, *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)


def test_training_without_torch_is_a_sentence(tmp_path):
    code = "import numpy as np\nfrom napari_fhn.cli import main\nsys.exit(main(sys.argv[1:]))"
    words = ("train", "sample:seismic", "--steps", "1", "--session", str(tmp_path / "s"))
    done = python("torch", code, *words)
    assert done.returncode == 2, done.stderr
    assert "Traceback" not in done.stderr
    assert "networks are computed by torch, which is not installed: pip install torch" in done.stderr


def test_the_desk_without_napari_is_a_sentence():
    done = python("napari,qtpy", "import napari_fhn.widgets.dock")
    assert done.stderr.splitlines()[-1] == f"ModuleNotFoundError: {installed.desk('napari')}"
    assert "pip install 'napari-fhn[desk]'" in done.stderr


def test_the_command_line_and_python_need_no_viewer():
    code = (
        "import napari_fhn, napari_fhn.api\nfrom napari_fhn.cli import main\nsys.exit(main(['info', 'sample:seismic']))"
    )
    done = python(
        "napari,qtpy,PyQt6,PySide6,magicgui,superqt,psygnal,pyqtgraph,vispy,npe2,dask,matplotlib,jinja2", code
    )
    assert done.returncode == 0, done.stderr
    assert "inline: 128" in done.stdout


def test_a_part_of_this_package_that_is_missing_stays_a_fault():
    with pytest.raises(ModuleNotFoundError) as raised:
        importlib.import_module("napari_fhn.nowhere")
    assert installed.in_words(raised.value) is None
    assert installed.in_words(ImportError("cannot import name", name="torch")) is None
    assert installed.in_words(ModuleNotFoundError("", name="lasio")) == (
        "lasio, which this needs, is not installed: pip install napari-fhn"
    )
