"""Bodies are closed surfaces no finer than asked for; tubes lie around their paths."""

from __future__ import annotations

import numpy as np
import pytest

from napari_fhn.surveys import solids
from napari_fhn.surveys.solids import body, together, tube


def edges_used(faces):
    """How often each edge is one of a triangle."""
    edges = np.sort(np.concatenate([faces[:, [0, 1]], faces[:, [1, 2]], faces[:, [2, 0]]]), axis=1)
    return np.unique(edges, axis=0, return_counts=True)[1]


def volume_of(solid):
    a, b, c = (solid.vertices[solid.faces[:, k]] for k in range(3))
    return abs(np.einsum("ij,ij->i", a, np.cross(b, c)).sum()) / 6


def test_a_body_is_closed_also_where_it_leaves_the_survey():
    values = np.zeros((12, 14, 16), np.uint8)
    values[:5, 4:9, 10:] = 3
    found = body(values, 3)
    assert (edges_used(found.faces) == 2).all()
    assert volume_of(found) == pytest.approx(np.count_nonzero(values), rel=0.15)


def test_what_is_one_voxel_thin_is_not_lost():
    values = np.zeros((9, 9, 9), np.uint8)
    values[4] = 1
    assert np.ptp(body(values, 1).vertices[:, 1]) == pytest.approx(9, abs=1)


def test_a_large_body_is_made_coarser_until_it_is_small_enough(monkeypatch):
    ball = (np.linalg.norm(np.mgrid[:40, :40, :40] - 19.5, axis=0) < 15).astype(np.uint8)
    fine, coarse = body(ball, 1), body(ball, 1, most=1000)
    assert len(fine.faces) > 1000 >= len(coarse.faces)
    assert volume_of(coarse) == pytest.approx(volume_of(fine), rel=0.1)
    monkeypatch.setattr(solids, "MOST_VOXELS", 20**3)
    read = []

    class Counted:
        shape = ball.shape

        def __getitem__(self, key):
            found = ball[key]
            read.append(found.size)
            return found

    body(Counted(), 1)
    assert sum(read) <= 20**3


def test_it_tells_how_far_it_is_and_can_be_stopped():
    shares = []
    values = np.ones((5, 6, 7), np.uint8)
    body(values, 1, progress=shares.append)
    assert shares == sorted(shares)
    assert shares[-1] == 1.0
    assert body(values, 1, stop=lambda: len(shares) > 0) is None


def test_a_tube_lies_around_its_path_which_may_bend():
    path = np.array([[0, 0, 0], [0, 0, 5], [2, 1, 9], [6, 2, 10.0]])
    found = tube(path, 0.5)
    rings = found.vertices.reshape(4, 8, 3)
    np.testing.assert_allclose(rings.mean(axis=1), path, atol=1e-9)
    np.testing.assert_allclose(np.linalg.norm(rings - path[:, np.newaxis], axis=-1), 0.5)
    both = together([found, found])
    assert both.faces.max() == len(both.vertices) - 1
    assert len(together([]).faces) == 0
