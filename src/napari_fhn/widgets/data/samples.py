"""The sample contributions: File > Open Sample > FHN."""

from __future__ import annotations

from typing import Any

import napari

from napari_fhn import sample_data, surveys
from napari_fhn.sample_data import public
from napari_fhn.sample_data.public import PublicSample
from napari_fhn.widgets.data.fetch_dialog import FetchDialog
from napari_fhn.widgets.data.placement import image_layer, on_arrival


def seismic() -> list[tuple[Any, ...]]:
    """Open the seismic sample; its wells are loaded with the dock's *Load wells*."""
    return on_arrival(
        napari.current_viewer(), [image_layer(surveys.open(sample_data.SEISMIC.survey), "fold and fault")]
    )


def hyperspectral_pair() -> list[tuple[Any, ...]]:
    """Open both dates of the hyperspectral pair; its points are loaded with the dock's *Load points*."""
    dates = [
        image_layer(surveys.open(path), f"farm fields, date {number}")
        for number, path in enumerate(sample_data.HYPERSPECTRAL.dates, 1)
    ]
    return on_arrival(napari.current_viewer(), dates)


def f3() -> list[tuple[Any, ...]]:
    """Open the F3 facies benchmark, fetched first if the person agrees."""
    return open_public(public.F3)


def usa() -> list[tuple[Any, ...]]:
    """Open both dates of the "USA" change pair, fetched first if the person agrees."""
    return open_public(public.USA)


def open_public(sample: PublicSample) -> list[tuple[Any, ...]]:
    """Open a public sample from the cache, or ask, fetch and open it.

    Parameters
    ----------
    sample : PublicSample
        Which.

    Returns
    -------
    list of tuple
        Layer data, one for each member of the sample.

    Raises
    ------
    public.FetchError
        When the person says no: napari shows its sentence, as it wants layers from a sample.
    """
    files = public.cached(sample)
    viewer = napari.current_viewer()
    if files is None:
        window = getattr(getattr(viewer, "window", None), "_qt_window", None)
        files = FetchDialog(sample, window).wait()
    if files is None:
        raise public.FetchError(f"{sample.title} was not fetched; nothing is opened.")
    layers = [image_layer(surveys.open(files[one.name], **one.options), one.title) for one in sample.members]
    return on_arrival(viewer, layers)
