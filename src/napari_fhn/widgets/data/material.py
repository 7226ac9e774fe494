"""What the ticked layers are made of: one or more surveys on one grid, and where they lie on the canvas."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import xarray as xr
from dask.base import is_dask_collection
from napari.layers import Image

from napari_fhn.project import ProjectError, SurveySet
from napari_fhn.surveys.kinds import DataKind, kind_of, vertical_axis


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
    return xr.DataArray(unread(data), dims=dims, name=layer.name, attrs={"kind": "array", "notes": ()})


def unread(data: Any) -> Any:
    """Return what numpy or dask holds as it is, and any other chunked array in dask's hands: it stays on its disk.

    Parameters
    ----------
    data : array-like
        Of a layer.
    """
    if isinstance(data, np.ndarray) or is_dask_collection(data):
        return data
    import dask.array as da  # takes as long to import as the dock takes to make: not before there is a survey

    return da.from_array(data)


@dataclass(frozen=True)
class Material:
    """Surveys on one grid, as layers.

    Parameters
    ----------
    surveys : SurveySet
        What is learnt from.
    layer : napari.layers.Image
        The first of the layers, whose place on the canvas labels and prediction take over.
    """

    surveys: SurveySet
    layer: Image

    @classmethod
    def of(cls, layers: Sequence[Any]) -> Material:
        """Collect the surveys of ticked layers.

        Raises
        ------
        ProjectError
            When there is none, or they do not lie on one grid of two or three spatial axes.
        """
        if not layers:
            raise ProjectError("there is no survey to work on", "Tick one: open a file, or one of the samples")
        return cls(SurveySet.of([(layer.name, survey_of(layer)) for layer in layers]), layers[0])

    @property
    def first(self) -> xr.DataArray:
        """The survey that lends its grid and headers."""
        return self.surveys.first

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of labels and prediction."""
        return self.surveys.shape

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
