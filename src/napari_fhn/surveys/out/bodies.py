"""Geobodies out: connected bodies of a class as a label volume."""

from __future__ import annotations

import itertools
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_fhn import mapped
from napari_fhn.sentence import counted
from napari_fhn.surveys.blocks import ArrayLike, Told, pieces, read, release
from napari_fhn.surveys.errors import SurveyError
from napari_fhn.surveys.moving import check_room, replacing
from napari_fhn.surveys.out.history import forget, lines_of, write_beside

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
            raise SurveyError(
                path, f"class {value} has no body of {counted(at_least, 'voxels')} or more", "Ask for smaller ones"
            )
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
