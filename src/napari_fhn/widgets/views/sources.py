"""What of the layers a picture is made of: values, colours, order, taken down before a thread reads them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from napari.components import ViewerModel
from napari.layers import Image, Labels
from numpy.typing import NDArray

from napari_fhn.surveys.composing import Amounts, Classes, Colours, Part, composed
from napari_fhn.surveys.cuts import Cut, cut
from napari_fhn.widgets.data.material import Material

HIDDEN = "hidden in 3D"
"""In the metadata of a layer that is out of sight only as long as planes are shown in its place."""

HATCH, STALE = "hatched", "stale"
"""In the metadata of the prediction: whether what has no class is hatched, and what says where it is stale."""

_COLORS = 256


@dataclass(frozen=True, eq=False)
class Source:
    """One layer, as it looks now.

    Parameters
    ----------
    data : array_like
        What it shows; read when a picture is made.
    leading : tuple of int
        Which band, of the axes before those of space.
    part : callable
        Makes a part of a picture of a section of the values.
    classes : bool
        Whether these are classes, and no data.
    hatch : bool
        Whether what has no class was not predicted, and is hatched.
    stale : array_like or None
        Where classes are of an earlier network; read as `data` is.
    """

    data: Any
    leading: tuple[int, ...]
    part: Callable[[NDArray[Any]], Part]
    classes: bool
    hatch: bool = False
    stale: Any = None

    def cut(self, where: Cut, vertical: int | None, most: tuple[int, int]) -> Part:
        """Read a section."""
        values = _Band(self.data, self.leading) if self.leading else self.data
        part = self.part(cut(values, where, vertical, most))
        if isinstance(part, Classes) and (self.hatch or self.stale is not None):
            stale = None if self.stale is None else cut(self.stale, where, vertical, most)
            return replace(part, stale=stale, missing=part.values == 0 if self.hatch else None)
        return part


class _Band:
    """One band of an array that is read by index."""

    def __init__(self, data: Any, leading: tuple[int, ...]) -> None:
        self.data, self.leading = data, leading
        self.shape = tuple(data.shape[len(leading) :])

    def __getitem__(self, key: tuple[Any, ...]) -> Any:
        return self.data[(*self.leading, *key)]


def shows(layer: Any) -> bool:
    """Whether a layer is in sight on sections."""
    return bool(layer.visible or layer.metadata.get(HIDDEN, False))


def sources(viewer: ViewerModel, material: Material) -> tuple[Source, ...]:
    """Return the layers that are in sight and lie on the grid of the surveys, from the bottom to the top.

    Parameters
    ----------
    viewer : ViewerModel
        Whose layers.
    material : Material
        The surveys.
    """
    found = []
    for layer in viewer.layers:
        if shows(layer) and isinstance(layer, Image | Labels) and _on_grid(layer, material):
            source = _of_labels(layer) if isinstance(layer, Labels) else _of_image(layer, viewer, len(material.shape))
            if source is not None:
                found.append(source)
    return tuple(found)


def picture(
    found: Sequence[Source], where: Cut, vertical: int | None, most: tuple[int, int], pixels: tuple[int, int]
) -> NDArray[np.uint8]:
    """Read a section of all sources and lay them over each other.

    Parameters
    ----------
    found : sequence of Source
        From the bottom to the top.
    where, vertical, most
        As in :func:`napari_fhn.surveys.cuts.cut`.
    pixels : tuple of int
        Rows and columns of the room on the screen, for outlines that keep their width.
    """
    parts = [source.cut(where, vertical, most) for source in found]
    if not parts:
        return composed(())
    rows, columns = parts[0].values.shape[:2]
    return composed(parts, max(1, round(min(rows / max(pixels[0], 1), columns / max(pixels[1], 1)))))


def _on_grid(layer: Any, material: Material) -> bool:
    data, n, place = _finest(layer), len(material.shape), material.placement()
    shape = data.shape[:-1] if getattr(layer, "rgb", False) else data.shape
    return (
        tuple(shape[-n:]) == tuple(material.shape)
        and np.allclose(layer.scale[-n:], place["scale"])
        and np.allclose(layer.translate[-n:], place["translate"])
    )


def _finest(layer: Any) -> Any:
    return layer.data[0] if getattr(layer, "multiscale", False) else layer.data


def _of_image(layer: Image, viewer: ViewerModel, n: int) -> Source:
    data, opacity = _finest(layer), float(layer.opacity)
    at = layer.world_to_data(viewer.dims.point)
    leading = tuple(
        min(max(round(float(at[axis])), 0), layer.data.shape[axis] - 1) for axis in range(max(0, layer.ndim - n))
    )
    classes = "overlay" in layer.metadata
    if layer.rgb:
        return Source(data, leading, lambda values: Colours(values, opacity), classes)
    shares = np.linspace(0.0, 1.0, _COLORS) ** float(layer.gamma)
    colors = np.rint(255 * np.asarray(layer.colormap.map(shares))).astype(np.uint8)
    low, high = map(float, layer.contrast_limits)
    return Source(data, leading, lambda values: Amounts(values, colors, (low, high), opacity), classes)


def _of_labels(layer: Labels) -> Source | None:
    if np.dtype(layer.data.dtype) != np.uint8:
        return None
    values = np.arange(_COLORS, dtype=np.uint8)
    colors = np.rint(255 * np.asarray(layer.colormap.map(values))).astype(np.uint8)
    opacity, outline = float(layer.opacity), int(layer.contour)
    return Source(
        layer.data,
        (),
        lambda found: Classes(found, colors, opacity, outline),
        True,
        hatch=bool(layer.metadata.get(HATCH, False)),
        stale=layer.metadata.get(STALE),
    )
