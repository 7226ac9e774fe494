"""The status bar in a survey's own numbers.

napari asks the active layer for its status on a thread of its own, at the pace at which answers come. So the answer is
changed at the layer, and nothing has to run after napari or against it.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import xarray as xr
from napari.layers import Image, Labels

from napari_fhn.surveys.numbers import Numbers, describe


def attach(layer: Any) -> None:
    """Let a layer answer in the numbers of the survey in its metadata; without one it is left alone.

    Parameters
    ----------
    layer : napari.layers.Layer
        Once or several times.
    """
    numbers = numbers_of(layer)
    if numbers is None or hasattr(layer.get_status, "numbers"):
        return
    own = layer.get_status

    def status(position: Any = None, **how: Any) -> dict[str, str]:
        said: dict[str, str] = own(position, **how)
        shown = how.get("dims_displayed")
        if position is None or (shown is not None and len(shown) == 3):
            # In 3D the cursor is on a ray, not at a voxel.
            return said
        index = layer.world_to_data(position) if how.get("world") else position
        words = describe(numbers, np.asarray(index, np.float64)[-layer.ndim :].tolist())
        if not words:
            return said
        value = _named(layer, said.get("value", ""))
        said["coords"], said["value"] = words, value
        said["coordinates"] = f"{words}: {value}" if value else words
        return said

    status.numbers = numbers  # type: ignore[attr-defined]
    layer.get_status = status


def numbers_of(layer: Any) -> Numbers | None:
    """Return the numbers of an image, label or prediction layer on a survey; None where it lies on none."""
    known = getattr(layer.get_status, "numbers", None)
    if isinstance(known, Numbers):
        return known
    survey = layer.metadata.get("survey" if isinstance(layer, Image) else "grid")
    if not isinstance(layer, Image | Labels) or not isinstance(survey, xr.DataArray):
        return None
    if isinstance(layer, Image):
        # Bands out of sight are in the survey and not in the layer.
        data = layer.data[0] if layer.multiscale else layer.data
        survey = data if isinstance(data, xr.DataArray) else survey
    elif "band" in survey.dims:
        survey = survey.isel(band=0, drop=True)
    fits = survey.ndim == layer.ndim
    return Numbers.of(survey) if fits else None


def _named(layer: Any, value: str) -> str:
    """Give a label value the name of its class."""
    names = layer.metadata.get("classes")
    if not isinstance(names, dict) or not value.isdigit():
        return value
    name = names.get(int(value))
    return f"{value} {name}" if name else value
