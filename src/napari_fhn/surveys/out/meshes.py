"""Geobodies and faults out: the closed surface of a class as a mesh, Wavefront OBJ or GOCAD TSurf."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, TextIO

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from napari_fhn.surveys.blocks import ArrayLike, Told, pieces, read, release
from napari_fhn.surveys.errors import SurveyError
from napari_fhn.surveys.geometry import SurveyGeometry
from napari_fhn.surveys.moving import replacing
from napari_fhn.surveys.out import fitting, gocad
from napari_fhn.surveys.out.classes import rgb
from napari_fhn.surveys.out.history import lines_of, plain

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

OBJ, TSURF = (".obj",), (".ts",)
SUFFIXES = (*OBJ, *TSURF)


def save_mesh(
    path: str | Path,
    values: ArrayLike,
    like: xr.DataArray,
    bodies: Sequence[tuple[str, int]],
    *,
    colors: Mapping[int, str] | None = None,
    history: Sequence[str] = (),
    progress: Told | None = None,
) -> int:
    """Write the surfaces of classes, or of numbered bodies, as a mesh in map coordinates.

    Parameters
    ----------
    path : str or Path
        An ``.obj`` file, or a GOCAD TSurf (``.ts``): one object for each body, closed also where the body leaves the
        survey.
    values : ArrayLike of int, shape (inline, crossline, sample)
        Classes, or bodies as `save_bodies` numbers them, on the grid of `like`; read a slab at a time.
    like : xarray.DataArray
        The survey as `napari_fhn.surveys.open` gave it. x and y are map coordinates where it has a place on the map,
        else inline and crossline numbers; z is minus the two-way time in ms, or minus the depth in m, so that up is
        up; in a TSurf it is the time or depth itself, declared to grow downwards. The file says which.
    bodies : sequence of (str, int)
        Name and value of each.
    colors : mapping of int to str, optional
        Colours ``#rrggbb`` by value; a TSurf has room for them.
    history : sequence of str, optional
        What made the values: lines after a ``#`` at the beginning.
    progress : callable, optional
        Told the share that is done, 0 to 1.

    Returns
    -------
    int
        Number of triangles written.

    Raises
    ------
    SurveyError
        For another suffix or shape, or when none of the values occurs.

    Examples
    --------
    >>> from napari_fhn import sample_data, surveys
    >>> from napari_fhn.surveys.out import save_mesh
    >>> survey = surveys.open(sample_data.SEISMIC.survey)
    >>> save_mesh("salt.obj", sample_data.seismic_truth(), survey, [("salt", 7)]) > 1000
    True
    """
    path = Path(path)
    if path.suffix.lower() not in SUFFIXES:
        raise SurveyError(path, f"the suffix '{path.suffix}' is not known for meshes", f"Use {' or '.join(SUFFIXES)}")
    like = fitting.check(path, "mesh", values.shape, like)
    triangles = 0
    source = f"survey: {Path(str(like.attrs.get('source', ''))).name}"
    with replacing(path) as new:
        with new.open("w", encoding="ascii", errors="replace") as file:
            kind = _Wavefront if path.suffix.lower() in OBJ else _TSurf
            writer = kind(file, like, [source, *lines_of(history)], colors or {})
            for k, (name, value) in enumerate(bodies):
                mesh = _Mesh(writer, like)
                for share in mesh.surface(name, values, value):
                    if progress is not None:
                        progress((k + share) / len(bodies))
                triangles += mesh.triangles
        if not triangles:
            raise SurveyError(
                path, f"none of {[name for name, _ in bodies]} occurs", "Choose a class that was predicted"
            )
    return triangles


class _Wavefront:
    """An OBJ file: vertices count on from object to object."""

    def __init__(self, file: TextIO, like: xr.DataArray, lines: Sequence[str], colors: Mapping[int, str]) -> None:
        self.file, self.before, self.count = file, 0, 0
        source, *made = lines
        file.writelines(f"# {plain(line)}\n" for line in (source, _units(like), *made))

    def begin(self, name: str, value: int) -> None:
        self.before = self.count
        self.file.write(f"o {'_'.join(name.split())}\n")

    def write(self, vertices: Floats, triangles: Ints) -> None:
        """Write x, y and z upwards, and triangles that count the vertices of their object from 1."""
        self.count += len(vertices)
        np.savetxt(self.file, vertices, fmt="v %.3f %.3f %.3f")
        np.savetxt(self.file, triangles + self.before, fmt="f %d %d %d")

    def end(self) -> None:
        """An object ends where the next begins."""


class _TSurf:
    """GOCAD surfaces one after the other, each with its own vertices, which come before its triangles."""

    def __init__(self, file: TextIO, like: xr.DataArray, lines: Sequence[str], colors: Mapping[int, str]) -> None:
        self.file, self.like, self.colors = file, like, colors
        self.lines = [*lines, _units(like).replace("minus the ", "")]
        self.name, self.value, self.count = "", 0, 0
        self.triangles: TextIO | None = None

    def begin(self, name: str, value: int) -> None:
        self.name, self.value, self.count = plain(" ".join(name.split())), value, 0

    def write(self, vertices: Floats, triangles: Ints) -> None:
        """Write vertices, and keep triangles until all vertices are there."""
        if self.triangles is None:
            # Only now: a body that occurs nowhere is no surface.
            self._write_head()
            folder = Path(self.file.name).parent
            self.triangles = tempfile.TemporaryFile("w+", encoding="ascii", dir=folder)  # noqa: SIM115  (closed by end)
        numbers = self.count + 1 + np.arange(len(vertices))
        self.count += len(vertices)
        np.savetxt(self.file, np.column_stack([numbers, vertices * (1, 1, -1)]), fmt="VRTX %d %.3f %.3f %.3f")
        np.savetxt(self.triangles, triangles, fmt="TRGL %d %d %d")

    def end(self) -> None:
        if self.triangles is None:
            return
        with self.triangles as kept:
            kept.seek(0)
            shutil.copyfileobj(kept, self.file)
        self.triangles = None
        self.file.write("END\n")

    def _write_head(self) -> None:
        more = []
        if self.value in self.colors:
            shares = " ".join(f"{part / 255:.6g}" for part in rgb(self.colors[self.value]))
            more = [f"*solid*color: {shares} 1"]
        lines = [*gocad.head("TSurf", self.name, self.like, self.lines, more), "TFACE"]
        self.file.writelines(f"{line}\n" for line in lines)


class _Mesh:
    """The surface of one body, written slab by slab."""

    def __init__(self, writer: _Wavefront | _TSurf, like: xr.DataArray) -> None:
        self.writer, self.like = writer, like
        self.vertices = self.triangles = 0

    def surface(self, name: str, values: ArrayLike, value: int) -> Iterator[float]:
        """Write the surface around the voxels of a value; yields the share that is done."""
        n = values.shape[0]
        plane: NDArray[np.bool_] = np.zeros([size + 2 for size in values.shape[1:]], bool)
        seam: dict[tuple[float, ...], int] = {}
        step = next(pieces(values, itemsize=64)).stop
        self.writer.begin(name, value)
        # A plane of nothing lies before the first inline and behind the last: index 0 here is inline -1.
        for start in range(-1, n, step):
            stop = min(start + 1 + step, n + 1)
            inside = read(values, slice(start + 1, min(stop, n))) == value
            slab = np.pad(inside, [(0, max(0, stop - n)), (1, 1), (1, 1)])
            slab = np.concatenate([plane[np.newaxis], slab])
            plane = slab[-1]
            seam = self._write(slab, start, seam) if slab.any() else {}
            release(values)
            yield min(stop, n) / n
        self.writer.end()

    def _write(self, slab: NDArray[np.bool_], start: int, seam: dict[tuple[float, ...], int]) -> dict[Any, int]:
        """Write one slab; vertices that it shares with the one before are not written again."""
        from skimage import measure

        vertices, faces, _, _ = measure.marching_cubes(slab.astype(np.float32), 0.5)  # type: ignore[no-untyped-call]
        vertices = np.round(2 * vertices) / 2
        places = np.empty(len(vertices), np.int64)
        shared = {k: seam[key] for k in np.flatnonzero(vertices[:, 0] == 0) if (key := tuple(vertices[k, 1:])) in seam}
        new = np.ones(len(vertices), bool)
        if shared:
            old = np.fromiter(shared, np.int64)
            new[old], places[old] = False, np.fromiter(shared.values(), np.int64)
        places[new] = self.vertices + 1 + np.arange(int(new.sum()))
        self.vertices += int(new.sum())
        # They are wound for a space of the other hand.
        if not _mirrored(self.like):
            faces = faces[:, ::-1]
        self.writer.write(_place(self.like, vertices[new] + (start, -1, -1)), places[faces])
        self.triangles += len(faces)
        last = np.flatnonzero(vertices[:, 0] == len(slab) - 1)
        return {tuple(vertices[k, 1:]): int(places[k]) for k in last}


def _place(like: xr.DataArray, index: Floats) -> Floats:
    """Map coordinates and height of fractional indices, shape (n, 3)."""
    first, second, down = (_along(like, axis, index[:, axis]) for axis in range(3))
    geometry = like.attrs.get("geometry")
    if isinstance(geometry, SurveyGeometry):
        first, second = geometry.to_xy(first, second)
    return np.stack([first, second, -down], axis=1)


def _along(like: xr.DataArray, axis: int, index: Floats) -> Floats:
    coordinate = np.asarray(like[like.dims[axis]], dtype=np.float64)
    step = (coordinate[-1] - coordinate[0]) / (coordinate.size - 1) if coordinate.size > 1 else 1.0
    return np.asarray(coordinate[0] + index * step)


def _mirrored(like: xr.DataArray) -> bool:
    """Say whether index space and map space differ in handedness, which turns triangles inside out."""
    origin, *axes = _place(like, np.array([[0, 0, 0], [1, 0, 0], [0, 1, 0], [0, 0, 1]], dtype=np.float64))
    return bool(np.linalg.det(np.array(axes) - origin) < 0)


def _units(like: xr.DataArray) -> str:
    geometry = like.attrs.get("geometry")
    first, second = like.dims[:2]
    lateral = f"x, y: map coordinates in {geometry.units}" if isinstance(geometry, SurveyGeometry) else (
        f"x, y: {first} and {second} numbers"
    )  # fmt: skip
    vertical = like[like.dims[2]]
    units = vertical.attrs.get("units", "")
    what = vertical.attrs.get("long_name", vertical.name)
    return f"{lateral}; z: minus the {what}{f' in {units}' if units else ''}"
