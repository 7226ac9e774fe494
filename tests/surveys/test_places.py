"""Places as a person types them, and what they mean."""

from __future__ import annotations

import numpy as np
import pytest

from napari_fhn import sample_data, surveys
from napari_fhn.surveys.numbers import Numbers, by_axes
from napari_fhn.surveys.places import GoToError, parse, resolve, typed


@pytest.fixture(scope="module")
def seismic():
    return Numbers.of(surveys.open(sample_data.SEISMIC.survey))


@pytest.fixture(scope="module")
def cube():
    return Numbers.of(surveys.open(sample_data.HYPERSPECTRAL.dates[0]))


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("inline 120", {"inline": 120}),
        ("IL 120 XL 300 T 1500", {"inline": 120, "crossline": 300, "vertical": 1500}),
        ("il=120, xl=300; 1500 ms", {"inline": 120, "crossline": 300, "vertical": 1500}),
        ("IL120 XL300", {"inline": 120, "crossline": 300}),
        ("T 1500 ms", {"vertical": 1500}),
        ("x 431000 y 6350000.5", {"x": 431000, "y": 6350000.5}),
        ("Easting: 431000 Northing: 6350000", {"x": 431000, "y": 6350000}),
        ("lat 60.5 lon -10.25", {"y": 60.5, "x": -10.25}),
        ("row 10 col 20", {"row": 10, "column": 20}),
        ("band 3", {"band": 3}),
        ("650 nm", {"wavelength": 650}),
        ("x 4.31e5 y 6.35e6", {"x": 431000, "y": 6350000}),
    ],
)
def test_what_is_typed_is_understood(text, meant):
    assert parse(text) == meant


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "Write where to go"),
        ("120", "Say what 120 is"),
        ("120 300", "Say what 120 is"),
        ("inline", "A number is missing after 'inline'"),
        ("t xl 3", "A number is missing"),
        ("il 3 il 4", "two numbers for inline"),
        ("somewhere 3", "'somewhere' is not understood"),
        ("x 431000,5 y 6", "not a comma"),
        ("inline #3", "'#' is not understood"),
    ],
)
def test_what_is_not_understood_is_said(text, said):
    with pytest.raises(GoToError, match=said):
        parse(text)


def test_places_of_a_volume(seismic):
    assert resolve(parse("IL 1064 XL 2102 T 733"), seismic).index == {"inline": 63, "crossline": 50, "twt": 83}
    assert resolve(parse("x 484026.5 y 6513953.8"), seismic).index == {"inline": 63, "crossline": 50}


def test_places_of_a_cube(cube):
    assert resolve(parse("x 612945 y 5330955"), cube).index == {"y": 10, "x": 20}
    assert resolve(parse("row 10 col 20 650 nm"), cube).index["y"] == 10
    band = int(resolve(parse("650 nm"), cube).index["band"])
    assert abs(cube.wavelengths[band] - 650) == np.abs(cube.wavelengths - 650).min()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("inline 5000", "Inline 5000 is outside the survey: it runs from 1001 to 1128"),
        ("t 2000", "Time 2000 ms is outside the survey: it runs from 400 to 1036 ms"),
        ("x 1 y 2", "X 1.0, Y 2.0 is outside the survey"),
        ("x 484026", "both x and y"),
        ("row 3", "no row: its axes are inline, crossline, time"),
        ("650 nm", "no wavelengths"),
        ("inline 1001 x 484026.5 y 6513953.8", "another inline than 1001"),
    ],
)
def test_places_outside_are_refused_in_a_sentence(seismic, text, said):
    with pytest.raises(GoToError, match=said):
        resolve(parse(text), seismic)


def test_a_voxel_is_said_axis_by_axis(seismic, cube):
    assert by_axes(seismic, (63, 50, 83)) == "inline 1064, crossline 2101, time 732"
    assert by_axes(cube, (10, 20)) == "row 10, column 20"


def test_what_is_written_as_typed_is_found_again(seismic, cube):
    assert typed(seismic, {"inline": 1, "crossline": 2, seismic.names[2]: 3}).startswith("IL ")
    for numbers in (seismic, cube):
        index = {axis.name: axis.values.size // 2 for axis in numbers.axes if axis.name != "band"}
        assert resolve(parse(typed(numbers, index)), numbers).index == index
