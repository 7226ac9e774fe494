"""What the ticked layers are made of: one or more surveys on one grid."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import dask.array as da
import numpy as np
import xarray as xr
from napari.layers import Image

from napari_fhn.surveys import Grid
from napari_fhn.surveys.kinds import DataKind, kind_of, spatial_shape, vertical_axis
from napari_fhn.surveys.plain import good_bands


class MaterialError(ValueError):
    """Layers that cannot be worked on together; the message says which and why."""


def survey_of(layer: Image) -> xr.DataArray:
    """Return the survey behind an image layer; a plain array gets the layer's axis labels as dims.

    Parameters
    ----------
    layer : napari.layers.Image
        From our reader, or any other.
    """
    survey = layer.metadata.get("survey")
    if isinstance(survey, xr.DataArray):
        return survey
    data = layer.data[0] if layer.multiscale else layer.data
    if isinstance(data, xr.DataArray):
        return data
    labels = tuple(getattr(layer, "axis_labels", ()))
    named = len(set(labels)) == data.ndim and not any(label.lstrip("-").isdigit() for label in labels)
    dims = labels if named else [f"axis_{k}" for k in range(data.ndim)]
    # Chunked arrays stay on their disk.
    lazy = isinstance(data, np.ndarray | da.Array)
    values = data if lazy else da.from_array(data)  # type: ignore[no-untyped-call]
    return xr.DataArray(values, dims=dims, name=layer.name, attrs={"kind": "array", "notes": ()})


@dataclass(frozen=True)
class Material:
    """Surveys on one grid.

    Parameters
    ----------
    names : tuple of str
        As the person calls them.
    surveys : tuple of xarray.DataArray
        At least one; spatial shapes are equal.
    layer : napari.layers.Image
        The first of the layers, whose place on the canvas labels and prediction take over.
    """

    names: tuple[str, ...]
    surveys: tuple[xr.DataArray, ...]
    layer: Image

    @classmethod
    def of(cls, layers: Sequence[Any]) -> Material:
        """Collect the surveys of ticked layers.

        Raises
        ------
        MaterialError
            When there is none, or they do not lie on one grid of two or three spatial axes.
        """
        if not layers:
            raise MaterialError("Tick a survey first: open a file, or one of the samples.")
        made = cls(tuple(layer.name for layer in layers), tuple(map(survey_of, layers)), layers[0])
        for name, survey in zip(made.names, made.surveys, strict=True):
            shape = spatial_shape(survey)
            if len(shape) not in (2, 3):
                raise MaterialError(
                    f"'{name}' has {len(shape)} spatial axes; maps and lines (2) and volumes (3) can be used."
                )
        grid = Grid.of(made.first)
        for name, survey in zip(made.names[1:], made.surveys[1:], strict=True):
            apart = grid.apart(Grid.of(survey))
            if apart:
                raise MaterialError(
                    f"'{name}' does not lie on the grid of '{made.names[0]}' ({apart}): untick one of them."
                )
        return made

    @property
    def first(self) -> xr.DataArray:
        """The survey that lends its grid and headers."""
        return self.surveys[0]

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of labels and prediction."""
        return spatial_shape(self.first)

    @property
    def kind(self) -> DataKind:
        """What kind of data they are."""
        return kind_of(self.first)

    @property
    def named(self) -> bool:
        """Whether the survey says itself what its axes are, as far as up and down go."""
        return vertical_axis(self.first) is not None or self.kind not in ("array", "volume")

    def vertical(self, chosen: int | None) -> int | None:
        """Return the vertical axis: the survey's own, else the one chosen by the person; None for maps.

        Parameters
        ----------
        chosen : int or None
            For surveys that do not name their axes.
        """
        if self.named:
            return vertical_axis(self.first)
        return chosen if chosen is not None and chosen < len(self.shape) else None

    @property
    def channels(self) -> int:
        """Good bands of all surveys."""
        return sum(len(good_bands(survey)) for survey in self.surveys)

    @property
    def cube(self) -> tuple[int, ...] | None:
        """Shape ``(y, x, band)`` of the surveys as cubes; None for others, and where they have no bands in common."""
        bands = {len(good_bands(survey)) if "band" in survey.dims else 0 for survey in self.surveys}
        return (*self.shape, *bands) if self.kind in ("map", "cube") and len(bands) == 1 and max(bands) > 1 else None

    @property
    def sentence(self) -> str:
        """Sizes and channels, in words."""
        words = " × ".join(map(str, self.shape))
        return f"{words}, {self.channels} channels" if self.channels > 1 else words

    def placement(self) -> dict[str, Any]:
        """Where labels and prediction lie: as the first layer's spatial axes."""
        layer, n = self.layer, len(self.shape)
        keep = [axis for axis, dim in enumerate(self.first.dims) if dim != "band"][-n:]
        return {
            "scale": [float(layer.scale[axis]) for axis in keep],
            "translate": [float(layer.translate[axis]) for axis in keep],
            "units": [layer.units[axis] for axis in keep],
            "axis_labels": tuple(layer.axis_labels[axis] for axis in keep),
            # Not "survey", which an image layer's values are taken from: labels can be turned into an image.
            "metadata": {"grid": self.first},
        }
