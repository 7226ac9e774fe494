"""The curve under the cursor: right values, no bad bands, one pixel at a time, and only where there are spectra."""

from __future__ import annotations

import numpy as np

from napari_fhn import sample_data, surveys
from napari_fhn.widgets.data import spectrum_panel
from napari_fhn.widgets.data.spectrum import has_spectra, spectrum


def test_a_pixel_in_all_good_bands():
    survey = surveys.open(sample_data.HYPERSPECTRAL.dates[0])
    assert has_spectra(survey)
    assert not has_spectra(surveys.open(sample_data.SEISMIC.survey))
    found = spectrum(survey, 10, 20)
    good = np.asarray(survey["good"])
    known = np.isfinite(found.values)
    assert known.sum() == good.sum()
    np.testing.assert_allclose(found.values[known], 1e-4 * np.asarray(survey[:, 10, 20])[good], rtol=1e-5)
    np.testing.assert_allclose(found.wavelengths[known], np.asarray(survey["wavelength"])[good])
    assert (np.diff(found.wavelengths) > 0).all()


def test_the_fold_is_there_for_cubes_only_and_follows_the_cursor(viewer, dock, spin):
    panel = dock.data.spectrum
    viewer.open_sample("napari-fhn", "seismic")
    assert panel.isHidden()
    viewer.layers.clear()
    viewer.open_sample("napari-fhn", "hyperspectral")
    assert not panel.isHidden()
    panel.show_pixel(10, 20)
    assert spin(lambda: "row 10, column 20" in panel.caption.text())
    for number, curve in enumerate(panel.curves[:2]):
        expected = spectrum(surveys.open(sample_data.HYPERSPECTRAL.dates[number]), 10, 20)
        np.testing.assert_array_equal(curve.getData()[1], expected.values)
    layer = viewer.layers[0]
    assert panel.mark.value() == float(layer.data["wavelength"][viewer.dims.current_step[0]])
    viewer.layers.clear()
    assert panel.isHidden()


def test_no_more_than_ten_pixels_in_a_second_and_the_last_one_is_drawn(viewer, dock, spin, monkeypatch):
    viewer.open_sample("napari-fhn", "hyperspectral")
    panel = dock.data.spectrum
    read = []

    def slow(survey, row, column):
        read.append((row, column))
        return spectrum(survey, row, column)

    monkeypatch.setattr(spectrum_panel, "spectrum", slow)
    for column in range(50):
        panel.show_pixel(5, column)
    assert spin(lambda: "row 5, column 49" in panel.caption.text())
    assert len(read) <= 4


def test_the_cursor_asks_for_the_pixel_below_it(viewer, dock, monkeypatch):
    viewer.open_sample("napari-fhn", "hyperspectral")
    panel = dock.data.spectrum
    asked = []
    monkeypatch.setattr(panel, "isVisible", lambda: True)
    monkeypatch.setattr(panel, "show_pixel", lambda row, column: asked.append((row, column)))
    layer = viewer.layers[0]
    viewer.cursor.position = tuple(layer.data_to_world((3, 10, 20)))
    viewer.cursor.position = tuple(layer.data_to_world((3, 1000, 20)))
    assert asked == [(10, 20)]
    panel.fold.setChecked(False)
    viewer.cursor.position = tuple(layer.data_to_world((3, 11, 20)))
    assert asked == [(10, 20)]
    assert panel.plot.isHidden()
