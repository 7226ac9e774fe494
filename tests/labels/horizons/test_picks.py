"""Horizons from text files onto the traces of a survey, and as labels."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from napari_fhn.labels import (
    AmbiguousColumns,
    LabelError,
    LabelWarning,
    Undeclared,
    burn_band,
    burn_zones,
    read_horizon,
    read_horizons,
)


def truth(survey):
    """A tilted surface that lies within the 40 to 116 ms of the test survey."""
    i, j = np.meshgrid(np.arange(12), np.arange(10), indexing="ij")
    return 50.0 + 2.25 * i + 3.5 * j


def picks(survey, z=None):
    i, j = np.meshgrid(np.arange(12), np.arange(10), indexing="ij")
    il, xl = 100 + i.ravel(), 200 + 2 * j.ravel()
    x, y = survey.attrs["geometry"].to_xy(il, xl) if survey.attrs.get("geometry") else (il * 0.0, xl * 0.0)
    return il, xl, x, y, truth(survey).ravel() if z is None else z.ravel()


def write(folder, rows, header="", name="top.txt"):
    path = folder / name
    path.write_text(header + "".join(row + "\n" for row in rows))
    return path


FORMS = {
    "columns": ("Inline Crossline TWT(ms)\n", lambda i, j, x, y, z: f"{i} {j} {z:.3f}"),
    "seconds": ("inline,crossline,twt_s\n", lambda i, j, x, y, z: f"{i},{j},{z / 1000:.6f}"),
    "xyz": ("# 1: X\n# 2: Y\n# 3: Z (ms)\n", lambda i, j, x, y, z: f"{x:.2f}\t{y:.2f}\t{z:.3f}"),
    "elevation": ("X;Y;Z [ms]\n", lambda i, j, x, y, z: f"{x:.2f};{y:.2f};{-z:.3f}".replace(".", ",")),
    "charisma": ("", lambda i, j, x, y, z: f"INLINE :{i:7d} XLINE :{j:7d} {x:12.2f}{y:12.2f}{z:10.3f}"),
    "iesx": (
        "PROFILE Top              TYPE 1  4                                              3d_ci7m.ifdf     m ms\n"
        "SNAPPING PARAMETERS 5     0 1\n",
        lambda i, j, x, y, z: f"{x:16.8E}{y:16.8E}  0 14{z:9.2f}{j:10.2f}{j:10.2f}{j:5d}{1.0:14.7E} I{i:7d}",
    ),
    "nothing named": ("", lambda i, j, x, y, z: f"{x:.2f} {y:.2f} {z:.3f}"),
    "numbers, nothing named": ("", lambda i, j, x, y, z: f"{i} {j} {z:.3f}"),
}


@pytest.mark.filterwarnings("ignore::napari_fhn.labels.LabelWarning")
@pytest.mark.parametrize("form", FORMS)
def test_every_form_gives_the_same_surface(tmp_path, mapped, form):
    header, line = FORMS[form]
    path = write(tmp_path, [line(*pick) for pick in zip(*picks(mapped), strict=True)], header)
    surface = read_horizon(path, mapped)
    assert surface.dims == ("inline", "crossline")
    assert surface.attrs["units"] == "ms"
    assert surface.attrs["n_picks"] == 120
    np.testing.assert_array_equal(surface["crossline"], mapped["crossline"])
    np.testing.assert_allclose(surface, truth(mapped), atol=0.006)


def test_what_was_taken_for_granted_is_said(tmp_path, mapped):
    il, xl, _, _, z = picks(mapped)
    rows = [f"{a} {b} {-c:.3f}" for a, b, c in zip(il, xl, z, strict=True)]
    rows += ["100 200 1e30", "100 202 -999.25", "500 200 -60"]
    with pytest.warns(LabelWarning) as told:
        surface = read_horizon(write(tmp_path, rows), mapped)
    words = " ".join(str(w.message) for w in told)
    assert "column 3' has no unit and was read in ms: only so they lie on the survey's vertical axis" in words
    assert "its values are negative, growing upwards, and were turned" in words
    assert "2 of 123 rows have no value" in words
    assert "1 of 121 picks lies outside the survey" in words
    np.testing.assert_allclose(surface, truth(mapped), atol=0.001)


def test_traces_without_picks_are_nan_or_filled(tmp_path, mapped):
    il, xl, _, _, z = picks(mapped)
    rows = [f"{a} {b} {c}" for k, (a, b, c) in enumerate(zip(il, xl, z, strict=True)) if a % 2 == 0 or k > 110]
    path = write(tmp_path, rows, "inline crossline twt_ms\n")
    surface = read_horizon(path, mapped)
    assert int(surface.isnull().sum()) == 51
    np.testing.assert_array_equal(surface.isnull().any("crossline"), [k % 2 == 1 for k in range(12)])
    filled = read_horizon(path, mapped, gap_traces=1)
    # A plane comes back; beyond the last line with picks nothing is made up.
    known = filled.notnull().values
    np.testing.assert_allclose(filled.values[known], truth(mapped)[known], atol=1e-9)
    assert known[:11].all()


def test_several_horizons_in_one_file(tmp_path, mapped):
    il, xl, _, _, z = picks(mapped)
    rows = [
        f'"{n}"\t{a}\t{b}\t{c + d:.3f}'
        for n, d in (("Top A", 0), ("Base", 10))
        for a, b, c in zip(il, xl, z, strict=True)
    ]
    path = write(tmp_path, rows, '# "Inline"\t"Crossline"\t"Z (ms)"\n# - - - - - - -\n')
    found = read_horizons(path, mapped)
    assert list(found) == ["Top A", "Base"]
    np.testing.assert_allclose(found["Base"] - found["Top A"], 10, atol=1e-9)
    with pytest.raises(Undeclared, match="it holds 2 horizons: Top A, Base") as caught:
        read_horizon(path, mapped)
    assert (caught.value.option, caught.value.choices) == ("name", ("Top A", "Base"))
    np.testing.assert_array_equal(read_horizon(path, mapped, "Base"), found["Base"])
    with pytest.raises(LabelError, match="there is no horizon 'Middle'"):
        read_horizon(path, mapped, "Middle")


def test_picks_of_one_trace_are_averaged_aloud(tmp_path, mapped):
    path = write(tmp_path, ["103 204 60", "103 204 70", "104 204 61", "104 204 62"], "inline crossline twt_ms\n")
    with pytest.warns(LabelWarning, match="at 1 trace several picks differ by more than a sample"):
        surface = read_horizon(path, mapped)
    assert surface.sel(inline=103, crossline=204) == 65
    assert surface.sel(inline=104, crossline=204) == 61.5


def test_a_horizon_on_a_line(tmp_path, line):
    k = np.arange(0, 30, 2)
    rows = [f"{500_000 + 9 * a + 2} {6_000_000 + 12 * a} {60 + a}" for a in k] + ["500000 6005000 60"]
    path = write(tmp_path, rows, "x y twt_ms\n")
    with pytest.warns(LabelWarning, match="1 of 16 picks lies outside"):
        surface = read_horizon(path, line)
    assert surface.dims == ("trace",)
    np.testing.assert_array_equal(np.flatnonzero(surface.notnull()), k)
    with pytest.warns(LabelWarning, match="1 of 16"):
        filled = read_horizon(path, line, gap_traces=1)
    np.testing.assert_allclose(filled[:29], 60 + np.arange(29))


def test_a_depth_survey_takes_depths(tmp_path, mapped):
    deep = mapped.rename(twt="depth")
    path = write(tmp_path, ["103 204 200", "104 204 230"], "inline crossline tvdss_ft\n")
    surface = read_horizon(path, deep)
    assert surface.attrs["units"] == "m"
    assert float(surface.sel(inline=103, crossline=204)) == pytest.approx(60.96)
    with pytest.raises(LabelError, match="it comes in depth, and the survey in time"):
        read_horizon(path, mapped)


@pytest.mark.filterwarnings("ignore::napari_fhn.labels.LabelWarning")
@pytest.mark.parametrize(
    ("text", "kind", "sentence"),
    [
        ("inline crossline twt\n100 200 0.05\n101 200 900\n", Undeclared, "unit of column 'twt'"),
        ("inline crossline z_ms\n100 200 -50\n101 200 50\n", Undeclared, "which way they grow"),
        ("inline crossline z_m\n100 200 50\n101 200 50\n", LabelError, "is in m, and the depth, elevation or time"),
        ("inline crossline twt_ms\n900 200 50\n901 202 50\n", LabelError, "none of its 2 picks lies in the survey"),
        ("inline crossline twt_ms\n100 200 1e30\n101 202 nan\n", LabelError, "holds no pick"),
        ("inline twt_ms\n100 50\n101 50\n", AmbiguousColumns, "column 'crossline' is missing"),
        ("DSAA\n2 2\n0 1\n0 1\n0 1\n1 2\n", LabelError, "it is a Surfer grid by its first bytes. Name it .grd"),
        ("! made by\n@TOP HEADER , GRID, 5\n15, -9999, , 7, 1\n", LabelError, "header of its ZMap grid is not whole"),
        ((" ".join(["50"] * 60) + "\n") * 12, LabelError, "each of its lines holds 60 numbers: it is a matrix"),
    ],
)
def test_what_is_no_horizon_is_said(tmp_path, mapped, text, kind, sentence):
    path = tmp_path / "h.dat"
    path.write_text(text)
    with pytest.raises(kind) as caught:
        read_horizon(path, mapped)
    assert sentence in str(caught.value)
    assert str(caught.value).startswith("h.dat")


def test_answers_are_taken(tmp_path, mapped):
    path = write(tmp_path, ["204 103 0.05 -9", "206 104 0.06 -9"])
    columns = {"crossline": "1", "inline": "2", "time": "3"}
    surface = read_horizon(path, mapped, columns=columns, units={"time": "s"})
    assert surface.sel(inline=103, crossline=204) == 50
    mixed = write(tmp_path, ["103 204 -50", "104 204 4"], "inline crossline z_ms\n", "mixed.txt")
    assert read_horizon(mixed, mapped, z="up").sel(inline=103, crossline=204) == 50
    assert read_horizon(mixed, mapped, z="down").sel(inline=104, crossline=204) == 4
    with pytest.raises(LabelError, match="values cannot grow 'sideways'"):
        read_horizon(mixed, mapped, z="sideways")


# As labels.


def surface_of(survey, values, name="top"):
    lateral = survey.isel({survey.dims[-1]: 0}, drop=True)
    return lateral.copy(data=np.broadcast_to(np.asarray(values, float), lateral.shape)).rename(name)


def test_zones_touch_and_leave_nothing_out(survey, table):
    # Samples at 40, 44, ...: a horizon at 60 belongs to what lies below, one at 58 as well from 60 on.
    for time in (60.0, 58.0, 56.5):
        out = np.zeros(survey.shape, np.uint8)
        n = burn_zones([surface_of(survey, time)], ["shale", "sand"], survey, table, out)
        assert n == out.size
        assert out[3, 4].tolist() == [1] * 5 + [2] * 15
    out = np.zeros(survey.shape, np.uint8)
    top = surface_of(survey, np.where(np.arange(10) == 4, np.nan, 60.0))
    base = surface_of(survey, np.where(np.arange(10) == 5, 50.0, 80.0), "base")
    with pytest.warns(LabelWarning, match="cross at 12 traces"):
        burn_zones([top, base], [None, "shale", "sand"], survey, table, out)
    assert out[3, 3].tolist() == [0] * 5 + [1] * 5 + [2] * 10
    # Without the upper one, what lies between is not known; what lies below the lower one is.
    assert out[3, 4].tolist() == [0] * 10 + [2] * 10
    assert not out[3, 5].any()


def test_zones_leave_what_was_painted(survey, table):
    out = np.zeros(survey.shape, np.uint8)
    out[2, 2, 3] = 9
    assert burn_zones([surface_of(survey, 60.0)], ["shale", None], survey, table, out) == 12 * 10 * 5 - 1
    assert out[2, 2, :6].tolist() == [1, 1, 1, 9, 1, 0]
    burn_zones([surface_of(survey, 60.0)], ["sand", None], survey, table, out, overwrite=True)
    assert out[2, 2, :6].tolist() == [2, 2, 2, 2, 2, 0]


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(time=st.floats(0, 160), thickness=st.floats(0, 60))
def test_a_band_is_as_thick_as_it_is_said(survey, table, time, thickness):
    out = np.zeros(survey.shape, np.uint8)
    n = burn_band(surface_of(survey, time), "sand", thickness, survey, table, out)
    assert n == np.count_nonzero(out)
    axis = survey["twt"].values
    known = axis[out[3, 3] > 0]
    assert (np.abs(known - time) <= max(thickness / 2, 2.0) + 1e-3).all()
    inner = axis[np.abs(axis - time) < thickness / 2 - 1e-3]
    assert set(inner) <= set(known)
    if 40 <= time <= 116:
        assert len(known) >= 1


def test_a_line_has_zones_too(line, table):
    out = np.zeros(line.shape, np.uint8)
    assert burn_zones([surface_of(line, 60.0)], ["shale", "sand"], line, table, out) == out.size
    assert out[7].tolist() == [1] * 5 + [2] * 15


def test_wrong_requests_write_nothing(survey, line, table):
    out = np.zeros(survey.shape, np.uint8)
    top = surface_of(survey, 60.0)
    for call, sentence in (
        (lambda: burn_zones([top], ["sand"], survey, table, out), "1 horizon parts 2 zones, and 1 is named"),
        (lambda: burn_zones([], ["sand"], survey, table, out), "0 horizons part 1 zone,"),
        (lambda: burn_zones([top], ["sand", "salt"], survey, table, out), "no class 'salt'"),
        (lambda: burn_zones([top], ["sand", None], survey, table, out[1:]), "survey's shape"),
        (lambda: burn_band(surface_of(line, 60.0), "sand", 5, survey, table, out), "lies on a grid of"),
        (lambda: burn_band(top, "sand", -1, survey, table, out), "cannot be -1 thick"),
        (lambda: burn_band(top, "sand", float("nan"), survey, table, out), "cannot be nan thick"),
    ):
        with pytest.raises(LabelError, match=sentence):
            call()
    assert not out.any()


def test_many_picks_come_quickly(tmp_path, mapped):
    il, xl, _, _, z = picks(mapped)
    rows = [f"{a} {b} {c:.3f}" for a, b, c in zip(il, xl, z, strict=True)] * 100
    path = write(tmp_path, rows, "inline crossline twt_ms\n")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        surface = read_horizon(path, mapped)
    assert surface.attrs["n_picks"] == 12_000
    np.testing.assert_allclose(surface, truth(mapped), atol=1e-3)
