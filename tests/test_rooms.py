"""Who may import whom: by contract, by what each room reaches for outside, and by running it without the rest."""

from __future__ import annotations

import ast
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from importlinter.cli import lint_imports

from napari_fhn.network.architecture import levels
from napari_fhn.training import Input, Job, Schedule, fit
from napari_fhn.training.combination.settings import Combination
from napari_fhn.training.prediction import provenance

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "src" / "napari_fhn"

#: What each room may use beside the standard library.
ALLOWED = {
    "box.py": set(),
    "record": set(),
    "plugins.py": set(),
    "disk_room.py": set(),
    "keys.py": set(),
    "leftovers.py": set(),
    "shards.py": set(),
    "npy.py": {"numpy"},
    "mapped.py": {"numpy"},
    "large": {"numpy"},
    "regular.py": set(),
    "first_look.py": set(),
    "what_it_is.py": set(),
    "installed.py": set(),
    "clock.py": set(),
    "digits.py": set(),
    "sentence.py": set(),
    "zipped.py": set(),
    "vector": {"numpy", "rasterio", "pyogrio", "shapely"},
    "network": {"torch", "triton"},  # triton comes with torch for a GPU, and is asked for there alone
    "structure": {"numpy", "scipy", "skimage", "sklearn"},
    "training": {"numpy", "torch", "safetensors", "onnxruntime"},
    "engine": {"numpy", "torch"},
    "project": {"numpy", "xarray", "platformdirs"},
    "report": {"numpy", "xarray", "matplotlib", "jinja2", "PIL"},
    "cli": {"numpy", "xarray", "rich", "shtab"},
    "labels": {
        "numpy",
        "scipy",
        "skimage",
        "xarray",
        "lasio",
        "surfio",
        "python_calamine",
        "pyogrio",
        "shapely",
        "rasterio",
    },
    "surveys": {
        "numpy",
        "xarray",
        "segyio",
        "rasterio",
        "rioxarray",
        "scipy",
        "skimage",
        "zarr",
        "h5py",
        "h5netcdf",
        "pyogrio",
        "shapely",
        "platformdirs",
        "surfio",
        "openvds",
        "openzgy",
        "fsspec",
        "aiohttp",
    },
    "sample_data": {"numpy", "pooch"},
}

_ALONE = '''
import sys

KEPT_OUT = {
    "scipy", "xarray", "pandas", "segyio", "rasterio", "rioxarray", "lasio", "skimage", "zarr",
    "surfio", "python_calamine", "openvds", "pyzgy", "fsspec", "aiohttp",
    "h5py", "h5netcdf", "pyogrio", "shapely", "pooch", "dask", "rich", "napari", "matplotlib", "sklearn",
    "qtpy", "PyQt6", "magicgui", "superqt", "psygnal", "pyqtgraph", "npe2", "pydantic",
}

class Without:
    """A finder that does not find them, as if they were not installed."""

    def __init__(self, finder):
        self.finder = finder

    def find_spec(self, name, path=None, target=None):
        return None if name.partition(".")[0] in KEPT_OUT else self.finder.find_spec(name, path, target)

sys.meta_path[:] = [Without(finder) for finder in sys.meta_path]
'''


def python(code: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", code, *arguments], capture_output=True, text=True, timeout=240, check=False
    )


def outside(path: Path) -> set[str]:
    """Packages that a file imports, at any depth, without the standard library and this package."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and not node.level and node.module:
            names.add(node.module.partition(".")[0])
    return names - set(sys.stdlib_module_names) - {"napari_fhn"}


def test_the_arrows_point_one_way(monkeypatch, capsys):
    monkeypatch.chdir(ROOT)
    code = lint_imports(no_cache=True)
    assert code == 0, capsys.readouterr().out


@pytest.mark.parametrize("room", ALLOWED)
def test_a_room_uses_only_what_it_may(room):
    place = PACKAGE / room
    files = [place] if place.is_file() else sorted(place.rglob("*.py"))
    assert files
    used = {str(path.relative_to(PACKAGE)): outside(path) - ALLOWED[room] for path in files}
    assert {path: names for path, names in used.items() if names} == {}


def test_every_dependency_is_imported_and_every_import_is_a_dependency():
    import tomllib

    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    extras = project["optional-dependencies"]
    lines = [
        *project["dependencies"],
        *(line for name in ("viewer", "report", "backbone", "vds") for line in extras[name]),
    ]
    named = {line.partition(">")[0].lower() for line in lines}
    used = set().union(*(outside(path) for path in PACKAGE.rglob("*.py")))
    called = {"skimage": "scikit-image", "sklearn": "scikit-learn", "PIL": "pillow", "OpenGL": "pyopengl"}
    called["python_calamine"] = "python-calamine"
    # zarr brings numcodecs; before its version 0.16.6 a store could run code.
    # triton comes with the builds of torch that can use it.
    assert {called.get(name, name).lower() for name in used} - {"triton"} == named - {"numcodecs"}


@pytest.fixture
def job(tmp_path) -> Path:
    rng = np.random.default_rng(0)
    shape = (6, 8, 16)
    np.save(tmp_path / "input.npy", rng.standard_normal(shape).astype(np.float32))
    labels = np.zeros(shape, np.uint8)
    labels[2:4, 2:4, :8], labels[2:4, 2:4, 8:] = 1, 2
    np.save(tmp_path / "labels.npy", labels)
    Job(
        inputs=(Input(str(tmp_path / "input.npy")),),
        labels=str(tmp_path / "labels.npy"),
        classes=("above", "below"),
        network=levels(2, 8, (2, 2), 1, context=1),
        schedule=Schedule(steps=2, block=(8, 16)),
        prediction=str(tmp_path / "prediction.npy"),
        model=str(tmp_path / "model"),
        vertical_axis=2,
        device="cpu",
    ).save(tmp_path / "job.json")
    return tmp_path / "job.json"


def test_jobs_run_where_only_torch_numpy_and_safetensors_are(job):
    """Alone, with a combination that cannot be there, and with one that was weighed where it could be."""
    jobs = {}
    for name, combination in (("alone", None), ("combined", Combination(smoothing="on", order="on"))):
        told = replace(Job.load(job), combination=combination, model=str(job.parent / name))
        told = replace(told, prediction=str(job.parent / f"{name}.npy"))
        jobs[name] = job.with_name(f"job-{name}.json")
        told.save(jobs[name])
    weighed = replace(Job.load(job), combination=Combination())
    np.save(weighed.prediction, np.zeros((6, 8, 16), np.uint8))
    list(fit(weighed))
    weighed.save(job)
    run = python(
        _ALONE
        + "from napari_fhn.cli import main\n"
        + "def run(command, job):\n"
        + "    for stream in (sys.stdout, sys.stderr):\n"
        + "        print(f'\\nof {job}', file=stream, flush=True)\n"
        + "    assert main([command, '--job', job]) == 0\n"
        + "for job in sys.argv[1:3]:\n"
        + "    run('train', job)\n"
        + "for job in sys.argv[1:]:\n"
        + "    run('predict', job)\n",
        str(jobs["alone"]), str(jobs["combined"]), str(job),
    )  # fmt: skip
    assert run.returncode == 0, run.stderr
    for name in jobs:
        assert (np.load(job.parent / f"{name}.npy") > 0).all()
    said = "The network alone predicts: scipy is not installed, which the rest needs."
    heard = dict.fromkeys(map(str, jobs.values()), "")
    for part in f"{run.stdout}\n{run.stderr}".split("\nof ")[1:]:
        named, _, words = part.partition("\n")
        heard[named] = heard.get(named, "") + words
    for name, path in jobs.items():
        assert (said in heard[str(path)]) is (name == "combined")
    assert provenance.read(weighed.prediction).factors == ()


#: What maps, tracking and files of labels ask for: whoever opens the first survey, or the dock, would wait for it.
LATER = ("rioxarray", "scipy.ndimage", "scipy.spatial", "scipy.interpolate")


@pytest.mark.parametrize(
    ("late", "lines"),
    [
        (
            LATER,
            [
                "from napari_fhn.cli import main; main(['info', 'sample:seismic'])",
                "import napari_fhn.project, napari_fhn.surveys, napari_fhn.labels, napari_fhn.sample_data",
                "import napari_fhn.widgets",
            ],
        ),
        (
            (),
            [
                "import napari_fhn.engine, napari_fhn.network, napari_fhn.training",
                "import napari_fhn.report.writing, napari_fhn.report.sections",
                "import napari_fhn.widgets.dock, napari_fhn.widgets.data.samples, napari_fhn.widgets.sessions.commands",
            ],
        ),
    ],
)
def test_the_viewers_process_stays_free_of_torch_and_of_what_is_not_asked_for_yet(late, lines):
    code = (
        "import sys\n"
        "for line in sys.argv[1:]:\n"
        "    exec(line)\n"
        f"    if found := {{'torch', *{late!r}}} & set(sys.modules): sys.exit(f'{{line}}: {{found}}')"
    )
    run = python(code, *lines)
    assert run.returncode == 0, run.stderr


def test_help_imports_neither_torch_nor_survey_readers():
    run = python(
        "import sys\nfrom napari_fhn.cli import main\n"
        "try:\n    main(['train', '--help'])\nexcept SystemExit:\n    pass\n"
        "sys.exit(bool({'torch', 'xarray', 'segyio', 'scipy', 'rich', 'matplotlib'} & set(sys.modules)))"
    )
    assert run.returncode == 0, run.stderr
    assert "--wells" in run.stdout
