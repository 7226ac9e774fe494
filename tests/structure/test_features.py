"""What a pixel is told by."""

from __future__ import annotations

import numpy as np

from napari_fhn.box import Box
from napari_fhn.structure.features import Features, FeatureSet
from structure.maps import Channels, fields

BANDS, AROUND = FeatureSet(False, False), FeatureSet(False, True)
DIFFERENCES = FeatureSet(True, False)
TEXTURE = FeatureSet(False, False, texture=True)


def test_single_voxels_have_the_features_of_their_box() -> None:
    data, _ = fields((40, 50))
    features = Features(data, (slice(0, 2), slice(2, 4)))
    assert len(features.sets) == 5
    rng = np.random.default_rng(0)
    places = rng.integers(0, (40, 50), (30, 2))
    for chosen in features.sets:
        single = features.seen(features.at(places), chosen)
        whole = features.seen(features.columns(Box.whole(data.shape), [chosen]), chosen)
        np.testing.assert_allclose(single, whole.reshape(40, 50, -1)[tuple(places.T)], atol=1e-4)


def test_features_are_scaled() -> None:
    data, _ = fields((60, 60))
    data.values[0] *= 90
    data.values[1] += 70
    rows = Features(data).seen(Features(data).columns(Box.whole(data.shape)), BANDS)
    np.testing.assert_allclose(rows.mean(axis=0), 0, atol=0.2)
    np.testing.assert_allclose(rows.std(axis=0), 1, atol=0.2)


def test_what_is_alike_on_both_dates_but_for_a_gain_is_no_difference() -> None:
    rng = np.random.default_rng(0)
    before = rng.normal(size=(2, 60, 60))
    after = 0.7 * before + 0.4
    after[:, 10:20, 10:30] += 3
    data = Channels(np.concatenate([before, after]))
    features = Features(data, (slice(0, 2), slice(2, 4)))
    columns = features.columns(Box.whole(data.shape), [DIFFERENCES]).reshape(60, 60, -1)[..., 4:]
    changed = np.zeros((60, 60), bool)
    changed[10:20, 10:30] = True
    np.testing.assert_allclose(columns[~changed], 0, atol=0.05)
    np.testing.assert_allclose(columns[changed], 3, atol=0.1)


def test_texture_tells_rough_from_smooth_where_bands_do_not() -> None:
    rng = np.random.default_rng(0)
    values = rng.normal(size=(10, 80, 80))  # more bands than directions
    values[:, :, 40:] *= 3
    data = Channels(values)
    features = Features(data)
    assert features.sets[-1] == TEXTURE
    assert TEXTURE.title == "texture"
    whole = Box.whole(data.shape)
    rows = features.seen(features.columns(whole), TEXTURE).reshape(80, 80, -1)
    left, right = rows[10:70, 10:30].reshape(-1, rows.shape[-1]), rows[10:70, 50:70].reshape(-1, rows.shape[-1])
    apart = abs(left.mean(axis=0) - right.mean(axis=0)) / (left.std(axis=0) + right.std(axis=0) + 1e-6)
    assert apart.max() > 3
    bands = features.seen(features.columns(whole), BANDS).reshape(80, 80, -1)
    assert abs(bands[10:70, 10:30].mean() - bands[10:70, 50:70].mean()) < 0.1


def test_texture_of_a_volume_without_data_here_and_there_is_finite() -> None:
    values = np.random.default_rng(0).normal(size=(2, 12, 14, 16))
    values[:, 3:6] = np.nan
    data = Channels(values)
    features = Features(data)
    rows = features.seen(features.columns(Box.whole(data.shape)), TEXTURE)
    assert np.isfinite(rows).all()


def test_what_lies_around_leaves_gaps_out() -> None:
    values = np.ones((1, 20, 20))
    values[:, :, 10:] = np.nan
    values[:, :, 9] = 5
    features = Features(Channels(values))
    around = features.columns(Box.whole((20, 20))).reshape(20, 20, -1)[..., 1]
    np.testing.assert_allclose(around[:, 9], 3, atol=1e-4)  # five and one
    np.testing.assert_allclose(around[5, 4], 1, atol=1e-4)


def test_many_bands_are_turned_into_few_directions() -> None:
    few, _ = fields((40, 40), bands=4)
    many = np.einsum("cb,byx->cyx", np.random.default_rng(0).normal(size=(90, 4)), few.values)
    features = Features(Channels(many))
    rows = features.seen(features.columns(Box.whole((40, 40))), BANDS)
    assert rows.shape == (1600, 30)
    assert np.isfinite(rows).all()
    assert (rows.std(axis=0) > 1e-3).sum() == 4  # what is left of the others is rounding


def test_many_maps_of_one_channel_are_not_dates() -> None:
    data, _ = fields(bands=3)
    assert Features(data, (slice(0, 1), slice(1, 2), slice(2, 3))).sets == (BANDS, AROUND, TEXTURE)
    assert DIFFERENCES in Features(data, (slice(0, 1), slice(1, 2))).sets
