from __future__ import annotations

import numpy as np
import pytest
import xarray as xr

from napari_fhn import surveys
from napari_fhn.surveys.raster.composites import bands_in, composite


def cube(waves=(450.0, 470.0, 545.0, 560.0, 630.0, 645.0, 900.0), good=None, **attrs) -> xr.DataArray:
    n = len(waves)
    values = np.random.default_rng(0).integers(0, 1000, (n, 40, 30)).astype(np.int16)
    coords = {"band": np.arange(1, n + 1), "wavelength": ("band", list(waves))}
    if good is not None:
        coords["good"] = ("band", good)
    return xr.DataArray(values, dims=("band", "y", "x"), coords=coords, name="cube", attrs=attrs)


def test_true_colour_takes_the_nearest_bands():
    picture = composite(cube())
    assert picture.wavelengths == (645.0, 545.0, 450.0)
    assert picture.bands == (6, 3, 1)
    assert picture.image.shape == (40, 30, 3)
    assert str(picture) == "645, 545, 450 nm"


def test_bad_bands_are_left_out():
    good = np.ones(7, bool)
    good[[0, 5]] = False
    assert composite(cube(good=good)).wavelengths == (630.0, 545.0, 470.0)
    with pytest.raises(surveys.SurveyError, match="band 6 is on its bad-band list"):
        composite(cube(good=good), [6, 3, 2])
    with pytest.raises(surveys.SurveyError, match="every band"):
        composite(cube(good=np.zeros(7, bool)))


def test_values_are_stretched_between_percentiles():
    survey = cube()
    picture = composite(survey, [7, 5, 3], percentiles=(10, 90))
    values = survey.values[6].astype(float)
    low, high = np.percentile(values, (10, 90))
    assert picture.limits[0] == pytest.approx((low, high))
    np.testing.assert_allclose(picture.image[..., 0], np.clip((values - low) / (high - low), 0, 1), atol=1e-6)
    assert picture.image.min() == 0
    assert picture.image.max() == 1


def test_missing_pixels_are_nan_and_do_not_stretch():
    survey = cube(nodata=-9999.0)
    survey.values[5, 3, 4] = -9999
    picture = composite(survey)
    assert np.isnan(picture.image[3, 4]).all()
    assert np.isnan(picture.image).sum() == 3
    assert picture.limits[0][0] >= 0


def test_a_flat_band_and_an_empty_one_are_pictures_too():
    survey = cube()
    survey.values[:] = 7
    assert np.isfinite(composite(survey).image).all()
    assert np.isnan(composite(survey.astype(float) * np.nan).image).all()


def test_colours_that_the_sensor_does_not_see_are_a_sentence():
    with pytest.raises(surveys.SurveyError, match=r"no good band of it is near 640 nm .the nearest is at 900 nm"):
        composite(cube(waves=(900.0, 1000.0, 1100.0)))
    assert composite(cube(waves=(900.0, 1000.0, 1100.0)), wavelengths=(1100, 1000, 900)).bands == (3, 2, 1)
    with pytest.raises(surveys.SurveyError, match="no wavelengths"):
        composite(cube().drop_vars("wavelength"))
    with pytest.raises(surveys.SurveyError, match="has no band 9"):
        composite(cube(), [1, 2, 9])
    with pytest.raises(surveys.SurveyError, match="2 bands"):
        composite(cube(), [1, 2])
    with pytest.raises(surveys.SurveyError, match="Choose a cube"):
        composite(cube()[0])


def test_bands_called_red_green_blue_need_no_wavelengths():
    survey = cube().drop_vars("wavelength").assign_coords(band_name=("band", ["Blue", "", "GREEN", "", "", "red", ""]))
    picture = composite(survey)
    assert picture.bands == (6, 3, 1)
    assert picture.wavelengths is None
    assert str(picture) == "bands 6, 3, 1"


def test_a_part_keeps_its_band_numbers():
    assert composite(cube()[2:], [6, 5, 3]).bands == (6, 5, 3)


def test_real_scenes(shared):
    assert str(composite(surveys.open(shared("taizhou/2000TM")))) == "660, 565, 482 nm"
    assert str(composite(surveys.open(shared("hysu/dlr_hysu.npz")))) == "638, 551, 461 nm"
    tile = composite(surveys.open(shared("potsdam/images/enmap_potsdam_tile_128_0.tif")))
    assert str(tile) == "641, 551, 459 nm"
    assert 0 <= tile.limits[0][0] < tile.limits[0][1] < 1


def test_what_can_be_typed():
    assert bands_in(" ") == {}
    assert bands_in("30, 20 10") == {"bands": [30, 20, 10]}
    assert bands_in("850 650.5 550 nm") == {"wavelengths": [850, 650.5, 550]}
    for text in ("1 2", "red green blue", "1 2 3 4", "850.5 650 550"):
        with pytest.raises(ValueError, match=r"bands|Bands"):
            bands_in(text)
