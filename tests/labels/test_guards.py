"""What keeps labels from being lost or misread says so in a sentence: which file, where in it, and the way out."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest

from napari_fhn import labels
from napari_fhn.labels import ClassTable, LabelError
from napari_fhn.labels.tables.sniffing import sniff
from napari_fhn.labels.volumes import volume
from napari_fhn.surveys import Grid
from napari_fhn.surveys.grid import GridAxis

AXES = GridAxis("inline", 8, 101.0, 1.0), GridAxis("crossline", 10, 206.0, 2.0), GridAxis("twt", 12, 400.0, 4.0, "ms")
SURVEY = Grid(AXES, kind="seismic", name="survey").template()
CLASSES = ClassTable.of_codes({1: "sand"})
LAS = (
    "~V\nVERS. 2.0 :\nWRAP. NO :\n~W\nSTRT.ms 0 :\nSTOP.ms 8 :\nSTEP.ms 4 :\nNULL. -999.25 :\nWELL. W :\n"
    "INLINE. 103 :\nCROSSLINE. 210 :\n~C\nTWT.ms :\nFACIES. :\n~A\n"
)
ZMAP = "!\n@grid HEADER, GRID, 5\n 15, 1E30, , 4, 1\n 4, 3, 0.0, 2.0, 0.0, 3.0\n 0.0, 0.0, 0.0\n@\n"


def a_log(path):
    return labels.read_las(path, CLASSES, SURVEY)


def a_grid(path):
    return labels.read_horizon(path, SURVEY, units={"z": "ms"})


def tops(path):
    wells = path.with_name("wells.csv")
    wells.write_text("well,inline,crossline\nA,103,210\n")
    return labels.read_wells(wells, path, SURVEY)


#: Who reads a file, its text, and what is said of it after its name.
GUARDS = {
    "class.las": (a_log, LAS + "400 1\n404 5\n", ": its FACIES curve holds 5, which is no class. Add it to the"),
    "part.las": (a_log, LAS + "400 1\n404 5.5\n", ": its FACIES curve holds 5.5, which is no class code. Correct it"),
    "place.las": (a_log, LAS.replace("103", "abc") + "400 1\n", ": its INLINE says 'abc', which is no number. Correct"),
    "word.las": (a_log, f"{LAS}400 {'1' * 500}\n", ", line 16: it holds a value of more than 200 characters. Correct"),
    "rows.las": (a_log, LAS + "400 1 7 8\n404 2 7 9\n", "hold 4 values. Correct the header, or the"),
    "laser.las": (a_log, "LASF....", ": it holds points of a laser scan, no well log. Use another file"),
    "short.zmap": (a_grid, ZMAP + " 1 2 3\n", ": it ends after 3 of the 12 nodes that its header names. Copy it again"),
    "long.zmap": (a_grid, f"{ZMAP} {'1 ' * 30}\n", ", line 7: it goes on after the 12 nodes that its header names. Ex"),
    "large.zmap": (a_grid, ZMAP.replace(" 4, 3,", " 400, 300,") + " 1\n", ": its header promises 300 x 400 nodes, and"),
    "unlike.csv": (tops, "well,Sand (m),Shale (ft),End (m)\nA,10,20,30\n", ", line 1: its tops are in ft and m. Use"),
    "unit.csv": (tops, "well,marker,twt_m\nA,s,10\nA,t,20\n", "'twt_m' is in m, and the two-way time comes in ms or s"),
    "comments.csv": (sniff, "# one\n# two\n", ": it holds comments alone, and no row. Check the file"),
}


@pytest.mark.parametrize("name", GUARDS)
def test_what_cannot_be_read_rightly_is_told_by_file_place_and_way_out(name, tmp_path):
    read, text, words = GUARDS[name]
    path = tmp_path / name
    path.write_text(text)
    with pytest.raises(LabelError, match=re.escape(words)) as said:
        read(path)
    assert str(said.value).startswith(name)


def test_an_array_of_other_numbers_is_no_label_volume(tmp_path):
    np.save(tmp_path / "labels.npy", np.zeros((3, 3), np.int32))
    with pytest.raises(LabelError, match=r"labels\.npy: it is no label volume \(values are int32, not uint8\)\. Use"):
        volume.open(Path(tmp_path / "labels.npy"))


def test_a_path_of_unlike_columns_is_refused():
    with pytest.raises(LabelError, match=r"as many inclinations and azimuths as depths\. Check its columns"):
        labels.minimum_curvature([0, 1000], [0], [0, 1])


def test_no_class_more_than_there_are_label_values():
    with pytest.raises(LabelError, match=r"there are 255 classes already\. Merge or delete one first"):
        ClassTable.default(255).with_next()
