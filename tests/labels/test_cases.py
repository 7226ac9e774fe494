"""Tables of kinds that went wrong, and further ones of these kinds: what they hold, and which numbers are none."""

from __future__ import annotations

import warnings
from pathlib import Path

import numpy as np
import pytest
import rasterio
import segyio
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st
from rasterio.transform import from_origin

from napari_fhn import labels, surveys
from napari_fhn.labels import LabelError, LabelWarning, Source, recognise
from napari_fhn.labels.tables.fill_values import fill_values
from napari_fhn.labels.tables.text import to_number
from napari_fhn.project.knowledge import Knowledge
from proofs import examples

CASES = Path(__file__).parents[3] / "shared" / "cases"
beside = pytest.mark.skipif(not CASES.is_dir(), reason="the cases lie beside a checkout of the developers")


@pytest.fixture(scope="module")
def volume(tmp_path_factory) -> xr.DataArray:
    """Inlines from 100, crosslines from 200, 4 ms from 0 to 2000 ms."""
    path = tmp_path_factory.mktemp("cases") / "volume.sgy"
    segyio.tools.from_array3D(str(path), np.zeros((6, 8, 501), np.float32), dt=4000)
    with segyio.open(str(path), "r+", strict=False) as file:
        for number, header in enumerate(file.header):
            i, j = divmod(number, 8)
            header.update({
                segyio.su.iline: 100 + i, segyio.su.xline: 200 + j, segyio.su.cdpx: 500_000 + 50 * j,
                segyio.su.cdpy: 6_000_000 + 50 * i, segyio.su.scalco: 1,
            })  # fmt: skip
    return surveys.open(path)


def written(path: Path, text: str) -> Path:
    path.write_text(text, encoding="utf-8")
    return path


@pytest.mark.parametrize("filler", [9999, 99999, -999, -999.25, 0, 1e20, -32768, 32767, 1234567])
def test_a_filler_of_a_horizon_is_no_pick(tmp_path, volume, filler):
    """At one trace of three, beside picks that differ a little."""
    rows = [(100 + i, 200 + j, filler if (i + j) % 3 == 0 else 812.0 + i + 0.5 * j) for i in range(6) for j in range(8)]
    text = "inline,crossline,twt_ms\n" + "".join(f"{a},{b},{z}\n" for a, b, z in rows)
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        found = labels.read_horizon(written(tmp_path / "h.csv", text), volume)
    assert int(np.isfinite(found).sum()) == sum(z != filler for *_, z in rows) == 32
    assert float(found.min()) >= 812
    assert any("no pick" in str(one.message) or "have no value" in str(one.message) for one in said)


@pytest.mark.parametrize("picks", [[0.0, 4.0, 8.0], [1600.0, 1604.0, 12.0, 8.0], [999.0, 1004.0, 1010.0]])
def test_picks_of_rock_stay(tmp_path, volume, picks):
    """A reflector that reaches the top, a fault, a time that looks like a filler among others like it."""
    text = "inline,crossline,twt_ms\n" + "".join(
        f"{100 + i},{200 + j},{picks[(i + j) % len(picks)]}\n" for i in range(6) for j in range(8)
    )
    assert int(np.isfinite(labels.read_horizon(written(tmp_path / "h.csv", text), volume)).sum()) == 48


@settings(deadline=None, max_examples=examples(60))
@given(st.lists(st.floats(200.0, 3000.0), min_size=2, max_size=40), st.sampled_from([-999.25, 1e20, 99999.0]))
def test_fillers_are_found_among_any_picks(picks, filler):
    low, high = min(picks), max(picks)
    found = fill_values([*picks, filler, filler])
    assert found in ((), (filler,))
    if abs(filler) > high + 3 * (high - low) + high:
        assert found == (filler,)
    assert fill_values(picks) == ()


@pytest.mark.parametrize(
    ("header", "kind"),
    [
        ("Name,X,Y", "wells"),
        ("Pozo;X;Y;KB", "wells"),
        ("Sondage;X_Lambert;Y_Lambert", "wells"),
        ("Bohrloch;Rechtswert;Hochwert", "wells"),
        ("Nombre;Este;Norte", "wells"),
        ("Скважина;X;Y", "wells"),
        ("Brønn;Øst;Y", None),
    ],
)
def test_heads_are_wells_in_the_languages_of_the_trade(tmp_path, header, kind):
    cut = ";" if ";" in header else ","
    rows = "".join(cut.join([f"A-{k}", f"{500_000 + 10 * k}", f"{6_000_000 + 10 * k}", "25"][: header.count(cut) + 1])
                   + "\n" for k in range(3))  # fmt: skip
    path = written(tmp_path / "w.csv", f"{header}\n{rows}")
    if kind is None:  # a word that nobody knows is asked about
        assert Source(path, "wells").kind == "wells"
    else:
        assert recognise(path) == kind
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", LabelWarning)  # a datum without a unit is left out, with a word
            assert len(labels.read_heads(path)) == 3


PETREL = """# Petrel checkshots format
# Unit in depth: m
VERSION 1
BEGIN HEADER
X
Y
Z
TWT
Average velocity
MD
Well
END HEADER
500100 6000050 25 0.0 2500 0 "A-1"
500100 6000050 -475 -400.0 2500 500 "A-1"
500100 6000050 -975 -800.0 2500 1000 "A-1"
"""


def test_checkshots_with_the_place_of_their_well_are_checkshots(tmp_path):
    assert recognise(written(tmp_path / "cs.txt", PETREL)) == "checkshots"
    with pytest.warns(LabelWarning, match="times grow upwards"):
        shots = labels.read_checkshots(tmp_path / "cs.txt")
    np.testing.assert_allclose(shots["A-1"].twt_ms, [0, 400, 800])
    untitled = "Well,X,Y,MD (m),TWT (ms)\nA,500100,6000050,0,0\nA,500100,6000050,500,400\n"
    assert recognise(written(tmp_path / "u.csv", untitled)) == "checkshots"


def test_petrel_tops_take_the_picked_time_and_the_computed_one_where_nobody_picked(tmp_path):
    header = ["X", "Y", "Z", "TWT Picked", "TWT Auto", "MD", "Type", "Surface", "Well"]
    rows = [
        '500100.0 6000050.0 -1300.0 -1040.0 -1041.0 1325.0 Horizon "Top Sand" "A-1"',
        '500100.0 6000050.0 -1400.0 -999.0 -1100.0 1425.0 Horizon "Top Shale" "A-1"',
        '500100.0 6000050.0 -1500.0 -1200.0 -1200.0 1525.0 Horizon "Base" "A-1"',
    ]
    text = "\n".join(["# Petrel well tops", "VERSION 2", "BEGIN HEADER", *header, "END HEADER", *rows]) + "\n"
    path = written(tmp_path / "tops.txt", text)
    assert recognise(path) == "tops"
    with pytest.warns(LabelWarning, match="its twt are negative"):
        spans, _ = labels.read_tops(path, prefer="twt", units={"twt": "ms"})["A-1"]
    assert spans.ends == ((1040.0, 1100.0, "Top Sand"), (1100.0, 1200.0, "Top Shale"))


@pytest.mark.parametrize("space", ["\u00a0", "\u202f", "\u2009", " ", "'", "\u2019"])
@pytest.mark.parametrize("mark", [",", "."])
def test_thousands_are_divided_as_people_do(tmp_path, space, mark):
    assert to_number(f"6{space}000{space}050{mark}5", mark) == 6_000_050.5
    assert np.isnan(to_number(f"60{space}00{mark}5", mark))
    text = (
        f"well;top_twt_ms;base_twt_ms;class\nA;1{space}040{mark}0;1{space}100{mark}0;sand\n"
        f"A;1{space}100{mark}0;1{space}200{mark}0;shale\n"
    )
    path = written(tmp_path / "t.csv", text)
    assert recognise(path) == "tops"
    assert labels.read_tops(path)["A"][0].ends == ((1040.0, 1100.0, "sand"), (1100.0, 1200.0, "shale"))


@pytest.mark.parametrize(("unit", "full"), [("gon", 400), ("grad", 400), ("deg", 360), ("rad", 2 * np.pi)])
def test_angles_are_in_the_unit_that_is_said(tmp_path, unit, full):
    rows = "".join(f"{md},{a * full / 4},{b * full / 4}\n" for md, a, b in ((0, 0, 0), (1000, 0, 1), (2000, 1, 1)))
    path = written(tmp_path / "p.csv", f"MD (m),INC ({unit}),AZI ({unit})\n{rows}")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", LabelWarning)
        way = labels.read_deviation(path)["p"]
    assert way.dx[-1] == pytest.approx(636.6, abs=0.1)
    assert way.tvd[-1] == pytest.approx(1636.6, abs=0.1)


def a_map(path: Path, crs: str | None) -> xr.DataArray:
    with rasterio.open(
        path, "w", driver="GTiff", height=40, width=40, count=1, dtype="float32", crs=crs,
        transform=from_origin(500_000, 6_000_000, 10, 10),
    ) as file:  # fmt: skip
        file.write(np.zeros((1, 40, 40), np.float32))
    return surveys.open(path)


def test_points_in_longitude_and_latitude_come_to_the_map(tmp_path):
    from rasterio.warp import transform

    known = a_map(tmp_path / "m.tif", "EPSG:32633")
    x, y = np.array([500_055.0, 500_245.0]), np.array([5_999_905.0, 5_999_755.0])
    lon, lat = transform("EPSG:32633", "EPSG:4326", x, y)
    for names in ("lon,lat", "longitude,latitude", "Longitud,Latitud"):
        text = f"{names},class\n" + "".join(f"{a:.8f},{b:.8f},{c}\n" for a, b, c in zip(lon, lat, "st", strict=True))
        out = np.zeros((40, 40), np.uint8)
        burnt = Knowledge((Source(written(tmp_path / "p.csv", text), "points"),)).burn(known, out)
        assert np.argwhere(out).tolist() == [[9, 5], [24, 24]]
        assert "EPSG:4326" in burnt.words[0]
    with pytest.raises(LabelError, match="CRS of the map's own coordinates is not told"):
        Knowledge((Source(tmp_path / "p.csv", "points"),)).burn(a_map(tmp_path / "n.tif", None), out)
    # Of another zone, as a person says.
    east, north = transform("EPSG:32633", "EPSG:32632", x, y)
    text = "x,y,class\n" + "".join(f"{a:.3f},{b:.3f},{c}\n" for a, b, c in zip(east, north, "st", strict=True))
    out = np.zeros((40, 40), np.uint8)
    Knowledge((Source(written(tmp_path / "z.csv", text), "points", options={"crs": "EPSG:32632"}),)).burn(known, out)
    assert np.argwhere(out).tolist() == [[9, 5], [24, 24]]
    with pytest.raises(LabelError, match="there is no CRS 'Mars'"):
        Knowledge((Source(tmp_path / "z.csv", "points", options={"crs": "Mars"}),)).burn(known, out)
    wrong = written(tmp_path / "x.csv", "lon,lat,class\n500055,5999905,s\n")
    with pytest.raises(LabelError, match="which are no degrees"):
        Knowledge((Source(wrong, "points"),)).burn(known, out)


@beside
@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("kinds/wells_name.csv", "wells"), ("kinds/wells_pozo.csv", "wells"), ("kinds/cs2.txt", "checkshots"),
        ("kinds/h2.csv", "wells"), ("kinds/t2.csv", "tops"), ("kinds/tops_picked.txt", "tops"),
        ("tables/nbsp_thousands_wells.csv", "wells"), ("tables/nbsp_thousands_tops.csv", "tops"),
        ("tables/apostrophe_wells.csv", "wells"), ("tables/apostrophe_tops.csv", "tops"),
        ("tables/grads.csv", "deviation"),
    ],
)  # fmt: skip
def test_kinds_of_cases(name, kind):
    assert recognise(CASES / name) == kind


@beside
def test_values_of_cases():
    survey = surveys.open(CASES / "nothing" / "vol.sgy")
    with pytest.warns(LabelWarning, match="9999 at 96 of 288 rows"):
        assert int(np.isfinite(labels.read_horizon(CASES / "nothing" / "hor.csv", survey)).sum()) == 192
    for mark in ("nbsp_thousands", "apostrophe"):
        assert labels.read_tops(CASES / "tables" / f"{mark}_tops.csv") == labels.read_tops(
            CASES / "kinds" / "plain_tops.csv"
        )
    with pytest.warns(LabelWarning):
        way = labels.read_deviation(CASES / "tables" / "grads.csv")["grads"]
    assert (way.dx[-1], way.tvd[-1]) == (pytest.approx(636.6, abs=0.1), pytest.approx(1636.6, abs=0.1))
    opened, out = surveys.open(CASES / "maps" / "n.tif"), np.zeros((40, 40), np.uint8)
    Knowledge((Source(CASES / "maps" / "points_lonlat.csv", "points"),)).burn(opened, out)
    assert [axis.tolist() for axis in np.nonzero(out)] == [[9, 24, 39], [5, 24, 39]]


@beside
@pytest.mark.parametrize("mark", ["apostrophe", "nbsp_thousands"])
def test_thousands_of_wells_are_those_of_the_plain_table(mark):
    tables = [labels.sniff(CASES / name) for name in (f"tables/{mark}_wells.csv", "kinds/plain_wells.csv")]
    places = [[[to_number(cell, one.dialect.decimal) for cell in row[1:3]] for row in one.cells()] for one in tables]
    assert places[0] == places[1]
