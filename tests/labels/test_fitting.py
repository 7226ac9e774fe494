"""What is offered and refused of what is known goes with the survey: at the file, in its options and its columns."""

from __future__ import annotations

import re

import numpy as np
import pytest
import xarray as xr

import workbook_files
from napari_fhn.labels import KINDS, OPTIONS, LabelError, Source, Undeclared, collect_warnings
from napari_fhn.labels.fitting import fits, options_for, roles_for, unit_of
from napari_fhn.labels.tables.vocabulary import ROLES
from napari_fhn.project.knowledge.naming import Said, sources
from napari_fhn.project.knowledge.readers import read_surfaces
from napari_fhn.project.knowledge.recognition import recognised

SURVEYS = {
    "volume": xr.DataArray(np.zeros((3, 4, 5)), dims=("inline", "crossline", "twt"), name="volume"),
    "line": xr.DataArray(np.zeros((4, 5)), {"trace": range(4)}, ("trace", "twt"), name="line"),
    "map": xr.DataArray(np.zeros((2, 4, 5)), dims=("band", "y", "x"), name="chart"),
}
UPRIGHT = {"wells", "tops", "deviation", "checkshots", "las", "horizon"}
FILES = {
    "wells.csv": "well,x,y\nA,500,600\n",
    "tops.csv": "well,marker,twt\nA,Top,400\n",
    "horizon.csv": "x,y,z\n1,2,3\n4,5,6\n",
}


def test_kinds_options_and_columns_go_with_the_survey():
    for name, survey in SURVEYS.items():
        assert {kind for kind in KINDS if not fits(kind, survey)} == (UPRIGHT if name == "map" else set())
    assert all(fits(kind, None) for kind in KINDS)
    assert options_for("points", SURVEYS["map"]).keys() == options_for("points", None).keys() - {"z"}
    assert "window" not in options_for("polygons", SURVEYS["map"])
    assert "off_line_m" in options_for("wells", SURVEYS["line"])
    assert "off_line_m" not in options_for("wells", SURVEYS["volume"])
    assert [unit_of(OPTIONS["radius"], survey) for survey in SURVEYS.values()] == ["traces", "traces", "pixels"]
    on_map = set(roles_for(ROLES, SURVEYS["map"]))
    assert {"row", "col", "x", "y", "lon", "lat", "class"} <= on_map
    assert not on_map & {"inline", "crossline", "trace", "cdp", "twt", "depth"}
    assert not set(roles_for(ROLES, SURVEYS["volume"])) & {"row", "col", "trace", "cdp"}
    assert {"trace", "cdp", "x"} <= set(roles_for(ROLES, SURVEYS["line"]))


@pytest.mark.parametrize("name", FILES)
def test_on_a_map_what_goes_down_is_refused_where_it_is_looked_at(name, tmp_path):
    path = tmp_path / name
    path.write_text(FILES[name])
    what = "horizons" if "horizon" in name else "wells"
    refused = re.escape(f"{name}: {what} label volumes and lines, and 'chart' has no time or depth. Give their places")
    with pytest.raises(LabelError, match=refused):
        Source.of(path, SURVEYS["map"])
    found = recognised(path, SURVEYS["map"])
    assert not found.source.kind
    assert re.match(refused, found.why)
    assert Source.of(path, SURVEYS["volume"]).kind == path.stem
    if what == "horizons":
        with pytest.raises(LabelError, match=refused):
            read_surfaces([Source(path, "horizon")], SURVEYS["map"])


def test_where_axes_have_no_names_these_are_the_way_out(tmp_path):
    path = tmp_path / "wells.csv"
    path.write_text(FILES["wells.csv"])
    unnamed = xr.DataArray(np.zeros((3, 4, 5)), dims=("axis_0", "axis_1", "axis_2"), name="unnamed")
    with pytest.raises(LabelError, match=r"'unnamed' has no time or depth\. Open it with the names of its axes"):
        Source.of(path, unnamed)


def test_a_workbook_of_nothing_but_what_goes_down_is_refused_on_a_map_and_else_gives_what_the_map_takes(tmp_path):
    wells, tops = [["well", "x", "y"], ["A", 1, 2]], [["well", "marker", "twt"], ["A", "Top", 400]]
    path = workbook_files.write(tmp_path / "book.xlsx", {"W": wells, "T": tops})
    with pytest.raises(LabelError, match="wells label volumes and lines, and 'chart' has no time or depth"):
        Source.of(path, SURVEYS["map"])
    assert not recognised(path, SURVEYS["map"]).readable
    with pytest.raises(Undeclared, match="its sheets hold different things") as asked:
        Source.of(path, SURVEYS["volume"])
    assert asked.value.choices == ("wells", "tops")
    points = [["x", "y", "class"], [1, 2, "sand"]]
    path = workbook_files.write(tmp_path / "more.xlsx", {"W": wells, "T": tops, "P": points})
    (found, rest) = collect_warnings(lambda: sources(Said(known=path), SURVEYS["map"]))
    assert [one.kind for one in found] == ["points"]
    assert rest == ["more.xlsx: its sheets W and T hold what the survey does not take, and were left out."]


def test_a_table_that_tells_nothing_is_asked_about_in_kinds_that_the_survey_takes(tmp_path):
    path = tmp_path / "odd.csv"
    path.write_text("a,b,c\n10,10,one\n30,40,two\n")
    with pytest.raises(Undeclared) as asked:
        Source.of(path, SURVEYS["map"])
    assert asked.value.choices == ("points",)


def test_what_a_trace_of_a_line_is_called_is_no_crossline(tmp_path):
    path = tmp_path / "picks.csv"
    path.write_text("trace,twt,class\n1,2,one\n")
    assert "crossline" not in recognised(path, SURVEYS["line"]).why
