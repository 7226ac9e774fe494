"""What layers of napari say on the voxels of the labels: by their values, or the class that their features name."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr
from napari.layers import Labels, Layer, Points, Shapes
from numpy.typing import NDArray

from napari_fhn.labels import ClassTable, LabelError
from napari_fhn.labels.volumes.drawn import areas
from napari_fhn.labels.volumes.splits import slabs
from napari_fhn.project.knowledge import Part
from napari_fhn.sentence import counted
from napari_fhn.surveys.grid import Placed
from napari_fhn.surveys.grid.axis import TOLERANCE
from napari_fhn.surveys.stored_classes import StoredClasses
from napari_fhn.widgets.data.material import Material
from napari_fhn.widgets.results.comparison import on_grid_of, unmoved
from napari_fhn.widgets.standing import data_of

#: Columns of a layer's features that say the class, the first that there is.
_NAMING = ("class", "class_name", "label", "name", "facies", "lithology", "type", "code")


def part_of(layer: Layer, mine: Labels, material: Material, table: ClassTable, here: str) -> Part:
    """Return what a layer says, on the voxels of the labels.

    Parameters
    ----------
    layer : napari.layers.Labels, Shapes or Points
        Made by a person, another plugin or a file.
    mine : napari.layers.Labels
        The label layer.
    material : Material
        The survey that they are of.
    table : ClassTable
        The classes so far.
    here : str
        The class of shapes and points that do not name one.

    Raises
    ------
    LabelError
        When it does not lie on the voxels of the labels, or holds no class.
    """
    keep = _kept_axes(layer, mine, material)
    if isinstance(layer, Labels):
        values, words = _voxels(layer, mine, keep)
        found, value_of = _classes(values, layer, table)
        title = f"labels of the layer {layer.name}"

        def write(classes: ClassTable, out: NDArray[Any], weights: NDArray[Any] | None) -> None:
            final = {code: classes.value_of(found.called([value])) for code, value in value_of.items()}
            for slab in slabs(out):
                part = np.asarray(values[slab])
                for code in np.unique(part):
                    if int(code) in final:
                        out[slab][(part == code) & (out[slab] == 0)] = final[int(code)]

        return Part((), title, found, words, (), weighted=False, write=write)
    named = _names(layer, here)
    found = table.including(name for name in dict.fromkeys(named) if name)
    shape, marks = mine.data.shape, list[tuple[Any, str]]()
    if isinstance(layer, Shapes):
        drawn = [
            (_to_voxels(points, layer, mine, keep), kind)
            for points, kind in zip(layer.data, layer.shape_type, strict=True)
        ]
        marks = [(areas([one], shape), name) for one, name in zip(drawn, named, strict=True)]
        what = counted(len(marks), "shapes")
    else:
        at = np.rint(_to_voxels(layer.data, layer, mine, keep)).astype(np.int64)
        inside = ((at >= 0) & (at < shape)).all(axis=1)
        marks = [(tuple(row), name) for row, name, is_in in zip(at, named, inside, strict=True) if is_in]
        what = counted(len(named), "points")
    missed = len(named) - sum(1 for where, _ in marks if not isinstance(where, np.ndarray) or where.any())
    if missed == len(named):
        raise LabelError(f"nothing of the layer '{layer.name}' lies on the survey", "Draw it there")
    lie, were = ("lies", "was") if missed == 1 else ("lie", "were")
    note = f"{missed} of them {lie} outside of the survey, or on no section of it, and {were} left out."
    said = (note,) if missed else ()

    def mark(classes: ClassTable, out: NDArray[Any], weights: NDArray[Any] | None) -> None:
        for where, name in marks:
            part = out[where]
            out[where] = np.where(part == 0, classes.value_of(name), part) if name else part

    return Part((), f"{what} of the layer {layer.name}", found, said, (), weighted=False, write=mark)


def _kept_axes(layer: Layer, mine: Labels, material: Material) -> list[int]:
    """Axes of a layer that the labels have too: the bands of a cube are none."""
    dims = material.first.dims
    if layer.ndim == mine.ndim:
        return list(range(layer.ndim))
    if layer.ndim == len(dims) and "band" in dims:
        return [axis for axis, dim in enumerate(dims) if dim != "band"]
    raise LabelError(
        f"the layer '{layer.name}' has {counted(layer.ndim, 'axes')}, and the labels have {mine.ndim}",
        "Make one on the survey with napari's buttons above the layer list",
    )


def _voxels(layer: Labels, mine: Labels, keep: list[int]) -> tuple[Any, tuple[str, ...]]:
    """Values of a layer on the grid of the labels, and what was done to bring them there."""
    data, place = data_of(layer), {"scale": layer.scale[keep], "translate": layer.translate[keep]}
    if len(keep) < layer.ndim:
        (band,) = set(range(layer.ndim)) - set(keep)
        stacked = np.asarray(data)
        data = stacked.max(axis=band)
        lowest = np.where(stacked > 0, stacked, np.iinfo(stacked.dtype).max).min(axis=band)
        if ((data > 0) & (lowest != data)).any():
            raise LabelError(
                f"pixels of the layer '{layer.name}' have different classes at different bands",
                "Paint each pixel at one of them",
            )
    flat = Labels(data, name=layer.name, metadata=dict(layer.metadata), **place)
    if len(keep) == layer.ndim:
        flat.affine, flat.rotate, flat.shear = layer.affine, layer.rotate, layer.shear
    placed = on_grid_of(mine, flat) if {"grid", "survey"} & set(layer.metadata) else _beside(flat, mine)
    if placed is None:
        raise LabelError(
            f"the layer '{layer.name}' does not lie on the voxels of the labels: its scale or its translate is another",
            "Give it those of the survey's layer, or make one on the survey with napari's button for new labels",
        )
    stored = StoredClasses(placed, Path(layer.name))
    lost = stored.words_of_lost(called=_names_of_values(layer))
    if lost and not stored.codes():
        what = f"nothing of the layer '{layer.name}' covers the middle of a cell of the survey"
        raise LabelError(what, "Give points, or a survey of smaller cells")
    return placed.values, tuple(one for one in (placed.words, *lost) if one)


def _beside(layer: Labels, mine: Labels) -> Placed | None:
    """Values of a layer that lies on the same voxels, as far as it reaches; None where it lies otherwise."""
    shape, theirs = mine.data.shape, layer.data.shape
    unplaced = bool((np.asarray(layer.scale) == 1).all()) and not np.asarray(layer.translate).any()
    corners = np.array([np.zeros(len(shape)), *np.diag(np.maximum(np.array(theirs) - 1, 1))], np.float64)
    seen = np.array([mine.world_to_data(layer.data_to_world(corner)) for corner in corners])
    first = np.rint(seen[0]).astype(np.int64)
    if (np.abs(seen - corners - first) > TOLERANCE).any():
        if unplaced and theirs == shape:
            return unmoved(layer, "It says nothing of its place and was taken voxel by voxel.")
        return None
    if not first.any() and theirs == shape:
        return unmoved(layer)
    ends = np.minimum(first + theirs, shape)
    starts = np.maximum(first, 0)
    if (ends <= starts).any():
        return None
    values = np.zeros(shape, np.asarray(layer.data[(slice(0, 1),) * len(shape)]).dtype)
    own = tuple(slice(a - f, b - f) for a, b, f in zip(starts, ends, first, strict=True))
    values[tuple(slice(a, b) for a, b in zip(starts, ends, strict=True))] = np.asarray(layer.data[own])
    return Placed(xr.DataArray(values), "It covers a part of the survey." if (ends - starts < shape).any() else "")


def _classes(values: Any, layer: Labels, table: ClassTable) -> tuple[ClassTable, dict[int, int]]:
    """The classes with those that a layer has, and the label value of each of its values."""
    codes: set[int] = set()
    for slab in slabs(values):
        codes |= {int(code) for code in np.unique(np.asarray(values[slab])) if code > 0}
    if not codes:
        raise LabelError(f"nothing is painted in the layer '{layer.name}'", "Paint first")
    names = _names_of_values(layer)
    named = {code: names[code] for code in codes if names.get(code)}
    table = table.including(dict.fromkeys(named[code] for code in sorted(named)))
    table = table.with_codes(dict.fromkeys(codes - set(named), ""))
    return table, {code: table.value_of(named[code]) if code in named else table.by_code[code] for code in codes}


def _names_of_values(layer: Labels) -> dict[int, str]:
    """Names of the values of a layer, as its features or the desk that made it say."""
    own = layer.metadata.get("classes")
    if isinstance(own, dict):
        return {int(value): str(name) for value, name in own.items()}
    features = layer.features
    column = _naming(features)
    if column is None or "index" not in features:
        return {}
    return {int(k): str(name) for k, name in zip(features["index"], features[column], strict=True) if _said(name)}


def _names(layer: Shapes | Points, here: str) -> list[str]:
    """The class of each shape or point, as its features say; that in use where they do not."""
    column = _naming(layer.features)
    if column is None:
        return [here] * len(layer.data)
    return [str(name) if _said(name) else "" for name in layer.features[column]]


def _naming(features: Any) -> str | None:
    columns = {str(column).lower(): column for column in features.columns if column != "index"}
    found = next((columns[name] for name in _NAMING if name in columns), None)
    return found if found is not None or len(columns) != 1 else next(iter(columns.values()))


def _said(name: Any) -> bool:
    return bool(str(name).strip()) and str(name).lower() not in ("nan", "none", "<na>")


def _to_voxels(points: Any, layer: Layer, mine: Labels, keep: list[int]) -> NDArray[np.float64]:
    """Places on a layer, in voxels of the labels."""
    world = np.array([layer.data_to_world(point) for point in np.asarray(points, np.float64)])[:, keep]
    return np.array([mine.world_to_data(point) for point in world], np.float64)
