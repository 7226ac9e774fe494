"""The layer of shapes that people draw."""

from __future__ import annotations

from typing import Any

from napari.layers import Shapes


def shapes_layer(ndim: int, placement: dict[str, Any]) -> Shapes:
    """Make an empty layer on the grid of the labels."""
    return Shapes(
        ndim=ndim,
        name="Shapes",
        edge_color="#ffffff",
        face_color=[1.0, 1.0, 1.0, 0.15],
        edge_width=1,
        metadata={"desk": "drawn"},
        **{key: value for key, value in placement.items() if key != "metadata"},
    )
