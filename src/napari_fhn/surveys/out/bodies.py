"""Geobodies out: connected bodies of a class as a label volume, and the surface of a class as a mesh."""

from __future__ import annotations

import itertools
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Any, TextIO

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from napari_fhn import mapped
from napari_fhn.surveys.blocks import ArrayLike, Told, pieces, read, release
from napari_fhn.surveys.errors import SurveyError
from napari_fhn.surveys.geometry import SurveyGeometry
from napari_fhn.surveys.moving import check_room, replacing
from napari_fhn.surveys.out.history import forget, lines_of, plain, write_beside

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


def save_bodies(
    path: str | Path,
    values: ArrayLike,
    value: int | Collection[int],
    *,
    at_least: int = 1,
    connectivity: int = 1,
    history: Sequence[str] = (),
    progress: Told | None = None,
) -> Ints:
    """Number the connected bodies of a class and write them as a label volume.

    Parameters
    ----------
    path : str or Path
        A ``.npy`` file: int32, 0 outside, bodies numbered from 1 by falling size. `napari_fhn.surveys.save` takes
        it, memory-mapped, to any other kind of file.
    values : ArrayLike of int
        Classes; read a slab at a time, whatever its size.
    value : int or collection of int
        The class, or the classes that count as one.
    at_least : int
        Voxels of the smallest body that is kept.
    connectivity : int
        1: voxels that share a face belong together; up to the number of axes: also those that share an edge or a
        corner.
    history : sequence of str, optional
        What made the classes; in a text file beside it (``NAME.npy.history.txt``), since a ``.npy`` has no room.
    progress : callable, optional
        Told the share that is done, 0 to 1.

    Returns
    -------
    ndarray of int64, shape (n_body,)
        Voxels of the bodies, in the order of their numbers.

    Raises
    ------
    SurveyError
        When no body is large enough, or it cannot be written.

    Examples
    --------
    >>> import numpy as np
    >>> from napari_fhn.surveys.out import save_bodies
    >>> classes = np.array([[1, 1, 0, 1], [1, 0, 0, 1], [0, 0, 0, 0]])
    >>> save_bodies("bodies.npy", classes, 1).tolist()
    [3, 2]
    >>> np.load("bodies.npy")[0].tolist()
    [1, 1, 0, 2]
    """
    path = Path(path)
    shape = tuple(values.shape)
    wanted = [value] if isinstance(value, int) else list(value)
    with replacing(path) as new:
        check_room(path, 4 * int(np.prod(shape)))
        out = mapped.create(new, shape, np.int32)
        count, pairs, sizes = 0, [np.empty((0, 2), np.int64)], [np.zeros(1, np.int64)]
        before: NDArray[Any] | None = None
        # Labels and their ancestors are several times larger than what is read.
        slabs = list(pieces(values, itemsize=16))
        for piece in slabs:
            labels = _label(np.isin(read(values, piece), wanted), connectivity)
            labels[labels > 0] += count
            found = int(labels.max(initial=count)) - count
            sizes.append(np.bincount(labels.ravel(), minlength=count + found + 1)[count + 1 :])
            if before is not None:
                pairs.append(_touching(before, labels[0], connectivity))
            count, before = count + found, labels[-1].copy()
            out[piece] = labels
            release(values)
            release(out)
            if progress is not None:
                progress(0.5 * piece.stop / shape[0])
        body, voxels = _bodies(np.concatenate(sizes), np.concatenate(pairs), at_least)
        if not voxels.size:
            raise SurveyError(path, f"class {value} has no body of {at_least} voxels or more", "Ask for smaller ones")
        for piece in slabs:
            out[piece] = body[out[piece]]
            release(out)
            if progress is not None:
                progress(0.5 + 0.5 * piece.stop / shape[0])
        out.flush()
        del out
        if made := lines_of(history):
            write_beside(new, made)
    if not made:
        forget(path)
    return voxels


def _label(inside: NDArray[np.bool_], connectivity: int) -> Ints:
    from skimage import measure

    found: NDArray[Any] = measure.label(inside, connectivity=connectivity)  # type: ignore[no-untyped-call]
    return found.astype(np.int64)


def _touching(one: Ints, other: Ints, connectivity: int) -> Ints:
    """Pairs of labels that meet between the last plane of a slab and the first of the next, shape (n, 2)."""
    pairs = []
    for shift in itertools.product((-1, 0, 1), repeat=one.ndim):
        # The step to the other plane is one of the steps that connectivity counts.
        if sum(map(abs, shift)) >= connectivity:
            continue
        a = one[tuple(slice(max(0, s), n + min(0, s)) for s, n in zip(shift, one.shape, strict=True))]
        b = other[tuple(slice(max(0, -s), n + min(0, -s)) for s, n in zip(shift, one.shape, strict=True))]
        both = (a > 0) & (b > 0)
        pairs.append(np.unique(np.stack([a[both], b[both]], axis=1), axis=0))
    return np.concatenate(pairs)


def _bodies(sizes: Ints, pairs: Ints, at_least: int) -> tuple[NDArray[np.int32], Ints]:
    """Join labels that touch; returns the number of the body of each label, and the voxels of the bodies."""
    from scipy import sparse

    n = sizes.size
    touching = sparse.coo_matrix((np.ones(len(pairs), np.int8), (pairs[:, 0], pairs[:, 1])), shape=(n, n))
    _, joined = sparse.csgraph.connected_components(touching, directed=False)
    voxels = np.bincount(joined, weights=sizes).astype(np.int64)
    order = np.argsort(-voxels, kind="stable")
    order = order[voxels[order] >= max(1, at_least)]
    number = np.zeros(voxels.size, np.int32)
    number[order] = np.arange(1, order.size + 1)
    return number[joined], voxels[order]


def save_mesh(
    path: str | Path,
    values: ArrayLike,
    like: xr.DataArray,
    bodies: Sequence[tuple[str, int]],
    *,
    history: Sequence[str] = (),
    progress: Told | None = None,
) -> int:
    """Write the surfaces of classes, or of numbered bodies, as a mesh in map coordinates.

    Parameters
    ----------
    path : str or Path
        An ``.obj`` file: one object for each body, closed also where the body leaves the survey.
    values : ArrayLike of int, shape (inline, crossline, sample)
        Classes, or bodies as `save_bodies` numbers them, on the grid of `like`; read a slab at a time.
    like : xarray.DataArray
        The survey as `napari_fhn.surveys.open` gave it. x and y are map coordinates where it has a place on the map,
        else inline and crossline numbers; z is minus the two-way time in ms, or minus the depth in m, so that up is
        up. The file says which, in its first lines.
    bodies : sequence of (str, int)
        Name and value of each.
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
    if path.suffix.lower() != ".obj":
        raise SurveyError(path, f"the suffix '{path.suffix}' is not known for meshes", "Use .obj")
    if like.ndim != 3 or tuple(values.shape) != like.shape:
        raise SurveyError(path, f"values of shape {tuple(values.shape)} are no volume on the grid of this survey",
                          "Give the prediction, or the bodies, of a 3D survey")  # fmt: skip
    triangles = 0
    with replacing(path) as new:
        with new.open("w", encoding="ascii", errors="replace") as file:
            file.write(f"# survey: {Path(str(like.attrs.get('source', ''))).name}\n# {_units(like)}\n")
            file.writelines(f"# {plain(line)}\n" for line in lines_of(history))
            mesh = _Mesh(file, like)
            for k, (name, value) in enumerate(bodies):
                file.write(f"o {'_'.join(name.split())}\n")
                for share in mesh.surface(values, value):
                    if progress is not None:
                        progress((k + share) / len(bodies))
                triangles = mesh.triangles
        if not triangles:
            raise SurveyError(
                path, f"none of {[name for name, _ in bodies]} occurs", "Choose a class that was predicted"
            )
    return triangles


class _Mesh:
    """An OBJ file that grows surface by surface."""

    def __init__(self, file: TextIO, like: xr.DataArray) -> None:
        self.file, self.like = file, like
        self.vertices = self.triangles = 0

    def surface(self, values: ArrayLike, value: int) -> Any:
        """Write the surface around the voxels of a value, slab by slab; yields the share that is done."""
        n = values.shape[0]
        plane: NDArray[np.bool_] = np.zeros([size + 2 for size in values.shape[1:]], bool)
        seam: dict[tuple[float, ...], int] = {}
        step = next(pieces(values, itemsize=64)).stop
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
        np.savetxt(self.file, _place(self.like, vertices[new] + (start, -1, -1)), fmt="v %.3f %.3f %.3f")
        # They are wound for a space of the other hand.
        if not _mirrored(self.like):
            faces = faces[:, ::-1]
        np.savetxt(self.file, places[faces], fmt="f %d %d %d")
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
