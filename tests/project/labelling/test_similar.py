"""More like this: places said in a survey's own numbers, several surveys, labels as examples, files."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import xarray as xr
from tests.structure.similar.arrays import cube, volume

from napari_fhn import surveys
from napari_fhn.box import Box
from napari_fhn.project import Project, ProjectError, Session, SurveySet
from napari_fhn.project.labelling import shown, similar
from napari_fhn.structure.similar.likeness import Examples


@pytest.fixture(scope="module")
def seismic() -> tuple[SurveySet, np.ndarray]:
    values, blocks = volume()
    shape = values.shape[1:]
    coords = {"inline": 100 + np.arange(shape[0]), "crossline": 500 + 2 * np.arange(shape[1])}
    survey = xr.DataArray(
        values[0], dims=("inline", "crossline", "twt"), coords={**coords, "twt": 4.0 * np.arange(shape[2])}, name="s"
    )
    survey["twt"].attrs["units"] = "ms"
    return SurveySet.of({"s": survey}), blocks


@pytest.fixture
def fields() -> tuple[SurveySet, np.ndarray]:
    """Two surveys of some bands each; one band is bad, and "no data" is a number."""
    values, fields = cube()
    first = xr.DataArray((values[:4] * 1000).astype(np.int16), dims=("band", "y", "x"), attrs={"nodata": -9})
    first = first.assign_coords(good=("band", [True, True, False, True]))
    first[2] = np.random.default_rng(5).integers(0, 30000, first[2].shape)
    first[:, :6] = -9
    second = xr.DataArray(np.moveaxis(values[4:], 0, -1), dims=("y", "x", "band"))
    return SurveySet.of({"a": first, "b": second}), fields


def test_bad_bands_stay_behind_and_no_data_is_nothing(fields):
    together, _ = fields
    channels = similar.SurveyValues(together)
    assert (channels.count, channels.shape) == (8, (60, 70))
    read = channels.read(Box((4, 0), (9, 70)))
    assert read.shape == (8, 5, 70)
    assert read[:3, 2:].max() < 1000
    assert np.isnan(read[:3, :2]).all()
    described = similar.describe(together, None)
    assert not described.known[:5].any()
    with pytest.raises(ProjectError, match=r"no data at the place that was shown \(row 2, column 5\)"):
        similar.find(together, described, Examples((shown.shown_at(together, "row 2 column 5"),)))


def test_a_place_is_said_in_numbers_of_the_survey(seismic):
    together, blocks = seismic
    described = similar.describe(together, 2)
    place = shown.shown_at(together, "inline 116 crossline 536 time 112")
    assert place.tolist() == [[16, 18, 28]]
    found = similar.find(together, described, Examples((place,)), count=5)
    assert found.places[0].shown
    assert all(blocks[one.voxel] for one in found.found[:2])
    assert found.where(found.places[0]).startswith("inline 1")
    assert found.likeness.dims == ("inline", "crossline", "twt")
    best = found.likeness.sel(inline=116, crossline=536, twt=112, method="nearest")
    assert float(best) > 0.8
    assert found.history == ("likeness, 0 to 1, to inline 116, crossline 536, time 112",)


@pytest.mark.parametrize(
    ("at", "words"),
    [
        ("inline 116", "says no crossline and no time"),
        ("inline 116 crossline 536 time 9999", "outside the survey"),
        ("row 3 column 4", "no row"),
        ("somewhere", "no place"),
        ("1 2", "outside the survey"),
        ((1, 2, 1000), "Say inline crossline time"),
        ((-1, 2, 3), "outside the survey"),
        (Box((0, 0, 0), (1, 1, 999)), "no part of the survey"),
        (Box((4, 4, 4), (4, 5, 5)), "no part of the survey"),
        (np.zeros((3, 3, 3), bool), "the mask"),
        (np.zeros((64, 72, 96), bool), "marks nothing.*Mark a place in a mask of the survey's shape"),
    ],
)
def test_what_is_no_place_is_said(seismic, at, words):
    with pytest.raises(ProjectError, match=words):
        shown.shown_at(seismic[0], at)


def test_places_are_indices_boxes_and_masks_too(seismic):
    together, blocks = seismic
    assert shown.shown_at(together, "16 18 28").tolist() == [[16, 18, 28]]
    assert shown.shown_at(together, (16, 18, 28)).tolist() == [[16, 18, 28]]
    assert shown.shown_at(together, Box((1, 2, 3), (2, 3, 5))).tolist() == [[1, 2, 3], [1, 2, 4]]
    assert len(shown.shown_at(together, blocks)) == blocks.sum()


def test_labels_of_a_class_are_examples_and_told_no_more(seismic, tmp_path):
    together, blocks = seismic
    project = Project(Session(tmp_path / "s.fhn"), together)
    with project.session.writing("test"):
        project.use(together)
        labels = np.zeros(together.shape, np.uint8)
        labels[10:20, 12:24, 16:40] = 1
        labels[2:10, 40:50] = 2
        project.paint(labels)
        examples = shown.shown_by_class(project, project.classes.names[0])
        described = similar.describe(together, 2)
        found = similar.find(together, described, examples, known=project.session.known())
        assert found.places
        assert not any(place.shown for place in found.places)
        assert all(labels[place.voxel] == 0 for place in found.places)
        assert np.mean([blocks[place.voxel] for place in found.places]) > 0.7
        before = labels.copy()
        change, _ = similar.label(together, found.places, labels, 3)
        assert not (labels == 3).any()  # nothing is written yet
        assert change.redo(labels) == (labels == 3).sum() > 0
        np.testing.assert_array_equal(labels[before > 0], before[before > 0])
        change.undo(labels)
        np.testing.assert_array_equal(labels, before)
        with pytest.raises(ProjectError, match="nothing is labelled as 'other'"):
            shown.labelled_examples(labels, 3, "other")


def test_likeness_is_written_on_the_grid_of_the_survey(seismic, tmp_path):
    together, _ = seismic
    described = similar.describe(together, 2)
    found = similar.find(together, described, Examples((shown.shown_at(together, (16, 18, 28)),)))
    whole = found.on_survey
    assert whole[:, :, :].shape == together.shape
    np.testing.assert_array_equal(whole[3:7, 5, ::2], whole[:, :, :][3:7, 5, ::2])
    cell = described.lattice.cell
    assert whole[16, 18, 28] == found.alike[16 // cell[0], 18 // cell[1], 28 // cell[2]]
    written = found.save(tmp_path / "like.nc", together.first)
    again = surveys.open(written)
    np.testing.assert_allclose(np.asarray(again), whole[:, :, :], rtol=1e-6)
    np.testing.assert_array_equal(again["inline"], together.first["inline"])


def test_what_is_missing_is_not_labelled(fields):
    together, _ = fields
    described = similar.describe(together, None)
    found = similar.find(together, described, Examples((shown.shown_at(together, (14, 16)),)), level=0.05)
    place = replace(found.places[0], box=Box((0, 0), (12, 70)), inside=np.ones((12, 70), bool))
    labels = np.zeros(together.shape, np.uint8)
    change, there = similar.label(together, [place], labels, 2)
    change.redo(labels)
    assert not labels[:6].any()
    assert (labels[6:12] == 2).all()
    assert there == 0
    labels[6] = 0
    change, there = similar.label(together, [place], labels, 2)
    assert (change.voxels, there) == (70, 5 * 70)  # and what is missing is neither


def test_a_survey_without_data_is_like_nothing():
    empty = xr.DataArray(np.zeros((20, 20, 20), np.float32), dims=("inline", "crossline", "twt"))
    with pytest.raises(ProjectError, match="nothing is like anything in 'empty'"):
        similar.describe(SurveySet.of({"empty": empty}), 2)
