"""Kinds of data, by names and attributes; two axes or three tell nothing."""

from pathlib import Path

import numpy as np
import pytest
import xarray as xr

from napari_fhn import surveys
from napari_fhn.surveys.kinds import (
    is_line,
    is_map,
    is_seismic,
    kind_of,
    spatial_dims,
    spatial_shape,
    trace_axis,
    vertical_axis,
)

SHARED = Path(__file__).parents[2] / "../shared/data"


def survey(*dims: str, kind: str = "array", **coords: object) -> xr.DataArray:
    shape = tuple(range(2, 2 + len(dims)))
    return xr.DataArray(np.zeros(shape, np.float32), dims=dims, coords=coords, attrs={"kind": kind})


@pytest.mark.parametrize(
    ("dims", "kind"),
    [
        (("inline", "crossline", "twt"), "seismic volume"),
        (("crossline", "inline", "depth"), "seismic volume"),
        (("twt", "inline", "crossline"), "seismic volume"),
        (("inline", "crossline", "sample"), "seismic volume"),
        (("trace", "twt"), "seismic line"),
        (("twt", "trace"), "seismic line"),
        (("trace", "sample"), "seismic line"),
        (("inline", "twt"), "seismic line"),
        (("crossline", "depth"), "seismic line"),
        (("inline", "crossline"), "map"),
        (("y", "x"), "map"),
        (("band", "y", "x"), "map"),
        (("y", "x", "band"), "map"),
        (("z", "y", "x"), "volume"),
        (("depth", "y", "x"), "volume"),
        (("axis_0", "axis_1"), "array"),
        (("axis_0", "axis_1", "axis_2"), "array"),
        (("trace", "axis_1"), "array"),
        (("twt", "depth"), "array"),
        (("twt",), "array"),
    ],
)
def test_the_names_of_the_axes_tell_the_kind(dims, kind):
    assert kind_of(survey(*dims)) == kind


@pytest.mark.parametrize("size", [(1, 7, 9), (7, 1, 9), (1, 1, 9), (2, 2, 1)])
def test_a_thin_volume_is_a_volume(size):
    thin = xr.DataArray(np.zeros(size), dims=("inline", "crossline", "twt"))
    assert kind_of(thin) == "seismic volume"
    assert vertical_axis(thin) == 2


def test_wavelengths_make_a_cube_of_a_map():
    cube = survey("band", "y", "x", wavelength=("band", [450.0, 550.0]))
    assert kind_of(cube) == "cube" == kind_of(survey("band", "y", "x", kind="hyperspectral"))
    assert is_map(cube)
    assert not is_seismic(cube)
    assert spatial_dims(cube) == ("y", "x")
    assert spatial_shape(cube) == (3, 4)
    assert vertical_axis(cube) is None


def test_a_section_taken_out_of_a_volume_is_a_line():
    volume = survey("inline", "crossline", "twt")
    line = volume.isel(inline=0)
    assert is_line(line)
    assert is_seismic(line)
    assert vertical_axis(line) == 1
    assert trace_axis(line) == 0
    assert trace_axis(line.transpose()) == 1
    assert trace_axis(volume) is None
    assert kind_of(volume.isel(twt=0)) == "map"


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("penobscot_line/penobscot_xl1155.sgy", "seismic line"),
        ("f3_line/arbitrary_line.sgy", "seismic line"),
        ("f3_line/trace_maths_pimpedance.sgy", "seismic line"),
        ("segy/f3.sgy", "seismic volume"),
        ("segy/increment.sgy", "seismic line"),
        ("hysu/dlr_hysu.npz", "cube"),
        ("lapland/lapland_9band_100m.tif", "map"),
    ],
)
def test_kinds_of_public_files(name, kind):
    path = SHARED / name
    if not path.exists():
        pytest.skip("public data are not at hand")
    assert kind_of(surveys.open(path)) == kind
