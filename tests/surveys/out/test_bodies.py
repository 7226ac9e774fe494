from __future__ import annotations

import os

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from skimage import measure

from napari_fhn import surveys
from napari_fhn.surveys import blocks
from napari_fhn.surveys.out import bodies as bodies_out
from napari_fhn.surveys.out.bodies import save_bodies
from proofs import examples


@settings(max_examples=examples(80), deadline=None)
@given(
    values=hnp.arrays(np.uint8, hnp.array_shapes(min_dims=2, max_dims=3, max_side=7), elements=st.integers(0, 2)),
    connectivity=st.integers(1, 3),
    at_least=st.integers(1, 4),
    limit=st.integers(1, 2000),
)
def test_bodies_are_those_of_the_whole_volume(values, connectivity, at_least, limit, tmp_path_factory):
    path = tmp_path_factory.mktemp("bodies") / "bodies.npy"
    connectivity = min(connectivity, values.ndim)
    whole = measure.label(values == 1, connectivity=connectivity)
    sizes = np.bincount(whole.ravel())[1:]
    with pytest.MonkeyPatch.context() as patch:
        original = blocks.pieces
        patch.setattr(bodies_out, "pieces", lambda v, axis=0, itemsize=0: original(v, axis, limit, itemsize))
        if not (sizes >= at_least).any():
            with pytest.raises(surveys.SurveyError, match="has no body"):
                save_bodies(path, values, 1, at_least=at_least, connectivity=connectivity)
            assert os.listdir(path.parent) == []
            return
        voxels = save_bodies(path, values, 1, at_least=at_least, connectivity=connectivity)
    found = np.load(path)
    np.testing.assert_array_equal(voxels, np.sort(sizes[sizes >= at_least])[::-1])
    np.testing.assert_array_equal(voxels, np.bincount(found.ravel(), minlength=len(voxels) + 1)[1:])
    np.testing.assert_array_equal(found > 0, np.isin(whole, 1 + np.flatnonzero(sizes >= at_least)))
    pairs = np.unique(np.stack([whole[found > 0], found[found > 0]], axis=1), axis=0)
    assert len(pairs) == len(voxels), "one number for one body"


def test_bodies_go_out_as_segy_too(tmp_path, volume):
    survey = surveys.open(volume)
    classes = np.zeros(survey.shape, np.uint8)
    classes[:2], classes[3] = 1, 1
    assert save_bodies(tmp_path / "bodies.npy", classes, 1).tolist() == [60, 30]
    bodies = np.load(tmp_path / "bodies.npy", mmap_mode="r")
    np.testing.assert_array_equal(surveys.open(surveys.save(tmp_path / "b.sgy", bodies, survey)).values, bodies)
