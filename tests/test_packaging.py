"""A wheel and an sdist carry all that an installed package needs, once."""

from __future__ import annotations

import shutil
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import numpy as np
import pytest
import segyio

import proofs

ROOT = Path(__file__).parents[1]
NEEDED = {
    "icon.svg",
    "napari.yaml",
    "py.typed",
    "sample_data/hyperspectral/classes.csv",
    "sample_data/hyperspectral/date1.hdr",
    "sample_data/hyperspectral/date1.img",
    "sample_data/hyperspectral/date2.hdr",
    "sample_data/hyperspectral/date2.img",
    "sample_data/hyperspectral/labels.csv",
    "sample_data/hyperspectral/truth.npz",
    "sample_data/seismic/W-1.las",
    "sample_data/seismic/W-6.las",
    "sample_data/seismic/classes.csv",
    "sample_data/seismic/fold_and_fault.sgy",
    "sample_data/seismic/tops.csv",
    "sample_data/seismic/truth.npz",
    "sample_data/seismic/wells.csv",
}


def run(*command: str, cwd: Path) -> str:
    done = subprocess.run([sys.executable, *command], cwd=cwd, capture_output=True, text=True, timeout=240, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def built(tmp_path_factory) -> dict[str, Path]:
    """The sdist, the wheel made from it, and the wheel made from a checkout."""
    pytest.importorskip("hatch_vcs", reason="what builds is not installed: make .venv/.installed")
    folder = tmp_path_factory.mktemp("packaging")
    tree = folder / "tree"
    unwanted = shutil.ignore_patterns(".*", "__pycache__", "build", "dist", "demo-output", "*.egg-info")
    shutil.copytree(ROOT, tree, symlinks=True, ignore=unwanted)
    shutil.copy(ROOT / ".gitignore", tree)
    # sdist, and the wheel from the sdist; then the wheel from the tree.
    run("-m", "build", "--no-isolation", "--outdir", str(folder / "a"), str(tree), cwd=folder)
    made = {"sdist": next((folder / "a").glob("*.tar.gz")), "wheel": next((folder / "a").glob("*.whl"))}
    if proofs.ASKED:
        run("-m", "build", "--no-isolation", "--wheel", "--outdir", str(folder / "b"), str(tree), cwd=folder)
        made["wheel from tree"] = next((folder / "b").glob("*.whl"))
    return made


@pytest.fixture(scope="module")
def installed(built, tmp_path_factory) -> Path:
    target = tmp_path_factory.mktemp("installed")
    run(
        "-m", "pip", "install", "--quiet", "--no-deps", "--no-index", "--no-compile", "--target", str(target),
        str(built["wheel"]), cwd=target,
    )  # fmt: skip
    return target


def contents(wheel: Path) -> dict[str, int]:
    with zipfile.ZipFile(wheel) as file:
        return {info.filename: info.CRC for info in file.infolist()}


def test_the_wheel_has_the_package_data(built):
    names = set(contents(built["wheel"]))
    assert {f"napari_fhn/{name}" for name in NEEDED} <= names
    # Of a copy without the tags of git: the version that comes next.
    assert {name.partition("/")[0] for name in names} == {"napari_fhn", "napari_fhn-0.1.0.dev0.dist-info"}
    # What made the samples stays at home.
    modules = {name for name in names if name.startswith("napari_fhn/sample_data/") and name.endswith(".py")}
    assert modules == {"napari_fhn/sample_data/__init__.py", "napari_fhn/sample_data/public.py"}


@proofs.LONG
def test_the_same_wheel_comes_from_the_tree(built):
    assert contents(built["wheel"]) == contents(built["wheel from tree"])


def test_the_sdist_has_everything_once(built):
    with tarfile.open(built["sdist"]) as file:
        names = [member.name.partition("/")[2] for member in file.getmembers()]
    assert {f"src/napari_fhn/{name}" for name in NEEDED} <= set(names)
    assert {"pyproject.toml", "LICENSE", "README.md", "CONTRIBUTING.md", "Makefile"} <= set(names)
    assert "tests/test_packaging.py" in names
    assert {"scripts/samples/make_seismic.py", "scripts/samples/make_hyperspectral.py"} <= set(names)
    assert sum(name.endswith("fold_and_fault.sgy") for name in names) == 1


def test_manifest_and_samples_are_seen_at_the_top():
    assert (ROOT / "napari.yaml").resolve() == ROOT / "src" / "napari_fhn" / "napari.yaml"
    assert (ROOT / "sample_data").resolve() == ROOT / "src" / "napari_fhn" / "sample_data"
    assert (ROOT / "napari.yaml").is_file()


def test_the_manifest_of_the_wheel_is_valid(installed):
    run("-m", "npe2", "validate", str(installed / "napari_fhn" / "napari.yaml"), cwd=installed)


def test_the_installed_manifest_is_valid():
    run("-m", "npe2", "validate", "napari-fhn", cwd=ROOT)


def test_samples_open_from_the_wheel(installed):
    code = (
        "import sys; sys.path.insert(0, sys.argv[1])\n"
        "import napari_fhn\n"
        "assert napari_fhn.__file__.startswith(sys.argv[1]), napari_fhn.__file__\n"
        "from napari_fhn import sample_data, surveys\n"
        "print(surveys.open(sample_data.SEISMIC.survey).shape)\n"
        "print(*(surveys.open(path).shape for path in sample_data.HYPERSPECTRAL.dates))\n"
        "print(sample_data.seismic_truth().shape, len(sample_data.read_classes(sample_data.SEISMIC.classes)))\n"
    )
    said = run("-c", code, str(installed), cwd=installed)
    assert said.splitlines() == [
        "(128, 192, 160)",
        "(64, 112, 128) (64, 112, 128)",
        "(128, 192, 160) 7",
    ]


def test_every_entry_point_of_the_wheel_can_be_loaded(installed):
    code = (
        "import sys; sys.path.insert(0, sys.argv[1])\n"
        "from importlib.metadata import distributions\n"
        "(found,) = distributions(path=[sys.argv[1]], name='napari-fhn')\n"
        "for entry in found.entry_points:\n"
        "    thing = entry.load() if entry.group != 'napari.manifest' else None\n"
        "    print(entry.group, entry.name, getattr(thing, '__name__', ''))\n"
    )
    said = set(run("-c", code, str(installed), cwd=installed).splitlines())
    assert said == {
        "console_scripts napari-fhn main",
        "napari.manifest napari-fhn ",
        "xarray.backends napari-fhn SurveyBackend",
    }


def test_xarray_finds_the_engine_of_the_wheel(installed):
    code = (
        "import sys; sys.path.insert(0, sys.argv[1])\n"
        "import xarray as xr\n"
        "from napari_fhn import sample_data\n"
        "print(*xr.open_dataset(sample_data.SEISMIC.survey, engine='napari-fhn')['survey'].shape)\n"
        "print(*xr.open_dataset(sample_data.HYPERSPECTRAL.dates[0])['survey'].shape)\n"
    )
    assert run("-c", code, str(installed), cwd=installed).splitlines() == ["128 192 160", "64 112 128"]


@proofs.LONG
def test_ten_lines_of_python_run_from_the_wheel(installed, tmp_path):
    """From a bundled file to an exported prediction, outside of the source tree and with nothing of it on the path.

    The networks are small ones and learn for two steps; everything else is as it stands on the page.
    """
    code = (
        "import re, sys; sys.path.insert(0, sys.argv[1])\n"
        "from napari_fhn.network.architecture import levels\n"
        "from napari_fhn.training import Schedule\n"
        "from napari_fhn.training.recipes import RECIPES, Recipe\n"
        "small = Recipe('', '', levels(2, 8, (2,), 1, context=1), Schedule(steps=2, block=(8, 32)), combination=None)\n"
        "RECIPES.update(sections=small, layers=small)\n"
        "lines = re.search(r'```python\\n(.*?)```', open(sys.argv[2], encoding='utf-8').read(), re.DOTALL)[1]\n"
        "assert len(lines.strip().splitlines()) <= 10\n"
        "assert 'steps=300' in lines\n"
        "exec(lines.replace('steps=300', 'steps=2'))\n"
        "mine = [m.__file__ for n, m in sys.modules.items() if n.startswith('napari_fhn') and m.__file__]\n"
        "assert all(file.startswith(sys.argv[1]) for file in mine), mine\n"
        "import numpy as np; np.save('facies.npy', facies)\n"
        "print(facies.shape, *sorted(facies.attrs['classes'].values()))\n"
        "with fhn.open(session='fold') as work: print(*(run.name for run in work.runs))\n"
    )
    said = run("-c", code, str(installed), str(ROOT / "docs" / "python.md"), cwd=tmp_path)
    assert "step 2 of 2, loss " in said
    assert said.splitlines()[-2].startswith("(128, 192, 160) ")
    assert said.splitlines()[-1] == "Run 1"
    with segyio.open(tmp_path / "facies.sgy") as file:
        np.testing.assert_array_equal(segyio.tools.cube(file), np.load(tmp_path / "facies.npy"))
        assert "run-001" in segyio.tools.wrap(file.text[0]) or "run-001" in str(file.text[0])
    assert (tmp_path / "fold" / "session.json").is_file()
