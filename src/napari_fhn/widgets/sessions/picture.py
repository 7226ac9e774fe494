"""A small picture of a session for the list of recent ones: the section in view with what is known and predicted."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from napari.components import ViewerModel
from napari.layers import Image, Labels
from numpy.typing import NDArray
from qtpy.QtCore import QBuffer, QIODevice, QSize
from qtpy.QtGui import QImage, QImageReader, QPixmap

from napari_fhn import record, regular
from napari_fhn.labels import ClassTable
from napari_fhn.project.data.standing_in import without_values

SIZE = (144, 96)
"""Width and height of the file, in pixels."""

_LARGEST = 512
"""Pixels along a side of a file that is shown: a session may be somebody else's, and this one is small."""


@dataclass(frozen=True, eq=False)
class Scene:
    """What a picture is made of, taken down on the window's thread and read on another.

    Parameters
    ----------
    image : array_like
        Values of the survey, as its layer has them.
    at : tuple
        Index into it: a number for an axis across the picture, None for one along it.
    turned : bool
        Whether the first of the two axes of the picture goes across it.
    colormap : napari.utils.Colormap
        Of the layer.
    contrast : tuple of float
        Darkest and lightest value.
    classes : tuple of (array_like, float)
        Label values with how much they cover, from the bottom to the top, on the last axes of `image`.
    table : ClassTable
        Whose colours they have.
    """

    image: Any
    at: tuple[int | None, ...]
    turned: bool
    colormap: Any
    contrast: tuple[float, float]
    classes: tuple[tuple[Any, float], ...]
    table: ClassTable


def scene(
    viewer: ViewerModel,
    image: Image,
    layers: tuple[tuple[Labels | None, float], ...],
    table: ClassTable,
    down: int | None,
) -> Scene | None:
    """Take down what is in view; None where nothing is that can be read quickly.

    Parameters
    ----------
    viewer : ViewerModel
        Where the person looks.
    image : napari.layers.Image
        The survey.
    layers : tuple of (napari.layers.Labels or None, float)
        What lies over it, with how much it covers.
    table : ClassTable
        The classes.
    down : int or None
        Axis of the image that is time or depth. A slice of one time takes a sample from every trace of a file: then
        there is no picture, and the one before stays. So it does of a survey that is gone, and has no copy.
    """
    survey = image.metadata.get("survey")
    if image.multiscale or image.rgb or image.ndim < 2 or (survey is not None and without_values(survey)):
        return None
    offset = viewer.dims.ndim - image.ndim
    along = [axis - offset for axis in viewer.dims.order[-2:]]
    if any(axis < 0 for axis in along) or (down is not None and down not in along):
        return None
    here = image.world_to_data(viewer.dims.point[-image.ndim :])
    at = tuple(
        None if axis in along else min(max(round(float(here[axis])), 0), image.data.shape[axis] - 1)
        for axis in range(image.ndim)
    )
    low, high = (float(limit) for limit in image.contrast_limits)
    over = tuple((layer.data, share) for layer, share in layers if layer is not None)
    return Scene(image.data, at, along[0] > along[1], image.colormap, (low, high), over, table)


def painted(scene: Scene) -> NDArray[np.uint8]:
    """Paint a scene, no larger than :data:`SIZE`.

    Returns
    -------
    ndarray of uint8
        ``(height, width, 4)``, RGBA.
    """
    values = _plane(scene.image, scene.at, scene.turned).astype(np.float32)
    low, high = scene.contrast
    share = np.nan_to_num(np.clip((values - low) / max(high - low, 1e-12), 0, 1))
    picture = np.asarray(scene.colormap.map(share.ravel()), np.float32).reshape(*share.shape, 4)
    colors = np.zeros((256, 4), np.float32)
    for value, color in scene.table.colors.items():
        colors[value] = (*(part / 255 for part in bytes.fromhex(color[1:])), 1)
    for data, cover in scene.classes:
        known = _plane(data, scene.at[-data.ndim :], scene.turned)
        if known.shape != values.shape:
            continue
        alpha = cover * (known > 0)[..., None].astype(np.float32)
        picture = picture * (1 - alpha) + colors[known] * alpha
    picture[..., 3] = 1
    return np.ascontiguousarray((255 * picture).astype(np.uint8))


def save(scene: Scene, path: Path) -> None:
    """Paint a scene into a file; a disk that refuses is no reason to complain.

    Parameters
    ----------
    scene : Scene
        What is painted.
    path : Path
        A PNG, replaced as a whole or not at all.
    """
    pixels = painted(scene)
    height, width = pixels.shape[:2]
    image = QImage(pixels.tobytes(), width, height, 4 * width, QImage.Format.Format_RGBA8888)
    buffer = QBuffer()
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    # Sections are long and thin, or short and thick: all pictures of the list are of one shape.
    image.scaled(*SIZE).save(buffer, "PNG")
    with contextlib.suppress(OSError):
        record.write_bytes(path, bytes(buffer.data().data()))


def load(path: Path) -> QPixmap:
    """Return the picture in a file; an empty one where there is none, or none of that size."""
    if regular.why_not(path) is not None:
        return QPixmap()
    reader = QImageReader(str(path), b"png")
    size = reader.size()
    if not size.isValid() or max(size.width(), size.height()) > _LARGEST:
        return QPixmap()
    reader.setScaledSize(QSize(*SIZE))
    return QPixmap.fromImage(reader.read())


def _plane(data: Any, at: tuple[int | None, ...], turned: bool) -> NDArray[Any]:
    """Read a section, only as many rows and columns as a picture has."""
    rows, columns = SIZE[::-1] if not turned else SIZE
    lengths = iter((rows, columns))
    index = tuple(
        slice(None, None, max(1, size // next(lengths))) if place is None else place
        for size, place in zip(data.shape, at, strict=True)
    )
    plane = np.asarray(data[index])
    return plane.T if turned else plane
