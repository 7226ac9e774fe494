"""The examples of CONTRIBUTING.md, installed and used as their readers would."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import numpy as np
import pytest
import xarray as xr

from napari_fhn import labels, surveys
from napari_fhn.cli import main
from napari_fhn.labels import ClassTable
from napari_fhn.plugins import PluginWarning
from napari_fhn.surveys.xarray_backend import SurveyBackend
from napari_fhn.training.recipes import RECIPES, fitting, recipe

PAGE = (Path(__file__).parents[1] / "CONTRIBUTING.md").read_text(encoding="utf-8")
FILES = dict(re.findall(r"<!-- file: (\w+)\.py -->\n```python\n(.*?)```", PAGE, re.DOTALL))
ENTRY_POINTS = dict(re.findall(r"<!-- entry points: ([\w-]+) -->\n```toml\n(.*?)```", PAGE, re.DOTALL))


@pytest.fixture
def example(distribution):
    """Installs an example of the page."""

    def install(name: str, code: str | None = None) -> None:
        module = name.replace("-", "_")
        groups = tomllib.loads(ENTRY_POINTS[name])["project"]["entry-points"]
        lines: list[str] = []
        for group, entries in groups.items():
            lines.append(f"[{group}]")
            lines += [f"{key} = {value}" for key, value in flat(entries)]
        distribution(name, {module: FILES[module] if code is None else code}, "\n".join(lines) + "\n")

    return install


def flat(entries: dict, before: str = "") -> list[tuple[str, str]]:
    """A dotted key is a table in a table for TOML; packagers write it as one name."""
    found: list[tuple[str, str]] = []
    for key, value in entries.items():
        found += flat(value, f"{before}{key}.") if isinstance(value, dict) else [(before + key, value)]
    return found


@pytest.fixture
def grid(tmp_path) -> Path:
    path = tmp_path / "top.acme"
    values = np.arange(12, dtype="<f4")
    values[5] = -9999
    path.write_bytes(b"ACME" + np.array([3, 4], "<i4").tobytes() + values.tobytes())
    return path


def test_every_example_has_its_entry_point():
    assert set(FILES) == {name.replace("-", "_") for name in ENTRY_POINTS}
    assert len(FILES) == 3


def test_a_kind_of_survey_file(example, grid, tmp_path, capsys):
    with pytest.raises(surveys.SurveyError, match="no reader knows this kind of file"):
        surveys.open(grid)
    example("acme-grid")
    assert surveys.can_open(grid)
    survey = surveys.open(grid)
    assert survey.dims == ("band", "y", "x")
    assert survey.name == "top"
    assert survey.attrs["source"] == str(grid)
    assert survey.attrs["read_as"] == {}
    assert surveys.open(grid, spacing=10.0)["x"].values.tolist() == [0, 10, 20, 30]
    with pytest.raises(surveys.SurveyError, match=r"'colour' is no option of such a file\. It takes spacing"):
        surveys.open(grid, colour=1)
    # And so wherever surveys are opened and saved.
    assert main(["info", str(grid)]) == 0
    assert "Acme grid" in capsys.readouterr().out
    assert np.isnan(xr.open_dataset(grid, engine=SurveyBackend)["survey"][0, 1, 1])
    surveys.save(tmp_path / "out.tif", np.ones((3, 4), np.uint8), survey)
    grid.write_bytes(grid.read_bytes()[:-4])
    with pytest.raises(surveys.SurveyError, match="its size is not that of 3 x 4 values"):
        surveys.open(grid)
    grid.write_bytes(b"nothing of the kind")
    assert not surveys.can_open(grid)


def test_an_opener_that_claims_a_file_is_asked_before_ours(example, tmp_path, volume):
    named = tmp_path / "grid.sgy"
    named.write_bytes(b"ACME" + np.array([1, 2], "<i4").tobytes() + bytes(8))
    example("acme-grid", FILES["acme_grid"] + "\n\nclaims = can_open\n")
    assert surveys.open(named).attrs["format"] == "Acme grid"
    assert surveys.open(volume).attrs["format"].startswith("SEG-Y")


def test_an_opener_of_folders(example, tmp_path):
    folder = tmp_path / "survey.acmes"
    folder.mkdir()
    code = (
        "import numpy as np, xarray as xr\nFOLDERS = True\nSUFFIXES = ('.acmes',)\ndef can_open(path): return True\n"
        "def open(path, **options): return xr.DataArray(np.zeros((2, 3)), dims=('y', 'x'))\n"
    )
    example("acme-grid", code)
    survey = surveys.open(folder, anything=1)
    assert survey["x"].values.tolist() == [0, 1, 2]
    assert survey.attrs["read_as"] == {"anything": 1}
    assert not surveys.can_open(tmp_path / "survey.acme")


@pytest.mark.parametrize(
    ("body", "why"),
    [
        ("raise ZeroDivisionError('oh')", r"the plugin 'acme' of acme-grid 1.2 fails \(ZeroDivisionError: oh\)"),
        ("return 3", r"gives no array of two axes or more \(int\)"),
    ],
)
def test_an_opener_that_fails_is_named(example, grid, body, why):
    code = f"SUFFIXES = ('.acme',)\ndef can_open(path): return True\ndef open(path): {body}\n"
    example("acme-grid", code)
    with pytest.raises(surveys.SurveyError, match=why):
        surveys.open(grid)


@pytest.mark.parametrize(
    ("code", "why"),
    [
        ("import nowhere_to_be_found", "No module named"),
        ("SUFFIXES = ('.acme',)\ndef can_open(path): return True\n", "it has no open"),
        ("SUFFIXES = '.acme'\ndef can_open(path): return True\ndef open(path): ...\n", "SUFFIXES are no list"),
        ("SUFFIXES = ('.acme',)\ncan_open = True\ndef open(path): ...\n", "its can_open cannot be called"),
    ],
)
def test_a_broken_opener_breaks_nothing_of_ours(example, volume, code, why):
    example("acme-grid", code)
    with pytest.warns(PluginWarning, match=f"acme-grid 1.2 is left out.*{why}"):
        assert surveys.open(volume).ndim == 3


def test_an_opener_that_fails_when_it_is_asked_breaks_nothing_of_ours(example, volume, grid):
    code = "SUFFIXES = ('.acme',)\ndef claims(path): 1 / 0\ndef can_open(path): 1 / 0\ndef open(path): ...\n"
    example("acme-grid", code)
    with pytest.warns(PluginWarning, match="'acme' of acme-grid 1.2 fails"):
        assert surveys.open(volume).ndim == 3
    with pytest.warns(PluginWarning):
        assert not surveys.can_open(grid)


@pytest.fixture
def picks(tmp_path) -> Path:
    path = tmp_path / "top.apk"
    path.write_text("ACME PICKS\n11 24 108 salt\n12 26 116 blue shale\n")
    return path


@pytest.fixture
def volume() -> Path:
    from napari_fhn.sample_data import SEISMIC

    return SEISMIC.survey


def test_a_reader_of_what_is_known(example, picks):
    numbers = {"inline": np.arange(10, 14), "crossline": np.arange(28, 18, -2), "twt": np.arange(100, 124, 4.0)}
    survey = xr.DataArray(np.zeros((4, 5, 6), np.float32), dims=tuple(numbers), coords=numbers)
    example("acme-picks")
    assert labels.recognise(picks) == "acme-picks"
    assert labels.KINDS["acme-picks"] == "picks of Acme"
    assert list(labels.KINDS)[-1] == "acme-picks"
    source = labels.Source.of(picks, survey, half_window_ms=4.0)
    known = labels.plugins.read(source.kind, source.path, survey, source.options)
    assert known.classes == ("salt", "blue shale")
    assert known.title == "2 picks"
    out = np.zeros(survey.shape, np.uint8)
    known.burn(out, ClassTable(()).including(known.classes))
    # By its numbers: crosslines run downwards here.
    assert out[1, 2].tolist() == [0, 1, 1, 1, 0, 0]
    assert out[2, 1].tolist() == [0, 0, 0, 2, 2, 2]
    assert np.count_nonzero(out) == 6
    # An answer that the reader does not take is no answer to it.
    assert labels.Source.of(picks, survey, decimal=",", half_window_ms=4.0).options == {"half_window_ms": 4.0}
    with pytest.raises(labels.LabelError, match="its picks are times on inlines and crosslines"):
        labels.plugins.read("acme-picks", picks, survey[0])
    # Tables of ours are told apart as before.
    assert labels.recognise(_table(picks.parent)) == "points"


def _table(folder: Path) -> Path:
    path = folder / "points.csv"
    path.write_text("row,col,class\n1,2,salt\n")
    return path


def test_a_reader_of_wells(example, picks):
    code = (
        "from napari_fhn.labels import Interval, Well\nfrom napari_fhn.labels.plugins import Known\n"
        "TITLE = 'wells of Acme'\nSUFFIXES = ('.apk',)\ndef claims(path): return path.suffix == '.apk'\n"
        "can_read = claims\nWELL = Well('A-1', 11, 24, (Interval(100, 120, 'salt'),))\n"
        "def read(path, survey): return Known(wells=(WELL,))\n"
    )
    example("acme-picks", code)
    from napari_fhn.sample_data import SEISMIC

    survey = surveys.open(SEISMIC.survey)
    source = labels.Source.of(picks, survey)
    (well,) = labels.read_all_wells([source], survey)
    assert well.name == "A-1"


def test_a_reader_that_takes_any_option_is_given_all(example, picks):
    code = (
        "from napari_fhn.labels.plugins import Known\nTITLE = 'x'\nSUFFIXES = ('.apk',)\n"
        "def can_read(path): return True\nclaims = can_read\n"
        "def read(path, survey, **options): return Known(title=repr(options))\n"
    )
    example("acme-picks", code)
    source = labels.Source.of(picks, None, anything=1)
    known = labels.plugins.read(source.kind, picks, xr.DataArray(np.zeros((2, 2))), source.options)
    assert known.title == "{'anything': 1}"
    assert labels.plugins.taken("nobody's", {"a": 1}) == {}


@pytest.mark.parametrize(
    ("body", "why"),
    [
        ("raise KeyError('oh')", "the plugin 'acme-picks' of acme-picks 1.2 fails"),
        ("return []", "gives list, and no Known"),
        ("raise FileNotFoundError(2, 'gone')", "it cannot be read: gone"),
    ],
)
def test_a_reader_that_fails_is_named(example, picks, body, why):
    code = f"TITLE = 'x'\nSUFFIXES = ('.apk',)\ndef can_read(path): return True\ndef read(path, survey): {body}\n"
    example("acme-picks", code)
    with pytest.raises(labels.LabelError, match=why):
        labels.plugins.read("acme-picks", picks, xr.DataArray(np.zeros((2, 2))))


def test_a_broken_reader_breaks_nothing_of_ours(example, tmp_path):
    example("acme-picks", "TITLE = ''\nSUFFIXES = ()\ndef can_read(path): ...\ndef read(path, survey): ...\n")
    with pytest.warns(PluginWarning, match="acme-picks 1.2 is left out: TypeError: its TITLE is no text"):
        assert labels.recognise(_table(tmp_path)) == "points"
    with pytest.raises(labels.LabelError, match="nobody here reads 'acme-picks'"):
        labels.plugins.read("acme-picks", tmp_path / "a.apk", xr.DataArray(np.zeros((2, 2))))


def test_a_recipe(example, capsys):
    example("acme-recipes")
    assert recipe("acme.noisy").schedule.noise == 0.5
    assert list(RECIPES)[-1] == "acme.noisy"
    assert fitting(2)[-1] == "acme.noisy"
    assert fitting(2)[0] == "map"
    assert "acme.noisy" not in fitting(3)
    assert main(["recipes"]) == 0
    assert "acme.noisy: Noisy maps (Acme)" in capsys.readouterr().out
    with pytest.raises(SystemExit):
        main(["train", "--help"])
    assert "acme.noisy" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (("suits=(2,)", "suits=(4,)"), "it suits surveys of"),
        (('title="Noisy maps (Acme)"', 'title=" "'), "its recipe has no title"),
        (("learning_rate=0.015", "block=(8, 8, 8)"), "its network has 2 dimensions, and its block 3"),
        (("return Recipe(", "return dict("), "it gives dict, and no Recipe"),
    ],
)
def test_a_broken_recipe_breaks_nothing_of_ours(example, change, why):
    example("acme-recipes", FILES["acme_recipes"].replace(*change))
    with pytest.warns(PluginWarning, match=f"acme-recipes 1.2 is left out: .*{why}"):
        assert "map" in list(RECIPES)
    assert "acme.noisy" not in RECIPES


def test_a_recipe_does_not_take_one_of_our_names(distribution):
    code = FILES["acme_recipes"]
    distribution("acme-recipes", {"acme_recipes": code}, "[napari_fhn.recipes]\nmap = acme_recipes:noisy\n")
    with pytest.warns(PluginWarning, match="'map' is a name of napari-fhn's own"):
        assert len(RECIPES) == 9
    assert RECIPES["map"].title == "Map (2D)"
