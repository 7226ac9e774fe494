from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pyogrio
import pytest
import rasterio.warp
import shapely
from rasterio.crs import CRS
from rasterio.transform import from_origin

from napari_fhn import surveys
from napari_fhn.surveys.maps.grids import Grid
from napari_fhn.surveys.maps.polygons import burn, read_polygons

GRID = Grid((10, 12), from_origin(1000.0, 2000.0, 10.0, 10.0), CRS.from_epsg(32633))


def write(
    path: Path, shapes: list, crs: str | None = "EPSG:32633", layer: str | None = None, append=False, **fields
) -> Path:
    shapes = np.array(shapes, dtype=object)
    kinds = {one.geom_type for one in shapes}
    kind = kinds.pop() if len(kinds) == 1 else "Unknown"
    pyogrio.raw.write(
        path, shapely.to_wkb(shapes), list(fields.values()), list(fields), geometry_type=kind,
        crs=crs, layer=layer, append=append,
    )  # fmt: skip
    return path


def boxes() -> list:
    # The left five columns, and a hole of 2 x 2 cells in it; the lower right corner.
    left = shapely.box(1000, 1900, 1050, 2000).difference(shapely.box(1010, 1960, 1030, 1980))
    return [left, shapely.box(1080, 1900, 1120, 1950)]


def expected() -> np.ndarray:
    codes = np.zeros((10, 12), np.uint8)
    codes[:, :5] = 2
    codes[2:4, 1:3] = 0
    codes[5:, 8:] = 1
    return codes


@pytest.mark.parametrize("name", ["geo.gpkg", "geo.shp", "geo.geojson", "geo.fgb"])
def test_every_kind_is_burnt_the_same(tmp_path, name):
    crs = "EPSG:4326" if name.endswith("geojson") else "EPSG:32633"
    shapes = boxes()
    if crs == "EPSG:4326":
        shapes = [
            shapely.transform(one, lambda xy: np.array(rasterio.warp.transform("EPSG:32633", crs, *xy.T)).T)
            for one in shapes
        ]
    path = write(tmp_path / name, shapes, crs, unit=np.array(["shale", "granite"], dtype=object))
    before = path.read_bytes()
    polygons = read_polygons(path)
    assert polygons.classes == ("granite", "shale")
    assert polygons.field == "unit"
    burnt = burn(polygons, GRID)
    np.testing.assert_array_equal(burnt.values, expected())
    assert burnt.attrs["classes"] == {1: "granite", 2: "shale"}
    assert path.read_bytes() == before


def test_numbers_are_classes_in_their_order(tmp_path):
    path = write(tmp_path / "a.gpkg", [*boxes(), shapely.box(1060, 1990, 1070, 2000)], code=np.array([10, 9, 100]))
    polygons = read_polygons(path)
    assert polygons.classes == ("9", "10", "100")
    np.testing.assert_array_equal(np.unique(burn(polygons, GRID)), [0, 1, 2, 3])


def test_the_later_of_two_that_overlap_counts(tmp_path):
    whole = shapely.box(1000, 1900, 1120, 2000)
    path = write(tmp_path / "a.gpkg", [whole, *boxes()], unit=np.array(["z", "b", "a"], dtype=object))
    np.testing.assert_array_equal(burn(read_polygons(path), GRID).values, np.where(expected() == 0, 3, expected()))


def test_a_field_has_to_be_chosen_where_there_are_several(tmp_path):
    fields = {
        "unit": np.array(["a", "b"], dtype=object),
        "age": np.array(["x", "x"], dtype=object),
        "n": np.array([1, 2]),
    }
    path = write(tmp_path / "a.gpkg", boxes(), **fields)
    with pytest.raises(surveys.SurveyError, match=r"fields unit, age, n\. Say which"):
        read_polygons(path)
    with pytest.raises(surveys.SurveyError, match=r"no field 'colour'\. Its fields are unit"):
        read_polygons(path, "colour")
    assert read_polygons(path, "n").classes == ("1", "2")


def test_a_layer_has_to_be_chosen_where_there_are_several(tmp_path):
    path = write(tmp_path / "a.gpkg", boxes(), layer="rocks", unit=np.array(["a", "b"], dtype=object))
    write(path, boxes(), layer="soils", append=True, unit=np.array(["c", "d"], dtype=object))
    with pytest.raises(surveys.SurveyError, match=r"2 layers of shapes \(rocks, soils"):
        read_polygons(path)
    assert read_polygons(path, layer="soils").classes == ("c", "d")
    with pytest.raises(surveys.SurveyError, match="no layer 'x'"):
        read_polygons(path, layer="x")


def test_what_has_no_class_or_area_is_left_out_and_said(tmp_path):
    shapes = [*boxes(), shapely.Point(1, 2), shapely.box(0, 0, 1, 1)]
    path = write(tmp_path / "a.geojson", shapes, "EPSG:4326", unit=np.array(["a", "b", "c", None], dtype=object))
    polygons = read_polygons(path)
    assert polygons.classes == ("a", "b")
    assert len(polygons.shapes) == 2
    assert any("1 of its 4 features are no polygons" in note for note in polygons.notes)
    assert any("1 of its 4 features have no 'unit'" in note for note in polygons.notes)


def test_elsewhere_is_a_sentence(tmp_path):
    far = [shapely.box(1e6, 1e6, 1e6 + 10, 1e6 + 10)]
    path = write(tmp_path / "a.gpkg", far, unit=np.array(["a"], dtype=object))
    where = r"they reach from \(1000000\.0, 1000000\.0\) to \(1000010\.0, 1000010\.0\)"
    with pytest.raises(surveys.SurveyError, match=rf"none of its polygons covers the middle of a cell \({where}\)"):
        burn(read_polygons(path), GRID)


def test_other_files_are_sentences(tmp_path):
    points = write(tmp_path / "p.gpkg", [shapely.Point(1, 2)], unit=np.array(["a"], dtype=object))
    (tmp_path / "t.gpkg").write_text("text")
    virtual = tmp_path / "v.gpkg"
    layer = f"<OGRVRTLayer name='p'><SrcDataSource>{points}</SrcDataSource></OGRVRTLayer>"
    virtual.write_text(f"<OGRVRTDataSource>{layer}</OGRVRTDataSource>")
    (tmp_path / "t.geojson").write_text(json.dumps({"type": "FeatureCollection", "features": [{"type": "Feature"}]}))
    cut = write(tmp_path / "c.gpkg", boxes(), unit=np.array(["a", "b"], dtype=object))
    cut.write_bytes(cut.read_bytes()[:3000])
    many = write(tmp_path / "m.gpkg", [shapely.box(k, 0, k + 1, 1) for k in range(300)], n=np.arange(300))
    for path, words in (
        (points, "holds no polygons"), (tmp_path / "t.gpkg", "no gpkg file by its first bytes"),
        (virtual, "no gpkg file by its first bytes"),
        (tmp_path / "t.geojson", "t.geojson: "), (cut, "c.gpkg: "), (many, "has 300 values"),
        (tmp_path / "missing.gpkg", "no such file"),
    ):  # fmt: skip
        with pytest.raises(surveys.SurveyError, match=words):
            read_polygons(path)
    with pytest.raises(surveys.SurveyError, match="areas, which need a grid"):
        surveys.open(points)
    assert not surveys.can_open(points)
