"""Points of GOCAD objects are picks of horizons, and what goes out as VSet comes in again."""

from __future__ import annotations

import numpy as np
import pytest
import xarray as xr

from napari_fhn import sample_data, surveys
from napari_fhn.labels import LabelError, LabelWarning, Undeclared, read_horizon, recognise
from napari_fhn.surveys import SurveyError
from napari_fhn.surveys.out import save_horizon

HEAD = """GOCAD {kind} 1
HEADER {{
name: {name}
*solid*color: 1 0 0 1
}}
GOCAD_ORIGINAL_COORDINATE_SYSTEM
NAME Default
AXIS_NAME "X" "Y" "Z"
AXIS_UNIT "m" "m" "{unit}"
ZPOSITIVE {up}
END_ORIGINAL_COORDINATE_SYSTEM
"""


@pytest.fixture(scope="module")
def survey() -> xr.DataArray:
    return surveys.open(sample_data.SEISMIC.survey)


def of(survey, kind="VSet", name="Top", unit="ms", up="Depth", z=600.0, word="VRTX") -> str:
    """An object with a point at each of the first three traces of the first inline."""
    geometry = survey.attrs["geometry"]
    points = [geometry.to_xy(float(survey.inline[0]), float(one)) for one in survey.crossline[:3]]
    rows = "".join(f"{word} {k + 1} {x:.2f} {y:.2f} {z} 0.5\n" for k, (x, y) in enumerate(points))
    between = {"TSurf": "TFACE\n", "PLine": "ILINE\n", "VSet": ""}[kind]
    behind = {"TSurf": "TRGL 1 2 3\n", "PLine": "SEG 1 2\nSEG 2 3\n", "VSet": ""}[kind]
    return HEAD.format(kind=kind, name=name, unit=unit, up=up) + between + rows + behind + "END\n"


@pytest.mark.parametrize("kind", ["VSet", "PLine", "TSurf"])
@pytest.mark.parametrize(("up", "z"), [("Depth", 600.0), ("Elevation", -600.0), ("Elevation", "-6.0e2")])
def test_points_of_an_object_are_picks(tmp_path, survey, kind, up, z):
    path = tmp_path / "top.gocad"
    path.write_text(of(survey, kind, up=up, z=z, word="PVRTX" if kind == "VSet" else "VRTX"))
    assert recognise(path, survey) == "horizon"
    found = read_horizon(path, survey)
    assert found.name == "Top"
    np.testing.assert_array_equal(found[0, :4], [600, 600, 600, np.nan])
    assert found.attrs["n_picks"] == 3


def test_several_objects_are_several_horizons(tmp_path, survey):
    path = tmp_path / "all.ts"
    path.write_text(of(survey, "TSurf", "Top") + of(survey, "TSurf", "Base", z=-900, up="Elevation"))
    with pytest.raises(Undeclared, match="2 horizons: Top, Base"):
        read_horizon(path, survey)
    assert float(read_horizon(path, survey, "Base")[0, 0]) == 900


def test_an_object_without_units_says_so_and_one_without_points_is_a_sentence(tmp_path, survey):
    path = tmp_path / "top.vs"
    path.write_text(of(survey).replace('AXIS_UNIT "m" "m" "ms"\n', ""))
    with pytest.warns(LabelWarning, match="column 'Z' has no unit and was read in ms"):
        read_horizon(path, survey)
    path.write_text(HEAD.format(kind="VSet", name="a", unit="ms", up="Depth") + "END\n")
    with pytest.raises(LabelError, match="no line holds one"):
        read_horizon(path, survey)


def test_a_horizon_goes_out_as_vset_and_comes_in_again(tmp_path, survey):
    classes = sample_data.seismic_truth()
    path = tmp_path / "cover.vs"
    count = save_horizon(path, classes, survey, 1, 2, names={1: "cover", 2: "marl"}, history=["By hand"])
    assert "# By hand" in path.read_text().splitlines()
    assert count == path.read_text().count("VRTX")
    again = read_horizon(path, survey)
    assert again.name == "first sample of class marl below class cover"
    assert int(again.notnull().sum()) == count
    save_horizon(tmp_path / "cover.xyz", classes, survey, 1, 2)
    np.testing.assert_array_equal(again, read_horizon(tmp_path / "cover.xyz", survey))
    with pytest.raises(SurveyError, match="that of a volume"):
        save_horizon(path, classes[0], survey[0], 1, 2)
