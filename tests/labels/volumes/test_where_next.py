"""The places most worth labelling next."""

from __future__ import annotations

import numpy as np
import pytest

from napari_fhn.labels.volumes.where_next import where_next


def volume():
    doubt = np.zeros((48, 48, 48), np.float32)
    doubt[4:12, 4:12, 4:12] = 0.9
    doubt[36:44, 36:44, 36:44] = 0.6
    predicted = np.ones(doubt.shape, np.uint8)
    predicted[:, :, 8:] = 2
    return doubt, predicted, np.zeros(doubt.shape, np.uint8)


def inside(place, low, high):
    return all(low <= at < high for at in place.voxel)


def test_the_largest_doubt_comes_first_and_places_are_spread():
    doubt, predicted, known = volume()
    first, second, *_ = where_next(doubt, predicted, known)
    assert inside(first, 4, 12)
    assert inside(second, 36, 44)
    assert first.doubt > second.doubt
    far = [np.subtract(a.voxel, b.voxel) for a in (first,) for b in (second,)]
    assert np.linalg.norm(far[0]) >= 16


def test_a_place_beside_labels_gives_way_to_one_far_from_them():
    doubt, predicted, known = volume()
    known[8, 8, 8] = 1
    first = where_next(doubt, predicted, known)[0]
    assert inside(first, 36, 44)
    assert 30 < first.distance < 60


def test_what_is_not_predicted_yet_is_left_out():
    doubt, predicted, known = volume()
    predicted[:24] = 0
    assert all(place.voxel[0] >= 24 for place in where_next(doubt, predicted, known))


def test_one_predicted_section_is_enough_and_the_place_lies_on_it():
    doubt, predicted, known = volume()
    predicted[:7], predicted[8:] = 0, 0
    places = where_next(doubt, predicted, known)
    assert places
    assert {place.voxel[0] for place in places} == {7}


def test_no_doubt_no_place():
    _, predicted, known = volume()
    assert where_next(np.zeros(predicted.shape, np.float32), predicted, known) == []


def test_bytes_mean_the_same_as_fractions(tmp_path):
    doubt, predicted, known = volume()
    path = tmp_path / "doubt.npy"
    np.save(path, np.rint(255 * doubt).astype(np.uint8))
    mapped = where_next(np.load(path, mmap_mode="r"), predicted, known)
    plain = where_next(doubt, predicted, known)
    assert [p.voxel for p in mapped] == [p.voxel for p in plain]
    assert mapped[0].doubt == pytest.approx(plain[0].doubt, abs=0.01)


def test_it_says_why():
    doubt, predicted, known = volume()
    predicted[4:12, 4:12, 4:12] = 1
    predicted[4:12, 4:12, 8:12] = 2
    known[40, 40, 40] = 1
    place = where_next(doubt, predicted, known)[0]
    words = place.reason({1: "Shale", 2: "Salt"})
    assert words.startswith(("Shale", "Salt"))
    assert "voxels from labels" in words
    assert "%" in words


def test_maps_and_other_shapes():
    rng = np.random.default_rng(0)
    doubt = rng.random((61, 200), dtype=np.float32)
    places = where_next(doubt, np.ones(doubt.shape, np.uint8), np.zeros(doubt.shape, np.uint8), count=3)
    assert len(places) == 3
    assert all(0 <= v < s for place in places for v, s in zip(place.voxel, doubt.shape, strict=True))
    with pytest.raises(ValueError, match="differ in shape"):
        where_next(doubt, np.ones((3, 3)), np.zeros((3, 3)))
