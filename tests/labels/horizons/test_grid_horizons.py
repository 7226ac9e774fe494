"""Surfaces on grids of their own as horizons: kinds of file, turned, coarser, elsewhere, in another CRS, damaged."""

from __future__ import annotations

import warnings
from pathlib import Path

import numpy as np
import pytest
import rasterio
import rasterio.shutil
import surfio
import xarray as xr
from rasterio.transform import from_origin
from rasterio.warp import transform

from napari_fhn.labels import LabelError, LabelWarning, Source, Undeclared, read_horizon, recognise
from napari_fhn.surveys import SurveyGeometry
from napari_fhn.surveys.out import save_horizon

#: The surface z = 60 + i / 4 + j / 2 at node i of a column east, j of a row north; nothing at one of them.
COLUMNS, ROWS, WITHOUT = 9, 7, (3, 2)
LEFT, BOTTOM, STEP = 500_000.0, 6_000_000.0, 50.0
Z = 60 + np.arange(COLUMNS)[:, np.newaxis] / 4 + np.arange(ROWS) / 2
HOLED = Z.copy()
HOLED[WITHOUT] = np.nan


@pytest.fixture
def north_up() -> xr.DataArray:
    """Inlines go north, crosslines east, 25 m apart: every second trace lies on a node."""
    geometry = SurveyGeometry((10.0, 100.0), (1.0, 1.0), (LEFT, BOTTOM), (0.0, 25.0), (25.0, 0.0))
    return xr.DataArray(
        np.zeros((13, 17, 20), np.float32),
        dims=("inline", "crossline", "twt"),
        coords={
            "inline": 10.0 + np.arange(13),
            "crossline": 100.0 + np.arange(17),
            "twt": 40.0 + 4 * np.arange(20),
        },
        name="cube",
        attrs={"geometry": geometry},
    )


def irap(path: Path, z=HOLED, turn: float = 0.0, about=(LEFT, BOTTOM), binary: bool = False) -> Path:
    head = surfio.IrapHeader(
        ncol=z.shape[0], nrow=z.shape[1], xori=LEFT, yori=BOTTOM, xinc=STEP, yinc=STEP, rot=turn,
        xrot=about[0], yrot=about[1], xmax=LEFT + STEP * (z.shape[0] - 1), ymax=BOTTOM + STEP * (z.shape[1] - 1),
    )  # fmt: skip
    found = surfio.IrapSurface(head, z.astype(np.float32))
    (found.to_binary_file if binary else found.to_ascii_file)(path)
    return path


def zmap(path: Path, z=HOLED, null: str = "0.1E+31", width: int = 15, form: str = "{:15.4f}") -> Path:
    right, top = LEFT + STEP * (z.shape[0] - 1), BOTTOM + STEP * (z.shape[1] - 1)
    text = f"! From a test\n!\n@top HEADER, GRID, 4\n{width}, {null}, , 4, 1\n"
    text += f"{z.shape[1]}, {z.shape[0]}, {LEFT}, {right}, {BOTTOM}, {top}\n0.0, 0.0, 0.0\n@\n"
    for column in z[:, ::-1]:
        cells = [null.rjust(width) if np.isnan(v) else form.format(v) for v in column]
        text += "".join("".join(cells[k : k + 4]) + "\n" for k in range(0, len(cells), 4))
    path.write_text(text)
    return path


def cps3(path: Path, z=HOLED) -> Path:
    right, top = LEFT + STEP * (z.shape[0] - 1), BOTTOM + STEP * (z.shape[1] - 1)
    text = f"FSASCI 0 1 COMPUTED 0 0.1000000E+31\nFSATTR 0 0\nFSLIMI {LEFT} {right} {BOTTOM} {top} 60 70\n"
    text += f"FSNROW {z.shape[1]} {z.shape[0]}\nFSXINC {STEP} {STEP}\n->top\n"
    text += "".join(" ".join("0.1000000E+31" if np.isnan(v) else f"{v:.6E}" for v in col[::-1]) + "\n" for col in z)
    path.write_text(text)
    return path


def raster(path: Path, z=HOLED, driver: str = "AAIGrid", crs: str | None = None) -> Path:
    top = BOTTOM + STEP * (z.shape[1] - 0.5)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with rasterio.MemoryFile() as memory, memory.open(
            driver="GTiff", width=z.shape[0], height=z.shape[1], count=1, dtype="float32", nodata=-9999.0, crs=crs,
            transform=from_origin(LEFT - STEP / 2, top, STEP, STEP),
        ) as made:  # fmt: skip
            made.write(np.nan_to_num(z.T[::-1], nan=-9999.0).astype(np.float32), 1)
            rasterio.shutil.copy(made, path, driver=driver)
    return path


KINDS = {
    "Irap classic": lambda folder: irap(folder / "top.irap"),
    "Irap classic, binary": lambda folder: irap(folder / "top.gri", binary=True),
    "ZMap": lambda folder: zmap(folder / "top.dat"),
    "ZMap, its fields full": lambda folder: zmap(folder / "top.zmap", null="-999.2500", width=9, form="{:9.4f}"),
    "ZMap, exponents of Fortran": lambda folder: zmap(folder / "a", form="{:15.6E}", null="0.1D+31"),
    "CPS-3": lambda folder: cps3(folder / "top.cps3"),
    "ESRI": lambda folder: raster(folder / "top.asc"),
    "Surfer": lambda folder: raster(folder / "top.grd", driver="GSBG"),
    "GeoTIFF": lambda folder: raster(folder / "top.tif", driver="GTiff"),
}


def expected() -> np.ndarray:
    """At the traces: linear between the nodes, and nothing beside the one that is not defined."""
    i, j = np.meshgrid(np.arange(13) / 2, np.arange(17) / 2, indexing="ij")
    z = 60 + j / 4 + i / 2
    near = (np.abs(j - WITHOUT[0]) < 1) & (np.abs(i - WITHOUT[1]) < 1)
    return np.where(near, np.nan, z)


@pytest.mark.filterwarnings("ignore::napari_fhn.labels.LabelWarning")
@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_surface_has_its_values_at_the_traces(tmp_path, north_up, kind):
    path = KINDS[kind](tmp_path)
    # A raster may be labels as well, and only its suffix tells.
    assert recognise(path, north_up) == ("labels" if path.suffix == ".tif" else "horizon")
    surface = read_horizon(path, north_up)
    np.testing.assert_allclose(surface, expected(), atol=1e-4)
    assert surface.attrs["n_picks"] == np.isfinite(expected()).sum()


@pytest.mark.parametrize("about", [(LEFT, BOTTOM), (LEFT + 125, BOTTOM - 40)])
def test_a_turned_grid_lies_where_its_header_says(tmp_path, north_up, about):
    """Turned with the survey, about any point, it has the same values at the same traces."""
    turn = np.radians(30.0)
    c, s = np.cos(turn), np.sin(turn)
    dx, dy = LEFT - about[0], BOTTOM - about[1]
    corner = about[0] + c * dx - s * dy, about[1] + s * dx + c * dy
    geometry = SurveyGeometry((10.0, 100.0), (1.0, 1.0), corner, (-25 * s, 25 * c), (25 * c, 25 * s))
    path, survey = irap(tmp_path / "top.irap", turn=30.0, about=about), north_up.assign_attrs(geometry=geometry)
    with pytest.warns(LabelWarning) as told:
        surface = read_horizon(path, survey)
    np.testing.assert_allclose(surface, expected(), atol=1e-4)
    words = " ".join(str(one.message) for one in told)
    assert "an Irap classic grid of 9 x 7 nodes, 50 x 50 apart" in words
    assert "taken linearly between the nodes, and 9 of 221 traces have none" in words
    assert "have no unit and were read in ms: only so they lie on the survey's vertical axis" in words


@pytest.mark.filterwarnings("ignore::napari_fhn.labels.LabelWarning")
def test_a_line_takes_the_values_along_it(tmp_path, north_up):
    k = np.arange(8.0)
    line = xr.DataArray(
        np.zeros((8, 20), np.float32),
        dims=("trace", "twt"),
        coords={
            "trace": k,
            "twt": north_up["twt"].values,
            "x": ("trace", LEFT + 40 * k, {"units": "m"}),
            "y": ("trace", BOTTOM + 10 * k, {"units": "m"}),
        },
        name="line",
    )
    surface = read_horizon(irap(tmp_path / "top.irap", z=Z), line)
    np.testing.assert_allclose(surface, 60 + 0.2 * k + 0.1 * k, atol=1e-4)


@pytest.mark.filterwarnings("ignore::napari_fhn.labels.LabelWarning")
@pytest.mark.parametrize("filler", [0.0, -999.25, 9999.0, 1e20, -32768.0])
def test_fillers_that_no_header_names_are_no_picks(tmp_path, north_up, filler):
    z = Z.copy()
    z[2:4, 1:4] = filler
    surface = read_horizon(cps3(tmp_path / "top.cps3", z), north_up)
    assert float(surface.min()) >= 60
    assert float(surface.max()) <= 66


@pytest.mark.filterwarnings("ignore::napari_fhn.labels.LabelWarning")
def test_elevations_are_turned_and_both_signs_are_asked(tmp_path, north_up):
    np.testing.assert_allclose(read_horizon(zmap(tmp_path / "up.dat", -HOLED), north_up), expected(), atol=1e-4)
    with pytest.raises(Undeclared) as asked:
        read_horizon(zmap(tmp_path / "both.dat", Z - 63), north_up)
    assert (asked.value.option, asked.value.choices) == ("z", ("down", "up"))


@pytest.mark.filterwarnings("ignore::napari_fhn.labels.LabelWarning")
def test_the_unit_of_depths_is_asked_and_can_be_said(tmp_path, north_up):
    deep = north_up.rename(twt="depth")
    path = irap(tmp_path / "top.irap")
    with pytest.raises(Undeclared) as asked:
        read_horizon(path, deep)
    assert (asked.value.option, asked.value.role, asked.value.choices) == ("units", "z", ("m", "ft"))
    assert read_horizon(path, deep, units={"z": "m"}).attrs["units"] == "m"
    feet = read_horizon(irap(tmp_path / "ft.irap", HOLED / 0.3048), deep, units={"z": "ft"})
    np.testing.assert_allclose(feet, expected(), atol=1e-3)


@pytest.mark.filterwarnings("ignore::napari_fhn.labels.LabelWarning")
def test_a_grid_in_another_crs_is_met_where_the_traces_are(tmp_path, north_up):
    """In degrees, whose CRS is asked for, as is that of the survey."""
    x, y = LEFT + STEP * np.arange(-3, 13), BOTTOM + STEP * np.arange(-3, 11)
    lon, lat = transform("EPSG:32632", "EPSG:4326", x, np.full(x.size, BOTTOM + 150.0))[0], \
        transform("EPSG:32632", "EPSG:4326", np.full(y.size, LEFT + 200.0), y)[1]  # fmt: skip
    step = (lon[-1] - lon[0]) / 15
    path = tmp_path / "top.asc"
    rows = int((lat[-1] - lat[0]) / step) + 2
    # The surface of latitude: 60 ms at the south, 0.01 ms for a metre north.
    north = lat[0] + step * (np.arange(rows)[::-1] + 0.5)
    z = 60 + 0.01 * (north - lat[3]) / (lat[4] - lat[3]) * STEP
    path.write_text(
        f"ncols 16\nnrows {rows}\nxllcorner {lon[0]}\nyllcorner {lat[0]}\ncellsize {step}\n"
        + "".join(" ".join(f"{v:.7f}" for _ in lon) + "\n" for v in z)
    )
    with pytest.raises(Undeclared) as asked:
        read_horizon(path, north_up)
    assert asked.value.option == "crs"
    with pytest.raises(Undeclared) as asked:
        read_horizon(path, north_up, crs="EPSG:4326")
    assert asked.value.option == "survey_crs"
    surface = read_horizon(path, north_up, crs="EPSG:4326", survey_crs="EPSG:32632")
    np.testing.assert_allclose(surface[:, 8], 60 + 0.25 * np.arange(13), atol=0.01)
    told = read_horizon(path, north_up.assign_attrs(crs="EPSG:32632"), crs="EPSG:4326")
    np.testing.assert_array_equal(told, surface)


@pytest.mark.parametrize(
    ("make", "edit", "words"),
    [
        (irap, lambda text: text[:-40], "begins as an Irap classic grid and cannot be read"),
        (irap, lambda text: text.replace("-996 7", "-996 7000000", 1), "promises 9 x 7,000,000 nodes"),
        (irap, lambda text: text.replace("-996 7", "-996 -7", 1), "promises 9 x -7 nodes"),
        (irap, lambda text: text[:30], "its header is not whole"),
        (zmap, lambda text: text[:-40], r"ends after \d+ of the 63 nodes"),
        (zmap, lambda text: text + "1.0 2.0\n", "goes on after the 63 nodes"),
        (zmap, lambda text: text.replace("7, 9,", "7000, 9000,"), "promises 9,000 x 7,000 nodes"),
        (zmap, lambda text: text.replace("@\n", "\n"), "no number|does not end with @|is not whole"),
        (zmap, lambda text: text.replace("GRID", "FALT"), "holds no grid"),
        (zmap, lambda text: text.replace("60.0000", "sixty!!"), r"line \d+: it says 'sixty!!', which is no number"),
        (cps3, lambda text: text.replace("FSNROW 7 9\n", ""), "header of its CPS-3 grid is not whole"),
        (cps3, lambda text: text.replace(f"FSLIMI {LEFT}", "FSLIMI 900000"), "is none"),
        (cps3, lambda text: text.replace("->top", ""), "header of its CPS-3|ends after 0|no number"),
    ],
)  # fmt: skip
def test_what_is_damaged_says_where(tmp_path, north_up, make, edit, words):
    path = make(tmp_path / "top.txt")
    path.write_text(edit(path.read_text()))
    with pytest.raises(LabelError, match=words) as error:
        read_horizon(path, north_up)
    assert "top.txt" in str(error.value)


@pytest.mark.parametrize(
    ("at", "number", "words"),
    [
        (0, b"", "record 3 is cut off"),
        (8, b"\x00\x00\x00\x06", "holds 63 values for 54 nodes"),
        (40, b"\x00\x00\x00\x14", "record 2 has not the length"),
        (100, b"\x00\x01\x00\x00", "record 4 is cut off"),
        (100, b"\x00\x00\x00\x08", "record 4 does not end as it begins"),
    ],
)
def test_records_that_would_be_written_beyond_their_place_are_refused(tmp_path, north_up, at, number, words):
    path = irap(tmp_path / "top.gri", z=Z, binary=True)
    data = bytearray(path.read_bytes())
    data[at : at + len(number)] = number
    path.write_bytes(data if at else data[:80])
    with pytest.raises(LabelError, match=words):
        read_horizon(path, north_up)


def test_a_grid_elsewhere_or_of_nothing_is_refused(tmp_path, north_up):
    away = SurveyGeometry((10.0, 100.0), (1.0, 1.0), (LEFT + 9000, BOTTOM), (0.0, 25.0), (25.0, 0.0))
    with pytest.raises(LabelError, match=r"500000 to 500400 and y 6000000 to 6000300, and has no value in the survey"):
        read_horizon(irap(tmp_path / "top.irap"), north_up.assign_attrs(geometry=away))
    with pytest.raises(LabelError, match="without a single value"):
        read_horizon(irap(tmp_path / "none.irap", np.full((3, 3), np.nan)), north_up)
    with pytest.raises(LabelError, match="has no place on the map"):
        read_horizon(tmp_path / "top.irap", north_up.assign_attrs(geometry=None))


POINTS = {
    "CPS-3": ("FFASCI 0 1 COMPUTED 0 0.1E+31\nFFATTR 0 0\n->top\n", "0.1000000E+31"),
    "Irap classic": ("", "9999900.00"),
    "EarthVision": (
        "# Type: scattered data\n# Field: 1 x\n# Field: 2 y\n# Field: 3 z milliseconds\n# Undefined: 1.0e+20\n# End:\n",
        "1.0e+20",
    ),
}


@pytest.mark.filterwarnings("ignore::napari_fhn.labels.LabelWarning")
@pytest.mark.parametrize("kind", POINTS)
def test_surfaces_as_points_are_picks_without_those_of_no_value(tmp_path, north_up, kind):
    head, nothing = POINTS[kind]
    rows = [f"{LEFT + 50 * i} {BOTTOM + 50 * j} {Z[i, j]:.3f}\n" for i in range(COLUMNS) for j in range(ROWS)]
    path = tmp_path / "top.dat"
    path.write_text(head + "".join(rows) + f"{LEFT + 25} {BOTTOM} {nothing}\n")
    assert recognise(path, north_up) == "horizon"
    surface = read_horizon(path, north_up)
    np.testing.assert_allclose(surface[::2, ::2], Z.T, atol=1e-3)
    assert np.isnan(surface[1::2]).all()
    assert np.isnan(surface[0, 1])


@pytest.mark.filterwarnings("ignore::napari_fhn.labels.LabelWarning")
@pytest.mark.parametrize("suffix", [".irap", ".zmap"])
def test_a_surface_that_was_written_here_comes_back(tmp_path, north_up, suffix):
    first = 5 + np.arange(13)[:, np.newaxis] // 4 + np.arange(17) // 6
    classes = np.where(np.arange(20) < first[..., np.newaxis], 1, 2)
    classes[3, 4] = 1
    save_horizon(tmp_path / f"top{suffix}", classes, north_up, above=1, below=2)
    expected = 40.0 + 4 * first
    expected[3, 4] = np.nan
    np.testing.assert_allclose(read_horizon(tmp_path / f"top{suffix}", north_up), expected, atol=1e-3)


def test_on_a_map_a_grid_is_no_horizon(tmp_path):
    scene = xr.DataArray(np.zeros((1, 3, 3)), dims=("band", "y", "x"))
    assert recognise(raster(tmp_path / "rocks.asc"), scene) == "labels"
    assert Source.of(zmap(tmp_path / "top.dat")).kind == "horizon"
