"""Class codes as they come: in at every door, trained on as compact values, and out again in every kind of file."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest
import rasterio
import xarray as xr
from rasterio.transform import from_origin
from tests.cli.conftest import small, survey  # noqa: F401  (fixtures)

import napari_fhn as fhn
from napari_fhn import surveys
from napari_fhn.cli import main
from napari_fhn.labels import ClassTable, LabelError, Source
from napari_fhn.project import Session
from napari_fhn.project.knowledge import Knowledge
from napari_fhn.surveys import SurveyError

CASES = Path(__file__).parents[2] / "shared" / "cases" / "classes"

#: Codes that real legends have, and what of them is a class.
LEGENDS = {
    "WorldCover": ((10, 20, 30, 80), (10, 20, 30, 80)),
    "CORINE": ((111, 312, 523), (111, 312, 523)),
    "FORCE 2020": ((30000, 65000, 65030), (30000, 65000, 65030)),
    "Dewey": ((100_000, 2_000_000_000), (100_000, 2_000_000_000)),
    "two of many": ((3, 7), (3, 7)),
    "ignored by 255": ((1, 2, 255), (1, 2)),
    "ignored by -1": ((-1, 1, 2), (1, 2)),
    "ignored by -9999": ((-9999, 5, 6), (5, 6)),
    "ignored by 65535": ((300, 400, 65535), (300, 400)),
}


def image(path: Path) -> Path:
    """A map of three bands."""
    values = np.random.default_rng(0).random((3, 20, 24)).astype(np.float32)
    place = from_origin(500_000, 6_000_000, 10, 10)
    with rasterio.open(
        path, "w", driver="GTiff", height=20, width=24, count=3, dtype="float32", crs="EPSG:32633", transform=place
    ) as file:
        file.write(values)
    return path


def raster(path: Path, values: np.ndarray, **more: object) -> Path:
    place = from_origin(500_000, 6_000_000, 10, 10)
    height, width = values.shape
    with rasterio.open(
        path, "w", driver="GTiff", height=height, width=width, count=1, dtype=values.dtype, crs="EPSG:32633",
        transform=place, **more,
    ) as file:  # fmt: skip
        file.write(values, 1)
    return path


def coded(codes: tuple[int, ...]) -> np.ndarray:
    """A label map with four pixels of each code, 0 elsewhere, in the smallest type that holds them."""
    kinds = (np.uint8, np.int16, np.uint16, np.int32)
    fitting = [kind for kind in kinds if np.iinfo(kind).min <= min(codes) and max(codes) <= np.iinfo(kind).max]
    values = np.zeros((20, 24), fitting[0])
    for number, code in enumerate(codes):
        values[2 + 3 * number : 4 + 3 * number, 5:7] = code
    return values


@pytest.fixture
def work(small, tmp_path) -> Path:  # noqa: F811
    return image(tmp_path / "image.tif")


@pytest.mark.parametrize("legend", LEGENDS)
@pytest.mark.parametrize("suffix", [".tif", ".npy"])
def test_label_volumes_have_the_classes_that_are_in_them(tmp_path, legend, suffix):
    codes, classes = LEGENDS[legend]
    values, path = coded(codes), tmp_path / f"labels{suffix}"
    raster(path, values) if suffix == ".tif" else np.save(path, values)
    opened, out = surveys.open(image(tmp_path / "image.tif")), np.zeros((20, 24), np.uint8)
    burnt = Knowledge((Source(path, "labels"),)).burn(opened, out)
    assert burnt.classes.codes == classes
    assert burnt.classes.values == tuple(range(1, len(classes) + 1))
    lookup = np.array([0, *classes], np.int64)
    np.testing.assert_array_equal(lookup[out], np.where(np.isin(values, classes), values, 0))
    left_out = set(codes) - set(classes)
    assert all(any(f"{code} (4 values) taken" in word for word in burnt.words) for code in left_out)


def test_a_code_that_is_named_is_a_class_whatever_it_would_mean_else(tmp_path):
    opened = surveys.open(image(tmp_path / "image.tif"))
    path = raster(tmp_path / "labels.tif", coded((1, 2, 255)))
    table = ClassTable.of_codes({0: "water", 1: "land", 2: "ice", 255: "cloud"})
    out = np.zeros((20, 24), np.uint8)
    assert Knowledge((Source(path, "labels"),), table, fixed=True).burn(opened, out).words == ()
    assert np.bincount(out.ravel()).tolist() == [0, 20 * 24 - 12, 4, 4, 4]
    assert table.unlabelled == 65535
    with pytest.raises(LabelError, match=r"it holds labels of value 1, which are no classes\. Add them"):
        Knowledge((Source(path, "labels"),), ClassTable.of_codes({2: "ice"}), fixed=True).burn(opened, out * 0)


def test_points_name_codes_with_and_without_decimals(tmp_path):
    opened = surveys.open(image(tmp_path / "image.tif"))
    text = "x,y,class\n500015,5999985,10.0\n500055,5999945,80\n500095,5999905,-1\n500135,5999865,0\n"
    (tmp_path / "p.csv").write_text(text)
    out = np.zeros((20, 24), np.uint8)
    burnt = Knowledge((Source(tmp_path / "p.csv", "points"),)).burn(opened, out)
    assert burnt.classes.codes == (0, 10, 80)  # a point says something of where it lies: 0 is a class there
    assert sorted(out[out > 0]) == [1, 2, 3]
    assert any("1 point has no class, or a negative number for one" in word for word in burnt.words)


def test_a_legend_is_taken_as_it_is_numbered(tmp_path):
    path = tmp_path / "legend.csv"
    path.write_text("value,name,color\n0,Unclassified,#000000\n90,Wetland,#0096a0\n10,Tree cover,#006400\n")
    table = ClassTable.from_csv(path)
    assert [(one.value, one.code, one.name) for one in table] == [(1, 10, "Tree cover"), (2, 90, "Wetland")]
    table.to_csv(tmp_path / "again.csv")
    assert ClassTable.from_csv(tmp_path / "again.csv") == table


def test_from_the_command_line_to_files_of_every_kind(work, tmp_path, capsys):
    known = coded((10, 20, 80))
    raster(tmp_path / "known.tif", known)
    (tmp_path / "legend.csv").write_text(
        "value,name,color\n10,trees,#006400\n20,shrubs,#ffbb22\n80,water,#0064c8\n90,wetland,#0096a0\n"
    )
    train = ["train", str(work), "--labels", "known.tif", "--classes", "legend.csv", "--session", "s", "--steps", "1"]
    assert main([*train, "--hold-out", "0", "--device", "cpu"]) == 0
    assert main(["predict", "--session", "s", "--output", "p.tif", "--device", "cpu"]) == 0
    allowed = {10, 20, 80, 90}
    with rasterio.open("p.tif") as file:
        first = file.read(1)
        assert file.nodata == 0
        assert file.colormap(1)[80][:3] == (0x00, 0x64, 0xC8)
    assert set(np.unique(first)) <= allowed
    for name in ("p.npy", "p.img", "p.nc", "p.zarr"):
        assert main(["export", "classes", name, "--session", "s"]) == 0
        np.testing.assert_array_equal(surveys.read_classes(name, surveys.open(work)).values, first)
    with xr.open_dataset("p.nc") as data:
        assert data["p"].attrs["flag_values"].tolist() == sorted(allowed)
    assert main(["export", "labels", "l.tif", "--session", "s"]) == 0
    with rasterio.open("l.tif") as file:
        np.testing.assert_array_equal(file.read(1), known)
    assert main(["export", "table", "t.csv", "--session", "s"]) == 0
    assert ClassTable.from_csv("t.csv").by_code == {10: 1, 20: 2, 80: 3, 90: 4}
    assert main(["export", "table", "t.qml", "--session", "s"]) == 0
    assert 'value="80" color="#0064c8"' in Path("t.qml").read_text()
    # A truth has the same codes; the prediction is right of itself.
    capsys.readouterr()
    assert main(["score", "--session", "s", "--truth", "p.tif", "--json"]) == 0
    assert '"accuracy": 1.0' in capsys.readouterr().out
    assert main(["score", "--session", "s", "--truth", str(raster(tmp_path / "odd.tif", coded((10, 70))))]) == 2
    assert "odd.tif: it holds 70, which are no classes" in capsys.readouterr().err
    # A network takes its codes along to another survey, and a file exports by them.
    assert (
        main(["predict", str(image(tmp_path / "other.tif")), "--network", "s", "--session", "o", "--output", "o.tif"])
        == 0
    )
    with rasterio.open("o.tif") as file:
        assert set(np.unique(file.read(1))) <= allowed
    assert main(["export", "classes", "f.npy", "--prediction", "p.tif", "--classes", "legend.csv"]) == 0
    np.testing.assert_array_equal(np.load("f.npy"), first)


def test_seismic_labels_of_lithology_codes_come_back_as_such(survey, small, tmp_path):  # noqa: F811
    known = np.zeros((8, 10, 32), np.uint16)
    known[2, 3, :16], known[2, 3, 16:], known[5, 7] = 30000, 65000, 30000
    np.save("known.npy", known)
    how = ["--session", "s", "--device", "cpu"]
    assert main(["train", str(survey), "--labels", "known.npy", "--steps", "1", *how]) == 0
    assert Session.existing("s").known().max() == 2
    assert main(["predict", "--output", "p.sgy", *how]) == 0
    found = surveys.open("p.sgy").values
    assert set(np.unique(found)) <= {30000, 65000}


def test_in_python_codes_go_in_and_come_out(small):  # noqa: F811
    values = np.random.default_rng(0).random((20, 24)).astype(np.float32)
    known = coded((111, 523)).astype(np.int64)
    network = fhn.fit(values, known, classes={111: "urban", 523: "sea"}, recipe="map", steps=1, device="cpu")
    assert network.classes == {111: "urban", 523: "sea"}
    predicted = network.predict(values)
    assert set(np.unique(predicted)) <= {111, 523}
    with fhn.open(values, session="w.fhn") as opened:
        opened.label(known)
        assert opened.classes == {111: "class 111", 523: "class 523"}
        np.testing.assert_array_equal(opened.labels, known)
        with pytest.raises(LabelError, match="other labels"):
            opened.label(known[::-1])
    with pytest.raises((LabelError, SurveyError), match="it holds 523, which are no classes"):
        fhn.fit(values, known, classes={111: "urban", 9: "snow"}, recipe="map", steps=1, device="cpu")


@pytest.mark.skipif(not CASES.is_dir(), reason="the cases lie beside a checkout of the developers")
@pytest.mark.parametrize(
    ("name", "kind", "codes"),
    [
        ("worldcover.csv", "points", (10, 20, 30, 40, 50, 60, 80, 90)),
        ("two_codes.csv", "points", (3, 7)),
        ("lab_wc.tif", "labels", (10, 30, 80)),
        ("lab_255.npy", "labels", (1, 2)),
        ("lab_neg.tif", "labels", (1, 2)),
    ],
)
def test_cases_that_went_wrong(name, kind, codes):
    opened = surveys.open(CASES / "img.tif")
    out = np.zeros(opened.shape[-2:], np.uint8)
    assert Knowledge((Source(CASES / name, kind),)).burn(opened, out).classes.codes == codes
    legend = ClassTable.from_csv(CASES / "wc_classes.csv")
    assert legend.codes == (10, 20, 30, 40, 50, 60, 80, 90)


@pytest.mark.parametrize(
    ("shape", "axes", "codes"),
    [((20, 24, 4), "y,x,band", (111, 523)), ((20, 32), "trace,twt", (30000, 65000))],
    ids=["cube", "line"],
)
def test_cubes_and_lines_too_and_again_in_a_copy(small, shape, axes, codes):  # noqa: F811
    np.save("survey.npy", np.random.default_rng(0).random(shape).astype(np.float32))
    known = np.zeros(shape[:2], np.uint16)
    known[2:4, 2:5], known[15:17, 12:15] = codes
    np.save("known.npy", known)
    how = ["--steps", "1", "--device", "cpu"]
    assert main(["train", "survey.npy", "--axes", axes, "--labels", "known.npy", "--session", "s", *how]) == 0
    shutil.copytree("s", "copy")
    assert main(["train", "--session", "copy", *how]) == 0
    assert main(["predict", "--session", "copy", "--output", "p.npy", "--device", "cpu"]) == 0
    assert set(np.unique(np.load("p.npy"))) <= set(codes)
    assert main(["export", "labels", "l.npy", "--session", "s"]) == 0
    np.testing.assert_array_equal(np.load("l.npy"), known)
