"""What a file holds, told by looking into it."""

from __future__ import annotations

import pytest

from napari_fhn import labels, sample_data
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


#: The same heading and class in the code pages of spreadsheets; bytes, not names, are what a file has.
ABROAD = [
    ("cp1251", "Долгота;Широта;Порода\n{x};{y};песок\n", "песок"),
    ("koi8-r", "Долгота;Широта;Порода\n{x};{y};песок\n", "песок"),
    ("gb18030", "经度,纬度,岩性\n{x},{y},砂岩\n", "砂岩"),
    ("cp932", "経度,緯度,class\n{x},{y},砂岩\n", "砂岩"),
    ("cp1250", "Długość;Szerokość;Litologia\n{x};{y};żwir\n", "żwir"),
    ("cp1252", "Länge;Breite;Gestein\n{x};{y};Löß\n", "Löß"),
    ("utf-16", "lon\tlat\tclass\n{x}\t{y}\tżwir\n", "żwir"),
]


@pytest.mark.parametrize(("encoding", "text", "name"), ABROAD, ids=[one[0] for one in ABROAD])
def test_headings_tell_the_code_page(tmp_path, encoding, text, name):
    path = tmp_path / "points.csv"
    path.write_bytes(text.format(x=9.1, y=54.1).encode(encoding))
    assert recognise(path) == "points"
    assert labels.point_classes(path) == (name,)


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("a.dlis", b"\x00\x50\x00\x02V1.00RECORD", "well logs of another format"),
        ("a.csv", b"\x1f\x8b\x08\x00", r"packed \(gzip\)"),
        ("a.dxf", b"  0\nSECTION\n", "a drawing of CAD"),
        (
            "a.dat",
            b"INLINE-   101 500000.0 6000000.0 410.0 1 1\nINLINE-   102 500010.0 6000010.0 430.0 1 2\n",
            "sticks",
        ),
    ],
)
def test_files_of_other_trades_say_what_they_are(tmp_path, name, content, words):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(LabelError, match=words):
        recognise(tmp_path / name)


def test_what_says_nothing_is_no_class(tmp_path):
    path = tmp_path / "points.csv"
    rows = ["?", "n/a", "No data", "-1", "unclassified", "unknown", "sand", "0"]
    path.write_text("x,y,class\n" + "".join(f"{k},{k},{cell}\n" for k, cell in enumerate(rows)))
    assert labels.point_classes(path) == ("unknown", "sand", "0")


def test_shapes_in_bytes_are_shapes(tmp_path):
    import shapely

    made = shapely.to_wkb(shapely.set_srid(shapely.Point(1, 2), 32632), hex=True, include_srid=True)
    path = tmp_path / "a.csv"
    path.write_text(f"geom,class\n{made},sand\n,clay\n")
    assert recognise(path) == "polygons"
    found = labels.read_polygons(path)
    assert (found.classes, found.crs.to_epsg(), found.shapes[0].x) == (("sand",), 32632, 1.0)
    # A checksum is no shape.
    path.write_text(f"sha,x,y,class\n01{'ab' * 31},1,2,sand\n")
    assert recognise(path) == "points"
