"""The sample contributions: File > Open Sample > FHN."""

from __future__ import annotations

from typing import Any

import napari

from napari_fhn import sample_data, surveys
from napari_fhn.widgets.placement import image_layer, upright_on_arrival


def seismic() -> list[tuple[Any, ...]]:
    """Open the seismic sample; its wells are loaded with the dock's *Load wells*."""
    upright_on_arrival(napari.current_viewer())
    return [image_layer(surveys.open(sample_data.SEISMIC.survey), "fold and fault")]


def hyperspectral_pair() -> list[tuple[Any, ...]]:
    """Open both dates of the hyperspectral pair; its points are loaded with the dock's *Load points*."""
    return [
        image_layer(surveys.open(path), f"farm fields, date {number}")
        for number, path in enumerate(sample_data.HYPERSPECTRAL.dates, 1)
    ]
