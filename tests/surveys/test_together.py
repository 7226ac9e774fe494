"""Surveys that are learnt from together: on one grid, cut to what they share, or refused."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import xarray as xr

from napari_fhn import surveys
from napari_fhn.surveys import Grid, PlaceError, together


def block(first=(101, 202, 400.0), step=(1, 2, 4.0), shape=(4, 5, 6), last="twt", units="ms", **attrs) -> xr.DataArray:
    dims = ("inline", "crossline", last)
    coords = {
        dim: (dim, a + s * np.arange(n, dtype=np.float64), {"units": units} if dim == last else {})
        for dim, a, s, n in zip(dims, first, step, shape, strict=True)
    }
    values = sum(np.meshgrid(*(one[1] for one in coords.values()), indexing="ij"))
    return xr.DataArray(values.astype(np.float32), coords, dims, name="volume", attrs=attrs)


def test_on_one_grid_they_stay_as_they_are():
    one, two = block(), block()
    found = together([one, two])
    assert found.words == ()
    assert found.surveys[0] is one
    assert found.surveys[1] is two
    bare = xr.DataArray(np.zeros((4, 5, 6)))
    assert together([one, bare]).surveys[1] is bare


def test_what_they_have_in_common_is_used_and_said():
    one, two = block(attrs_of="one"), block(first=(103, 206, 408.0))
    found = together([one, two], ["near.sgy", "far.sgy"])
    assert found.words == (
        "Only what near.sgy and far.sgy have in common is used: inlines 103 to 104, crosslines 206 to 210, "
        "times 408 to 420 ms.",
    )
    for part in found.surveys:
        np.testing.assert_array_equal(part.values, found.surveys[0].values)
        assert Grid.of(found.surveys[0]).apart(Grid.of(part)) == ""
    np.testing.assert_array_equal(
        found.surveys[0].values, one.sel(inline=slice(103, 104), crossline=slice(206, 210), twt=slice(408, 420))
    )
    assert found.surveys[0].attrs["attrs_of"] == "one"


def test_what_runs_the_other_way_is_turned():
    found = together([block(), block(first=(104, 202, 400.0), step=(-1, 2, 4.0))], ["a", "b"])
    np.testing.assert_array_equal(found.surveys[1].values, found.surveys[0].values)
    assert found.words == ("b: its inlines run the other way and were turned round.",)


@pytest.mark.parametrize(
    ("other", "said"),
    [
        (block(first=(6001, 202, 400.0)), "its inlines run from 6001 to 6004 instead of 101 to 104"),
        (block(first=(101, 203, 400.0)), "its crosslines run from 203 to 211 instead of 202 to 210"),
        (block(step=(1, 2, 2.0)), "its times are 2 ms apart instead of 4 ms"),
        (block(first=(101, 202, 401.0)), "its times begin at 401 ms instead of 400 ms"),
        (block(last="depth", units="m"), "it is in depth instead of time"),
        (block().isel(twt=0, drop=True), "it has 2 axes"),
        (xr.DataArray(np.zeros((4, 5, 7))), "it has 7"),
    ],
)
def test_what_does_not_go_together_is_refused(other, said):
    with pytest.raises(PlaceError, match=said) as caught:
        together([block(), other], ["one.sgy", "other.sgy"])
    assert str(caught.value).startswith("other.sgy: it does not lie on the grid of one.sgy (")


_CASES = Path(__file__).parents[3] / "shared" / "cases" / "places"


@pytest.mark.skipif(not _CASES.is_dir(), reason="without the shared cases")
def test_cases():
    one, two = (surveys.open(_CASES / name) for name in ("v.sgy", "v_range.sgy"))
    found = together([one, two])
    np.testing.assert_array_equal(found.surveys[0].values, one.values[4:])
    np.testing.assert_array_equal(found.surveys[1].values, two.values[:12])
    assert "inlines 104 to 115" in found.words[0]
