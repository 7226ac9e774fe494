from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest
import xarray as xr
import zarr
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from skimage import measure

from napari_fhn import surveys
from napari_fhn.surveys import blocks
from napari_fhn.surveys.geometry import SurveyGeometry
from napari_fhn.surveys.out import bodies as bodies_out
from napari_fhn.surveys.out.bodies import save_bodies, save_mesh


@pytest.fixture
def thin(monkeypatch):
    """Slabs of one or two planes."""
    original = blocks.pieces
    monkeypatch.setattr(bodies_out, "pieces", lambda values, axis=0, itemsize=0: original(values, axis, 128, itemsize))


@settings(max_examples=80, deadline=None)
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


def read_obj(path: Path) -> tuple[np.ndarray, np.ndarray, list[str]]:
    lines = path.read_text().splitlines()
    vertices = np.array([line.split()[1:] for line in lines if line.startswith("v ")], float)
    faces = np.array([line.split()[1:] for line in lines if line.startswith("f ")], int)
    return vertices, faces - 1, lines


def volume_inside(vertices: np.ndarray, faces: np.ndarray) -> float:
    a, b, c = (vertices[faces[:, k]] - vertices.mean(0) for k in range(3))
    return float(np.einsum("ij,ij->i", a, np.cross(b, c)).sum() / 6)


def grid(shape: tuple[int, int, int], geometry: SurveyGeometry | None = None) -> xr.DataArray:
    return xr.DataArray(
        np.zeros(shape, np.float32),
        dims=("inline", "crossline", "twt"),
        coords={
            "inline": 100.0 + np.arange(shape[0]),
            "crossline": 200.0 + np.arange(shape[1]),
            "twt": ("twt", 1000.0 + 4 * np.arange(shape[2]), {"units": "ms", "long_name": "two-way time"}),
        },
        attrs={"source": "/data/cube.sgy", "geometry": geometry},
    )


RIGHT = SurveyGeometry((100, 200), (1, 1), (5e5, 6e6), (25.0, 0.0), (0.0, 12.5))
LEFT = SurveyGeometry((100, 200), (1, 1), (5e5, 6e6), (0.0, 25.0), (12.5, 0.0))


@pytest.mark.parametrize("geometry", [None, RIGHT, LEFT])
def test_a_mesh_is_closed_and_lies_where_the_body_is(tmp_path, thin, geometry):
    values = np.zeros((9, 8, 7), np.uint8)
    values[1:8, 2:6, 1:5] = 1
    values[5:, 0:3, 4:] = 1  # out through the end of the survey
    values[0, 0, 0] = 2
    stored = zarr.create_array(store={}, shape=values.shape, dtype=values.dtype, chunks=(2, 2, 2))
    stored[:] = values
    like = grid(values.shape, geometry)
    path = tmp_path / "salt.obj"
    triangles = save_mesh(path, stored, like, [("salt dome", 1), ("speck", 2)])
    vertices, faces, lines = read_obj(path)
    assert len(faces) == triangles
    assert [line for line in lines if line.startswith("o ")] == ["o salt_dome", "o speck"]
    lateral = "map coordinates in m" if geometry else "inline and crossline numbers"
    assert lines[:2] == ["# survey: cube.sgy", f"# x, y: {lateral}; z: minus the two-way time in ms"]
    edges = np.concatenate([faces[:, [0, 1]], faces[:, [1, 2]], faces[:, [2, 0]]])
    there, back = ({tuple(edge) for edge in found.tolist()} for found in (edges, edges[:, ::-1]))
    assert there == back, "every edge has a triangle on either side: nothing is open at the seams of slabs"
    assert len(np.unique(vertices, axis=0)) == len(vertices), "no vertex twice"
    scale = 4.0 * (25 * 12.5 if geometry else 1)
    assert volume_inside(vertices, faces) == pytest.approx((values > 0).sum() * scale, rel=0.2)
    x0, y0 = (5e5, 6e6) if geometry else (100, 200)
    assert vertices[:, 0].min() == pytest.approx(x0 - 0.5 * (25 if geometry is RIGHT else 12.5 if geometry else 1))
    assert vertices[:, 2].max() == -1000 + 0.5 * 4
    assert vertices[:, 2].min() == -1000 - 4 * 6.5
    assert vertices[:, 1].min() >= y0 - 25


def test_a_mesh_by_slabs_is_the_mesh_of_the_whole(tmp_path, monkeypatch):
    values = (np.random.default_rng(0).random((12, 11, 10)) > 0.6).astype(np.uint8)
    like = grid(values.shape)
    save_mesh(tmp_path / "whole.obj", values, like, [("a", 1)])
    original = blocks.pieces
    monkeypatch.setattr(bodies_out, "pieces", lambda v, axis=0, itemsize=0: original(v, axis, 20000, itemsize))
    save_mesh(tmp_path / "slabs.obj", values, like, [("a", 1)])
    whole, slabs = (read_obj(tmp_path / name) for name in ("whole.obj", "slabs.obj"))
    assert whole[0].shape == slabs[0].shape
    corners = [np.sort([np.sort(v[f], axis=0).ravel() for f in faces], axis=0) for v, faces, _ in (whole, slabs)
               for f in [slice(None)] for faces in [faces]]  # fmt: skip
    np.testing.assert_allclose(corners[0], corners[1])


def test_what_has_no_surface_is_refused(tmp_path, volume):
    survey = surveys.open(volume)
    classes = np.ones(survey.shape, np.uint8)
    for path, values, words in (
        ("a.obj", classes, "none of"),
        ("a.stl", classes, "not known for meshes"),
        ("a.obj", classes[1:], "no volume on the grid"),
    ):
        with pytest.raises(surveys.SurveyError, match=words):
            save_mesh(tmp_path / path, values, survey, [("salt", 2)])
    assert os.listdir(tmp_path) == ["volume.sgy"]


def test_bodies_go_out_as_segy_too(tmp_path, volume):
    survey = surveys.open(volume)
    classes = np.zeros(survey.shape, np.uint8)
    classes[:2], classes[3] = 1, 1
    assert save_bodies(tmp_path / "bodies.npy", classes, 1).tolist() == [60, 30]
    bodies = np.load(tmp_path / "bodies.npy", mmap_mode="r")
    np.testing.assert_array_equal(surveys.open(surveys.save(tmp_path / "b.sgy", bodies, survey)).values, bodies)
