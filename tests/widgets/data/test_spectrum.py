"""The curve under the cursor: right values, no bad bands, one pixel at a time, and only where there are spectra."""

from __future__ import annotations

import numpy as np

from napari_fhn import sample_data, surveys
from napari_fhn.surveys.spectra import class_spectra, has_spectra, spectrum
from napari_fhn.widgets.data import spectrum_panel


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
    assert spin(lambda: "Row 10, column 20" in panel.caption.text())
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
    assert spin(lambda: "Row 5, column 49" in panel.caption.text())
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


def test_the_classes_have_a_mean_and_a_spread():
    survey = surveys.open(sample_data.HYPERSPECTRAL.dates[1])
    labels = np.zeros((survey.sizes["y"], survey.sizes["x"]), np.uint8)
    labels[4:7, 5:9], labels[40, 60] = 1, 2
    found = class_spectra(survey, labels)
    assert sorted(found) == [1, 2]
    assert (found[1].pixels, found[2].pixels) == (12, 1)
    one = found[1]
    known = np.isfinite(one.mean.values)
    good = np.asarray(survey["good"])
    assert known.sum() == good.sum()  # gaps where bands are bad
    expected = 1e-4 * np.asarray(survey[:, 4:7, 5:9], np.float64).reshape(survey.sizes["band"], -1)[good]
    np.testing.assert_allclose(one.mean.values[known], expected.mean(axis=1), rtol=1e-5)
    np.testing.assert_allclose(one.low.values[known], np.percentile(expected, 10, axis=1), rtol=1e-5)
    assert (one.low.values[known] <= one.high.values[known]).all()
    assert class_spectra(survey, labels, most=5)[1].pixels == 5


def test_the_classes_follow_the_labels_while_they_are_shown(viewer, dock, spin):
    viewer.open_sample("napari-fhn", "hyperspectral")
    panel = dock.data.spectrum
    dock.labels.load.click()
    assert spin(lambda: len(dock.desk.book.state.counts) == 2)
    assert not panel.classes.found
    panel.by_class.click()
    assert spin(lambda: sorted(panel.classes.found) == [1, 2])
    before = panel.classes.found[1].pixels
    layer = dock.desk.book.layer
    layer.data_setitem((np.array([0, 0, 0]), np.array([0, 1, 2])), 1)
    assert spin(lambda: panel.classes.found[1].pixels == before + 3)
    # A mean for each class, and its spread in three pieces between the bad bands.
    assert len(panel.classes._items) == 2 * (1 + 3)
    panel.by_class.click()
    assert not panel.classes._items
