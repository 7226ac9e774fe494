"""Files given to an option that takes others: the sentence says what the file is, and which option takes it."""

from __future__ import annotations

import gzip
import io
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyogrio
import pytest
import rasterio
import scipy.io
import segyio
import shapely
import xarray as xr

from napari_fhn import labels, surveys
from napari_fhn.cli.commands import parser
from napari_fhn.cli.known import knowledge
from napari_fhn.labels import ClassTable
from napari_fhn.labels.classes.legends import read_legend
from napari_fhn.network import presets
from napari_fhn.project.knowledge import burn
from napari_fhn.project.knowledge.recognition import recognised
from napari_fhn.training.job import Job, JobError
from napari_fhn.what_it_is import what_it_is

SHAPE = (8, 10, 12)
LOG = (
    "~V\nVERS. 2.0 :\nWRAP. NO :\n~W\nSTRT.ms 400 :\nSTOP.ms 440 :\nSTEP.ms 4 :\nNULL. -999.25 :\nWELL. W :\n"
    "INLINE. 103 :\nCROSSLINE. 204 :\n~C\nTWT.ms :\nFACIES. :\n~A\n"
    + "".join(f"{t} {1 + (t > 20)}\n" for t in range(0, 44, 4))
)
TABLES = {
    "wells": "well,inline,crossline\nA,103,204\n",
    "tops": "well,top_twt_ms,base_twt_ms,class\nA,4,20,a\nA,20,40,b\n",
    "deviation": "well,md_m,inc_deg,azi_deg\nA,0,0,0\nA,100,10,20\n",
    "checkshots": "well,md_m,twt_ms\nA,0,0\nA,100,100\n",
    "horizon": "inline,crossline,twt_ms\n" + "".join(f"{100 + i},{200 + j},20\n" for i in range(8) for j in range(10)),
    "points": "inline,crossline,twt_ms,class\n103,204,4,a\n104,204,20,b\n",
    "classes": "value,name,color\n1,a,#ff0000\n2,b,#00ff00\n",
}


def _zip(**parts: str | bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, content in parts.items():
            archive.writestr(name.replace("__", "/").replace("_", "."), content)
    return out.getvalue()


def _array(path: Path) -> None:
    np.save(path, np.zeros((20, 3)))


def _shapes(path: Path) -> None:
    pyogrio.raw.write(
        path,
        geometry=shapely.to_wkb(np.array([shapely.box(0, 0, 1, 1)], dtype=object)),
        field_data=[np.array(["a"], dtype=object)],
        fields=["class"],
        crs="EPSG:32632",
        geometry_type="Polygon",
    )


def _tiff(path: Path) -> None:
    with rasterio.open(path, "w", driver="GTiff", width=3, height=4, count=1, dtype="uint8", crs="EPSG:32632") as file:
        file.write(np.ones((1, 4, 3), np.uint8))


def _segy(path: Path) -> None:
    segyio.tools.from_array3D(str(path), np.zeros((2, 3, 40), np.float32), dt=4000)


def _netcdf(path: Path) -> None:
    xr.Dataset({"a": ("t", [1.0])}).to_netcdf(path, engine="h5netcdf")


GPX = '<?xml version="1.0"?><gpx version="1.1" creator="x" xmlns="http://www.topografix.com/GPX/1/1"></gpx>'
KML = '<?xml version="1.0"?><kml xmlns="http://www.opengis.net/kml/2.2"><Document></Document></kml>'
#: Files by name: what they hold, and what is said of them wherever they are not taken.
FILES: dict[str, tuple[str | bytes | Callable[[Path], None], str]] = {
    "empty.zip": (b"PK\5\6" + b"\0" * 18, "a zip that holds nothing. Pack it again"),
    "empty.csv": (b"", "is empty. Export it again"),
    "las.zip": (_zip(w_las=LOG), "a zip of w.las. Unpack it"),
    "kept.zip": (_zip(a_shp=b"\0", a_dbf=b"\0"), "a zip of shapes. Give it as --polygons"),
    "cut.zip": (_zip(w_las=LOG)[:60], "a zip that cannot be opened"),
    "letter.docx": (_zip(word__document_xml="<x/>"), "a document. Save the table in it"),
    "net.pt": (_zip(net__data_pkl=b"\x80\2."), "a network of PyTorch. Give it as --backbone"),
    "way.gpx": (GPX, "points and tracks of a GPS (GPX). Give it as --polygons"),
    "places.kml": (KML, "places of Google Earth (KML). Give it as --polygons"),
    "areas.geojson": (_shapes, "a file of shapes (GeoJSON). Give it as --polygons"),
    "areas.gpkg": (_shapes, "a database (SQLite, as GeoPackages are). Give it as --polygons"),
    "areas.shp": (_shapes, "a shapefile. Give it as --polygons"),
    "areas.dbf": (b"\x03\x7e\1\1" + b"\0" * 60, "the table of a shapefile, without its places. Give the .shp"),
    "areas.prj": ('PROJCS["WGS 84 / UTM 32N"]', "the CRS of a file that lies beside it"),
    "w.las": (LOG, "a well log (LAS). Give it as --las"),
    "scan.las": (b"LASF\0\0" + b"\0" * 300, "points of a laser scan"),
    "w.las.gz": (gzip.compress(LOG.encode()), "packed (gzip). Unpack it"),
    "w.tar": (b"w.las" + b"\0" * 252 + b"ustar\0" + b"\0" * 400, "packed (tar). Unpack it"),
    "w.dlis": (
        b"\0\1SUV1.00RECORD08192" + b"\0" * 100,
        "a file of well logs of another format (DLIS). Export",
    ),
    "picks.npy": (_array, "an array of numpy. Give it as the survey, or as --labels"),
    "lab.h5": (lambda path: _netcdf(path), "an HDF5 file. Give it as the survey, or as --labels"),
    "lab.nc": (_netcdf, "a NetCDF file. Give it as the survey, or as --labels"),
    "lab.mat": (lambda path: scipy.io.savemat(path, {"a": np.zeros(3)}), "a MATLAB file. Give it as the survey"),
    "map.tif": (_tiff, "a TIFF. Give it as the survey, or as --labels"),
    "s.sgy": (_segy, "a SEG-Y file. Give it as the survey, or as --labels"),
    "photo.jpg": (b"\xff\xd8\xff\xe0" + b"\0" * 50, "a picture (JPEG)"),
    "paper.pdf": (b"%PDF-1.4\n%\xe2\xe3\n", "a document (PDF). Save the table in it as CSV"),
    "page.csv": ("<!DOCTYPE html><html><body>404</body></html>", "a page of the web (HTML). Download the file itself"),
    "cad.dxf": ("0\nSECTION\n2\nENTITIES\n0\nENDSEC\n0\nEOF\n", "a drawing of CAD (DXF). Export its shapes"),
    "t.parquet": (b"PAR1" + b"\0" * 20 + b"PAR1", "a table of Parquet. Save it as CSV"),
    "x.pkl": (b"\x80\x04K\x01.", "a pickle of Python, which is not opened"),
    "job.json": ('{"format": "napari-fhn job", "version": 1}', "a record of napari-fhn. A saved job is given as --job"),
    "style.qml": ("<qgis><pipe/></qgis>", "a style of QGIS. Give it as --classes"),
}
OPTIONS = ("las", "horizon", "wells", "tops", "deviation", "checkshots", "points", "polygons", "labels", "known")
#: What each option takes: nothing is said against these there.
TAKEN = {
    "las": ("w.las",),
    "horizon": ("map.tif",),
    "points": ("kept.zip", "places.kml", "way.gpx", "areas.geojson", "areas.gpkg", "areas.shp"),
    "polygons": ("kept.zip", "places.kml", "way.gpx", "areas.geojson", "areas.gpkg", "areas.shp"),
    "labels": ("picks.npy", "lab.h5", "lab.nc", "lab.mat", "map.tif", "s.sgy"),
}
TAKEN["known"] = (*TAKEN["las"], *TAKEN["polygons"], *TAKEN["labels"], "style.qml")


@pytest.fixture(scope="module")
def survey(tmp_path_factory):
    path = tmp_path_factory.mktemp("survey") / "small.sgy"
    segyio.tools.from_array3D(str(path), np.zeros(SHAPE, np.float32), dt=4000)
    with segyio.open(str(path), "r+", strict=False) as file:
        for number, header in enumerate(file.header):
            i, j = divmod(number, SHAPE[1])
            header.update({segyio.su.iline: 100 + i, segyio.su.xline: 200 + j})
    return surveys.open(path)


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    made = tmp_path_factory.mktemp("files")
    for name in sorted(FILES, key=lambda name: callable(FILES[name][0]), reverse=True):
        content, path = FILES[name][0], made / name
        if callable(content):
            content(path)
        elif isinstance(content, bytes):
            path.write_bytes(content)
        else:
            path.write_text(content)
    for kind, text in TABLES.items():
        (made / f"{kind}.csv").write_text(text)
    return made


def refused(survey: xr.DataArray, folder: Path, option: str, path: Path) -> str:
    """What is said of a file at the command line; empty where it is taken."""
    words = ["train", "s", f"--{option}", str(path)]
    if option != "wells":
        words += ["--wells", str(folder / "wells.csv")]
    if option != "tops":
        words += ["--tops", str(folder / "tops.csv")]
    try:
        known = knowledge(parser().parse_args(words), None, survey)
        burn(known.sources, survey, ClassTable(()), np.zeros(SHAPE, np.uint8))
    except ValueError as error:
        return str(error)
    return ""


@pytest.mark.parametrize("option", OPTIONS)
def test_what_is_given_as_another_kind_is_told_as_what_it_is(survey, folder, option):
    said = {name: refused(survey, folder, option, folder / name) for name in FILES if name not in TAKEN.get(option, ())}
    wrong = {name: words for name, words in said.items() if FILES[name][1] not in words}
    if option in ("labels", "known"):
        # Of shapes the reader of surveys has a sentence of its own; legends have no place among the files of --known.
        wrong = {name: words for name, words in wrong.items() if "--polygons" not in words}
    assert wrong == {}


@pytest.mark.parametrize(("kind", "option"), [(kind, option) for kind in TABLES for option in OPTIONS[1:7]])
def test_a_table_given_as_another_is_asked_about_with_what_it_looks_like(survey, folder, kind, option):
    if kind == option or (kind, option) == ("points", "horizon"):
        return
    words = refused(survey, folder, option, folder / f"{kind}.csv")
    assert f"--{kind} takes" in words, words


def test_the_dock_says_the_same(survey, folder):
    for name, (_, said) in FILES.items():
        found = recognised(folder / name, survey)
        if not found.source.kind:
            assert said in found.why
        else:
            assert name in (*TAKEN["known"], "scan.las", "las.zip", "empty.zip", "cut.zip", "job.json"), found


def test_a_legend_that_is_none_is_told(folder):
    for name, (_, said) in FILES.items():
        if name not in ("style.qml", "areas.geojson"):
            with pytest.raises(labels.LabelError) as told:
                read_legend(folder / name)
            what, _, way_out = said.partition(". ")
            assert what.removeprefix("is ") in str(told.value)
            assert way_out in str(told.value)


def test_what_is_no_survey_is_told(folder):
    for name, (_, said) in FILES.items():
        if name in (*TAKEN["labels"], "map.tif"):
            continue
        with pytest.raises(surveys.SurveyError) as told:
            surveys.open(folder / name)
        assert said.partition(". ")[0].removeprefix("is ") in str(told.value) or "--polygons" in str(told.value)
    with pytest.raises(surveys.SurveyError, match="are read with --known, legends with --classes"):
        surveys.open(folder / "tops.csv")


def test_what_is_no_job_and_no_network_is_told(folder):
    for name, (_, said) in FILES.items():
        if not name.endswith(".json"):
            with pytest.raises(JobError) as told:
                Job.load(folder / name)
            if what_it_is(folder / name) is not None:
                assert said.partition(". ")[0].removeprefix("is ") in str(told.value)
    with pytest.raises(ValueError, match="a trained network is given as --start-from"):
        presets.named(str(folder / "net.pt"))


def test_what_is_cut_short_or_not_there_raises_nothing(folder, tmp_path):
    for name in FILES:
        whole = (folder / name).read_bytes()
        for size in (1, 2, 3, 8, 17, len(whole) // 2):
            (tmp_path / name).write_bytes(whole[:size])
            what_it_is(tmp_path / name)
    assert what_it_is(tmp_path) is None
    assert what_it_is(tmp_path / "nowhere") is None
