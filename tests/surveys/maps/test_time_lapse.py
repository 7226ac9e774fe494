from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import xarray as xr
from rasterio.transform import from_origin

from napari_fhn import surveys
from napari_fhn.project.data.staging import stage
from napari_fhn.surveys.maps.time_lapse import timelapse
from survey_files import rasters as factory


def scene(folder: Path, name: str, values: np.ndarray, bad: int | None = None, waves=factory.WAVES, **options):
    def tags(file):
        for k, wave in enumerate(waves):
            file.update_tags(k + 1, wavelength=wave, wavelength_units="nm", bbl=int(k != bad))

    (folder / name).mkdir()
    return surveys.open(factory.tiff(folder / name, values=values, name=f"{name}.tif", after=tags, **options))


def test_dates_on_one_grid_stay_on_disk_and_keep_their_values(tmp_path):
    values = factory.cube("int16")
    both = timelapse([scene(tmp_path, "a", values, nodata=-99), scene(tmp_path, "b", -values)], ["2000", "2003"])
    assert not both.variable._in_memory
    assert both.sizes == {"band": 10, "y": 6, "x": 7}
    expected = np.concatenate([np.where(values == -99, np.nan, values), -values])
    np.testing.assert_array_equal(both.values, expected)
    assert both["date"].values.tolist() == ["2000"] * 5 + ["2003"] * 5
    assert both["band_name"].values[[0, 7]].tolist() == ["2000: 460 nm", "2003: 640 nm"]
    assert both["wavelength"].values.tolist() == factory.WAVES * 2
    assert both.attrs["notes"] == ()
    assert both.attrs["kind"] == "hyperspectral"
    assert both.rio.crs.to_string() == factory.UTM
    assert surveys.summary(both)[0].startswith("2000 and 2003: hyperspectral, time-lapse of 2 dates")


def test_a_band_that_is_bad_once_is_bad_always_and_staging_leaves_it_out(tmp_path):
    values = factory.cube("float32")
    both = timelapse([scene(tmp_path, "a", values, bad=1), scene(tmp_path, "b", values, bad=3)])
    assert both["good"].values.tolist() == [True, False, True, False, True] * 2
    assert any("2 bands that are bad on one date" in note for note in both.attrs["notes"])
    staged = np.load(stage(tmp_path / "s", "pair", both).path)
    np.testing.assert_array_equal(staged, np.concatenate([values[[0, 2, 4]]] * 2))


def test_another_grid_is_resampled_and_the_note_says_how(tmp_path):
    rows, columns = np.mgrid[:40, :50]
    first = np.stack([rows + 2.0 * columns] * 5).astype(np.float32)
    shifted = np.stack([(rows + 0.5) + 2.0 * (columns + 0.5)] * 5).astype(np.float32)
    a = scene(tmp_path, "a", first)
    b = scene(tmp_path, "b", shifted, transform=from_origin(366015.0, 5809985.0, 30.0, 30.0))
    both = timelapse([a, b])
    np.testing.assert_allclose(both.values[5:, 1:, 1:], first[:, 1:, 1:], atol=1e-3)
    (note,) = both.attrs["notes"]
    assert note.startswith("b lies on another grid (cells up to 0.707 of their size apart)")
    assert "resampled bilinearly onto 40 x 50 cells of 30 m, EPSG:32633" in note
    fine = scene(
        tmp_path,
        "c",
        np.kron(first, np.ones((1, 3, 3), np.float32)),
        transform=from_origin(366000.0, 5810000.0, 10, 10),
    )
    averaged = timelapse([a, fine])
    assert "by averaging" in averaged.attrs["notes"][0]
    np.testing.assert_allclose(averaged.values[5:], first, atol=1e-3)
    far = scene(tmp_path, "d", first, transform=from_origin(466000.0, 5810000.0, 30.0, 30.0))
    with pytest.raises(surveys.SurveyError, match="does not overlap a"):
        timelapse([a, far])
    half = scene(tmp_path, "e", first, transform=from_origin(366000.0 + 25 * 30, 5810000.0, 30.0, 30.0))
    assert any("50.0 % of the cells have no value" in note for note in timelapse([a, half]).attrs["notes"])


def test_scales_of_dates_are_applied(tmp_path):
    values = factory.cube("int16")

    def scaled(file):
        file.scales = [0.5] * 5

    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    a = surveys.open(factory.tiff(tmp_path / "a", values=values, after=scaled))
    b = surveys.open(factory.tiff(tmp_path / "b", values=values))
    both = timelapse([a, b], ["1", "2"]).values
    np.testing.assert_array_equal(both[:5] * 2, both[5:])


def test_unlike_bands_are_said(tmp_path):
    values = factory.cube("float32")
    a, b = scene(tmp_path, "a", values), scene(tmp_path, "b", values, waves=[w + 10 for w in factory.WAVES])
    assert timelapse([a, b]).attrs["notes"] == ("The bands of the dates differ by up to 10 nm in wavelength.",)
    c = scene(tmp_path, "c", values[:3], waves=factory.WAVES[:3])
    both = timelapse([a, c])
    assert both.attrs["notes"] == ("The dates have unlike numbers of bands.",)
    assert both["date"].values.tolist() == ["a"] * 5 + ["c"] * 3


def test_without_maps_only_rows_and_columns_count(tmp_path):
    flat = [xr.DataArray(np.ones((2, 3, 4)), dims=("band", "y", "x"), name=n,
                         coords={"y": np.arange(3) + 0.5, "x": np.arange(4) + 0.5}) for n in "ab"]  # fmt: skip
    assert any("rows and columns only" in note for note in timelapse(flat).attrs["notes"])
    with pytest.raises(surveys.SurveyError, match="nothing says how they lie"):
        timelapse([flat[0], flat[1][:, :2]])
    with pytest.raises(surveys.SurveyError, match="nothing says how they lie"):
        timelapse([scene(tmp_path, "c", factory.cube("float32")), flat[0]])


@pytest.mark.parametrize(
    ("n", "dates", "words"), [(1, None, "needs two"), (2, ["a"], "2 dates are called a"), (2, ["a", "a"], "own name")]
)
def test_dates_have_names_of_their_own(tmp_path, n, dates, words):
    scenes = [scene(tmp_path, f"s{k}", factory.cube("float32")) for k in range(n)]
    with pytest.raises(surveys.SurveyError, match=words):
        timelapse(scenes, dates)


def test_taizhou(shared):
    dates = [surveys.open(shared(f"taizhou/{year}TM")) for year in (2000, 2003)]
    both = timelapse(dates, ["2000", "2003"])
    assert both.shape == (12, 400, 400)
    assert both.attrs["notes"] == ()
    np.testing.assert_array_equal(both[7].values, dates[1][1].values)
