"""A survey as a layer on the canvas of napari: drawn as `napari_fhn.surveys.drawing` says, upright, beside others."""

from __future__ import annotations

from typing import Any

import numpy as np
import xarray as xr
from napari.components import ViewerModel
from napari.layers import Image
from napari.utils.notifications import show_info
from qtpy.QtCore import QTimer

from napari_fhn.surveys import drawing
from napari_fhn.surveys.contrast import contrast
from napari_fhn.surveys.drawing import UPRIGHT
from napari_fhn.surveys.kinds import is_seismic
from napari_fhn.surveys.viewing import VIEWED, viewed
from napari_fhn.widgets.data import readout
from napari_fhn.widgets.data.camera import camera_of

_LAID_OUT_MS = 100
"""After so long a window has given its parts their room."""

LayerData = tuple[Any, dict[str, Any], str]
"""What napari makes a layer of: values, attributes, and which kind of layer."""


def image_layer(survey: xr.DataArray, name: str | None = None) -> LayerData:
    """Return a survey as napari's layer data: values stay lazy, bad bands are left out of sight.

    Parameters
    ----------
    survey : xarray.DataArray
        As :func:`napari_fhn.surveys.open` gives it.
    name : str, optional
        Other than the survey's.

    Returns
    -------
    tuple
        ``(data, attributes, "image")``; the whole survey stays in ``metadata["survey"]``.
    """
    shown = survey
    if "band" in survey.dims and "good" in survey.coords and bool(survey["good"].any()):
        shown = survey.isel(band=np.flatnonzero(np.asarray(survey["good"])))
    seismic = is_seismic(survey)
    attributes: dict[str, Any] = {
        "name": name or str(survey.name or "survey"),
        "metadata": {"survey": survey},
        "colormap": "gray",
        "contrast_limits": contrast(shown, symmetric=seismic),
        "interpolation2d": "linear" if seismic else "nearest",
        **drawing.axes_of(survey),
    }
    data, values = viewed(shown)
    if values is not None:
        attributes["metadata"][VIEWED] = values
    return data, attributes, "image"


def is_upright(layer: Any) -> bool:
    """Whether a layer shows a volume, or a line, whose last axis is time or depth."""
    survey = layer.metadata.get("survey") if isinstance(layer, Image) else None
    return survey is not None and drawing.is_upright(survey)


def stand_upright(viewer: ViewerModel) -> None:
    """Turn sections upright, unless the person has already turned the axes."""
    ndim = viewer.dims.ndim
    if ndim in UPRIGHT and tuple(viewer.dims.order) == tuple(range(ndim)):
        viewer.dims.order = UPRIGHT[ndim]
        fit(viewer)


def lie_flat(viewer: ViewerModel) -> None:
    """Turn a map back after a line stood upright in its place, unless the person has turned the axes otherwise."""
    if tuple(viewer.dims.order) == UPRIGHT[2]:
        viewer.dims.order = (0, 1)
        fit(viewer)


def fit(viewer: ViewerModel, layer: Any = None) -> None:
    """Show the whole of what is open, or of a layer.

    Parameters
    ----------
    viewer : ViewerModel
        Whose camera moves.
    layer : napari.layers.Layer, optional
        What is to be seen; a napari that knows no such wish (before 0.9) shows all.
    """
    if layer is None or not hasattr(viewer, "fit_to_view"):
        getattr(viewer, "fit_to_view", viewer.reset_view)()
    else:
        # From aside a box is wider than it is.
        viewer.fit_to_view(layers=[layer], margin=0.05 if viewer.dims.ndisplay == 2 else 0.2)


def on_arrival(viewer: ViewerModel | None, layers: list[LayerData]) -> list[LayerData]:
    """Turn layers that a reader or sample hands over upright as they arrive, and let them answer in their own numbers.

    Parameters
    ----------
    viewer : ViewerModel or None
        Where they will arrive, before all others.
    layers : list of tuple
        As :func:`image_layer` makes them.

    Returns
    -------
    list of tuple
        The same, in units that go with those of the layers that are there.
    """
    if viewer is None or not layers:
        return layers
    left, first = [len(layers)], not len(viewer.layers)

    def arrived(event: Any) -> None:
        left[0] -= 1
        if left[0] <= 0:
            viewer.layers.events.inserted.disconnect(arrived)
            if first:
                QTimer.singleShot(_LAID_OUT_MS, lambda: _fit_again(viewer, looked))
        readout.attach(event.value)
        beside(viewer, event.value)
        if is_upright(event.value):
            stand_upright(viewer)
        looked[:] = look_of(viewer)
        # The desk, where there is one, hides what cannot be seen with what is worked on: it hears of the layer next.
        QTimer.singleShot(0, lambda layer=event.value: _say_apart(viewer, layer))

    looked: list[Any] = []
    viewer.layers.events.inserted.connect(arrived)
    return settled(viewer, layers)


def settled(viewer: ViewerModel, layers: list[LayerData]) -> list[LayerData]:
    """Let layers count pixels, those to come and those there, where their units do not go together.

    This has to be done before a layer is added: napari draws it, and warns of its units, before any other hears of it.
    What is drawn stays as it is: scales are what they were, and the desk takes lengths and times from the surveys.

    Parameters
    ----------
    viewer : ViewerModel
        Where the layers will be.
    layers : list of tuple
        As :func:`image_layer` makes them.

    Returns
    -------
    list of tuple
        The same, or as they go with the others.
    """
    if len(viewer.layers) + len(layers) < 2:
        return layers
    # Of a unit only what it measures counts, time or length: napari brings seconds and milliseconds together.
    measures = [tuple(unit.dimensionality for unit in layer.units) for layer in viewer.layers]
    unit_of = type(Image(np.zeros((1, 1))).units[0])
    coming = [tuple(unit_of(unit).dimensionality for unit in how.get("units", ())) for _, how, _ in layers]
    longest = max((*measures, *coming), key=len, default=())
    if all(one == longest[len(longest) - len(one) :] for one in (*measures, *coming)):
        return layers
    _count_pixels(viewer)
    return [(data, {**how, "units": ("pixel",) * len(how.get("units", ()))}, kind) for data, how, kind in layers]


def beside(viewer: ViewerModel, layer: Any) -> None:
    """Move a map to its place beside the first map of the viewer in the same CRS.

    Canvas coordinates are counted from the corner of the first map: those of a CRS are too long for a graphics card.
    """
    corner = _corner(layer)
    other = next((one for one in viewer.layers if one is not layer and isinstance(one, Image) and _corner(one)), None)
    theirs = None if other is None else _corner(other)
    if corner is None or other is None or theirs is None or corner[0] != theirs[0]:
        return
    where = layer.translate.copy()
    apart = {"y": theirs[1] - corner[1], "x": corner[2] - theirs[2]}
    for dim, metres in apart.items():
        own, its = layer.axis_labels.index(dim), other.axis_labels.index(dim)
        where[own] += metres + min(other.extent.world[:, its]) - min(layer.extent.world[:, own])
    layer.translate = where


def measure_alike(viewer: ViewerModel) -> None:
    """Let the layers count pixels where their units do not go together, though one has come that is not ours.

    napari has warned of it by then, once; without this it would with every layer to come.

    Parameters
    ----------
    viewer : ViewerModel
        Whose layers.
    """
    if len(viewer.layers) > 1 and getattr(viewer.layers.extent, "units", ()) is None:
        _count_pixels(viewer)


def _count_pixels(viewer: ViewerModel) -> None:
    for layer in viewer.layers:
        layer.units = ("pixel",) * layer.ndim


def look_of(viewer: ViewerModel) -> tuple[Any, ...]:
    """Return where one looks, and how near: equal as long as nobody has moved the view."""
    camera = camera_of(viewer)
    return (camera.zoom, tuple(camera.center), tuple(viewer.dims.order))


def _fit_again(viewer: ViewerModel, looked: list[Any]) -> None:
    """Show the whole of the first survey, unless somebody has moved the view meanwhile.

    The controls of its layer take their room beside the canvas only after it was fitted, and would cut off its sides.
    """
    if len(viewer.layers) and tuple(looked) == look_of(viewer) and viewer.dims.ndisplay == 2:
        fit(viewer)


def _say_apart(viewer: ViewerModel, layer: Any) -> None:
    """Say that a section and a map are drawn over each other, where both are seen: they have no place in common."""
    if layer not in viewer.layers or not layer.visible:
        return
    upright = is_upright(layer)
    for other in viewer.layers[: viewer.layers.index(layer)]:
        if other.visible and "survey" in other.metadata and is_upright(other) != upright:
            section, map_ = (layer, other) if upright else (other, layer)
            show_info(
                f"'{map_.name}' is drawn over '{section.name}', though nothing says where it lies in it: a map has no "
                "time or depth. Hide one of them with its eye in the layer list, or open the Interpretation desk, "
                "which shows the one that is ticked."
            )
            return


def _corner(layer: Any) -> tuple[str, float, float] | None:
    survey = layer.metadata.get("survey") if isinstance(layer, Image) else None
    return None if survey is None else drawing.corner_of(survey)
