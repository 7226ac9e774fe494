"""How surveys are drawn: their axes, and the titles of their sections."""

from __future__ import annotations

import numpy as np
import pytest
import xarray as xr

from napari_fhn.surveys.drawing import axes_of, section_title


def test_coordinates_that_only_count_do_not_squeeze_a_line():
    counted = xr.DataArray(
        np.zeros((20, 50), np.float32),
        dims=("trace", "twt"),
        coords={
            "twt": ("twt", 4.0 * np.arange(50), {"units": "ms"}),
            "x": ("trace", np.arange(20.0), {"units": "m"}),
            "y": ("trace", np.ones(20), {"units": "m"}),
        },
    )
    assert axes_of(counted)["scale"] == pytest.approx([5, 4])
    far = counted.assign_coords(x=("trace", 12.5 * np.arange(20), {"units": "m"}))
    assert axes_of(far)["scale"] == pytest.approx([12.5 / 4, 4])


def test_titles_of_lines():
    shown = (0, 1)
    coords = {"crossline": ("trace", np.full(3, 1155.0)), "inline": ("trace", np.arange(3.0))}
    one = xr.DataArray(np.zeros((3, 4)), dims=("trace", "twt"), coords=coords, name="a")
    assert section_title(one, lambda axis: 0, shown) == "Crossline 1155"
    assert section_title(one.drop_vars("crossline"), lambda axis: 0, shown) == "Line a"
    # What is called a line already is not called so twice.
    for name, title in (
        ("line", "Line"),
        ("Line_12", "Line_12"),
        ("F3-line-7", "F3-line-7"),
        ("inline_300", "Inline_300"),
    ):
        assert section_title(one.drop_vars("crossline").rename(name), lambda axis: 0, shown) == title
