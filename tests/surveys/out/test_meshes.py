from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest
import xarray as xr
import zarr

from napari_fhn import surveys
from napari_fhn.surveys import blocks
from napari_fhn.surveys.geometry import SurveyGeometry
from napari_fhn.surveys.out import meshes as meshes_out
from napari_fhn.surveys.out.meshes import save_mesh


@pytest.fixture
def thin(monkeypatch):
    """Slabs of one or two planes."""
    original = blocks.pieces
    monkeypatch.setattr(meshes_out, "pieces", lambda values, axis=0, itemsize=0: original(values, axis, 128, itemsize))


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
    monkeypatch.setattr(meshes_out, "pieces", lambda v, axis=0, itemsize=0: original(v, axis, 20000, itemsize))
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
        ("a.obj", classes[1:], "there are classes for .*, and the survey has .*Give its own"),
    ):
        with pytest.raises(surveys.SurveyError, match=words):
            save_mesh(tmp_path / path, values, survey, [("salt", 2)])
    assert os.listdir(tmp_path) == ["volume.sgy"]


def read_tsurf(path: Path) -> dict[str, tuple[np.ndarray, np.ndarray, list[str]]]:
    """Vertices, triangles and header of each surface, by name; read as the format is described."""
    found = {}
    for part in path.read_text().split("GOCAD TSurf 1\n")[1:]:
        lines = part.splitlines()
        assert lines[-1] == "END"
        name = next(line[6:] for line in lines if line.startswith("name: "))
        vertices = {int(line.split()[1]): [*map(float, line.split()[2:])] for line in lines if line.startswith("VRTX")}
        triangles = np.array([line.split()[1:] for line in lines if line.startswith("TRGL")], int)
        assert sorted(vertices) == list(range(1, len(vertices) + 1)), "numbered from 1 in each surface"
        first, last = lines.index("TFACE"), max(k for k, line in enumerate(lines) if line.startswith("VRTX"))
        assert not any(line.startswith("TRGL") for line in lines[first:last]), "vertices come before triangles"
        found[name] = np.array([vertices[k] for k in sorted(vertices)]), triangles - 1, lines[:first]
    return found


@pytest.mark.parametrize("geometry", [None, LEFT])
def test_a_gocad_surface_is_the_same_mesh_with_depth_downwards(tmp_path, thin, geometry):
    values = np.zeros((9, 8, 7), np.uint8)
    values[1:8, 2:6, 1:5] = 1
    values[0, 0, 0] = 2
    like = grid(values.shape, geometry)
    bodies = [("salt dome", 1), ("nowhere", 9), ("fault", 2)]
    save_mesh(tmp_path / "m.obj", values, like, bodies)
    colors = {1: "#ff0033", 2: "#000000"}
    count = save_mesh(tmp_path / "m.ts", values, like, bodies, colors=colors, history=["Drawn by hand"])
    found = read_tsurf(tmp_path / "m.ts")
    assert list(found) == ["salt dome", "fault"], "what occurs nowhere is no surface"
    assert sum(len(triangles) for _, triangles, _ in found.values()) == count
    expected, faces, _ = read_obj(tmp_path / "m.obj")
    np.testing.assert_array_equal(np.concatenate([v for v, _, _ in found.values()]) * (1, 1, -1), expected)
    salt, triangles, head = found["salt dome"]
    np.testing.assert_array_equal(triangles, faces[: len(triangles)])
    assert salt[:, 2].min() == 1000 + 0.5 * 4
    edges = np.concatenate([triangles[:, [0, 1]], triangles[:, [1, 2]], triangles[:, [2, 0]]])
    assert {tuple(edge) for edge in edges.tolist()} == {tuple(edge) for edge in edges[:, ::-1].tolist()}, "closed"
    units = '"m" "m" "ms"' if geometry else '"none" "none" "ms"'
    names = '"X" "Y" "Z"' if geometry else '"inline" "crossline" "Z"'
    for line in (f"AXIS_NAME {names}", f"AXIS_UNIT {units}", "ZPOSITIVE Depth", "*solid*color: 1 0 0.2 1",
                 "# Drawn by hand"):  # fmt: skip
        assert line in head
    assert sorted(os.listdir(tmp_path)) == ["m.obj", "m.ts"]
