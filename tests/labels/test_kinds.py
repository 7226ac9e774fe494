"""What a file holds, told by looking into it."""

from __future__ import annotations

import pytest

from napari_fhn import sample_data
from napari_fhn.labels import LabelError, Undeclared, recognise

FILES = {
    "wells": ("well,inline,crossline\nA,101,202\n", "name;x;y;kb\n", "well,x,y,total_twt_ms\nA,1.5,2.5,1000\n"),
    "tops": ("well,top_twt_ms,base_twt_ms,class\nA,40,60,sand\n", "well,marker,md\nA,Top sand,1000\nA,Base,1100\n"),
    "deviation": ("md,inclination,azimuth\n0,0,0\n100,5,90\n", "well,md,tvd,dx,dy\nA,0,0,0,0\nA,10,10,0,1\n"),
    "checkshots": ("tvdss,twt\n0,0\n1000,900\n", "well,md_m,owt_ms\nA,0,0\nA,100,50\n"),
    "horizon": ("inline,crossline,twt\n101,202,50\n", "x y z\n500000 6000000 -50\n500010 6000000 -52\n"),
    "points": ("row,col,class\n1,2,sand\n", "x,y,class\n500000,6000000,2\n"),
    "classes": ("value,name,color\n1,sand,#aabbcc\n",),
}
FILES["wells"] = tuple(text for text in FILES["wells"] if "kb\n" not in text)


@pytest.mark.parametrize(("kind", "text"), [(kind, text) for kind, texts in FILES.items() for text in texts])
def test_tables_are_told_apart(tmp_path, kind, text, survey):
    path = tmp_path / "file.csv"
    path.write_text(text)
    assert recognise(path, survey) == kind


def test_the_bundled_files():
    folder = sample_data.SEISMIC.wells.parent
    kinds = {path.name: recognise(path) for path in folder.iterdir() if path.suffix in (".csv", ".las")}
    assert kinds.pop("wells.csv") == "wells"
    assert kinds.pop("tops.csv") == "tops"
    assert kinds.pop("classes.csv") == "classes"
    assert set(kinds.values()) == {"las"}
    assert recognise(sample_data.HYPERSPECTRAL.labels) == "points"


def test_a_real_log(shared_data):
    assert recognise(shared_data / "f3_line" / "F02-1_logs.las") == "las"


def test_what_cannot_be_told_is_asked_for(tmp_path):
    path = tmp_path / "numbers.txt"
    path.write_text("1 2\n3 4\n5 6\n")
    with pytest.raises(Undeclared) as caught:
        recognise(path)
    assert caught.value.option == "kind"
    assert "horizon" in caught.value.choices
    with pytest.raises(LabelError, match="no such file"):
        recognise(tmp_path / "missing.csv")
