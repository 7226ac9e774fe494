"""The folder where a piece of work lives: staged inputs, labels, prediction, model and job.

The dock and the command line both work through a :class:`Session`; it turns surveys and labels into the plain ``.npy``
files that a :class:`~napari_fhn.training.Job` names. Everything in it is on disk as soon as it is made.
"""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from napari_fhn import labels
from napari_fhn.box import Box
from napari_fhn.network.comparison import map_axis
from napari_fhn.surveys import summary
from napari_fhn.surveys.kinds import CHANNEL, spatial_dims, spatial_shape, vertical_axis
from napari_fhn.surveys.plain import BandsLast, good_bands, values
from napari_fhn.training.choice import Choice, choose
from napari_fhn.training.job import Axis, Input, Job, JobError
from napari_fhn.training.memory import free_bytes
from napari_fhn.training.neighbours import agreement
from napari_fhn.training.recipes import recipe

if TYPE_CHECKING:
    import xarray as xr

__all__ = ["Session", "spatial_shape", "survey_axes", "vertical_axis"]


def survey_axes(survey: xr.DataArray) -> tuple[Axis, ...]:
    """Return what the voxel numbers of the spatial axes of a survey mean.

    Parameters
    ----------
    survey : xarray.DataArray
        As :func:`napari_fhn.surveys.open` gives it.

    Returns
    -------
    tuple of Axis
        Where values are not evenly spaced, the step is their mean one.
    """
    axes = []
    for dim in spatial_dims(survey):
        values = np.asarray(survey[dim])
        if dim not in survey.coords or values.dtype.kind not in "iuf":
            axes.append(Axis(dim))
            continue
        step = float(values[-1] - values[0]) / (len(values) - 1) if len(values) > 1 else 1.0
        axes.append(Axis(dim, str(survey[dim].attrs.get("units", "")), float(values[0]), step))
    return tuple(axes)


class Session:
    """One folder of work.

    Parameters
    ----------
    folder : path-like
        Made when it is not there; what it holds is kept.
    """

    def __init__(self, folder: str | Path) -> None:
        self.folder = Path(folder).absolute()
        self.folder.mkdir(parents=True, exist_ok=True)

    @property
    def labels(self) -> Path:
        """The label volume that the viewer paints into and training reads."""
        return self.folder / "labels.npy"

    @property
    def weights(self) -> Path:
        """How much each label counts, in percent; no file, or 0 in it, where all count fully."""
        return self.folder / "weights.npy"

    @property
    def prediction(self) -> Path:
        """The predicted classes."""
        return self.folder / "prediction.npy"

    @property
    def model(self) -> Path:
        """Folder of the trained network."""
        return self.folder / "model"

    def stage(
        self,
        name: str,
        array: Any,
        *,
        channel_axis: int | None = None,
        channels: Sequence[int] | None = None,
        progress: Callable[[float], None] | None = None,
    ) -> Input:
        """Copy an array into the session, a slice of its first axis at a time, so that training can map it.

        Parameters
        ----------
        name : str
            What the person calls it.
        array : array_like
            Anything with ``shape``, ``dtype`` and slicing: numpy, xarray (lazy or not), zarr, dask.
        channel_axis : int, optional
            Axis of bands or attributes.
        channels : sequence of int, optional
            Channels to keep (good bands); all when absent.
        progress : callable, optional
            Told the share that is done.

        Returns
        -------
        Input
            Names a ``.npy`` whose first axis is the channel axis, if there is one.

        Raises
        ------
        JobError
            When the array holds no numbers.
        """
        dtype = np.dtype(array.dtype)
        if dtype.kind not in "biuf":
            raise JobError(f"{name!r} holds {dtype} values; numbers are needed")
        axis = 0 if channel_axis is None else channel_axis % array.ndim
        # An array is staged once in a session. One that differs in kind or in three of its slices gets its own file.
        key = hashlib.sha1(f"{array.shape}|{dtype}|{channel_axis}|{channels}".encode(), usedforsecurity=False)
        for row in sorted({0, array.shape[axis] // 2, array.shape[axis] - 1}):
            key.update(np.ascontiguousarray(array[(slice(None),) * axis + (row,)]).tobytes())
        words = re.sub(r"[^A-Za-z0-9]+", "-", name).strip("-")[:40]
        path = self.folder / f"input-{words}-{key.hexdigest()[:8]}.npy"
        staged = Input(str(path), None if channel_axis is None else 0, name)
        if path.exists():
            return staged
        rows = range(array.shape[axis]) if channel_axis is None or channels is None else list(channels)
        rest = tuple(size for a, size in enumerate(array.shape) if a != axis)
        temporary = path.with_suffix(".part.npy")
        out = np.lib.format.open_memmap(temporary, mode="w+", dtype=dtype, shape=(len(rows), *rest))
        for done, row in enumerate(rows):
            out[done] = np.asarray(array[(slice(None),) * axis + (row,)])
            if progress is not None:
                progress((done + 1) / len(rows))
        out.flush()
        del out
        os.replace(temporary, path)
        return staged

    def stage_survey(
        self,
        name: str,
        survey: xr.DataArray,
        *,
        cube: bool = False,
        progress: Callable[[float], None] | None = None,
    ) -> Input:
        """Copy a survey into the session: its good bands as channels, its missing values as NaN.

        Parameters
        ----------
        name : str
            What the person calls it.
        survey : xarray.DataArray
            As :func:`napari_fhn.surveys.open` gives it. An axis ``band`` becomes the channel axis, without the
            bands whose ``good`` coordinate is False. Values equal to ``attrs["nodata"]`` become NaN.
        cube : bool
            Keep the bands as the last axis of space, for a network that reads a map from a cube.
        progress : callable, optional
            Told the share that is done.

        Returns
        -------
        Input

        Raises
        ------
        JobError
            When it holds no numbers, no band of it is good, or a cube is asked for where there are no bands.
        """
        if cube and CHANNEL not in survey.dims:
            raise JobError(f"a map is to be read from a cube, and {name!r} has no bands: choose another recipe")
        staged = self._stage_bands(name, survey, cube, progress)
        # For people, and for the report: the survey itself may lie elsewhere tomorrow.
        Path(staged.path).with_suffix(".txt").write_text("\n".join(summary(survey)) + "\n", encoding="utf-8")
        return staged

    def _stage_bands(
        self, name: str, survey: xr.DataArray, cube: bool, progress: Callable[[float], None] | None
    ) -> Input:
        if CHANNEL not in survey.dims:
            return self.stage(name, values(survey), progress=progress)
        axis = survey.dims.index(CHANNEL)
        channels = good_bands(survey)
        if not channels:
            raise JobError(f"every band of {name!r} is on its bad-band list: correct the list in its header")
        if cube:
            return self.stage(name, BandsLast(survey), progress=progress)
        some = None if len(channels) == survey.sizes[CHANNEL] else channels
        return self.stage(name, values(survey), channel_axis=axis, channels=some, progress=progress)

    def label_volume(self, shape: tuple[int, ...]) -> NDArray[np.uint8]:
        """Return the session's label volume, memory-mapped for writing; made when it is not there.

        Raises
        ------
        labels.LabelError
            When there is one of another shape: it is never overwritten.
        """
        return labels.volume.create(self.labels, shape)

    def weight_volume(self, shape: tuple[int, ...]) -> NDArray[np.uint8]:
        """Return the weights of the session's labels, memory-mapped for writing; made when they are not there.

        Raises
        ------
        labels.LabelError
            When there are some of another shape: they are never overwritten.
        """
        return labels.volume.create(self.weights, shape)

    def prediction_volume(self, shape: tuple[int, ...]) -> NDArray[np.uint8]:
        """Return the session's prediction, memory-mapped; a new one is all zero: nothing predicted yet."""
        if self.prediction.exists():
            found = np.load(self.prediction, mmap_mode="r+", allow_pickle=False)
            if found.shape == shape and found.dtype == np.uint8:
                return np.asanyarray(found)
        return np.lib.format.open_memmap(self.prediction, mode="w+", dtype=np.uint8, shape=shape)

    def choose(
        self,
        inputs: Sequence[Input],
        classes: int,
        *,
        vertical_axis: int | None,
        held_out: Sequence[Box] = (),
        device: str = "cpu",
    ) -> Choice:
        """Choose the recipe to begin with, by the data, the labels and this machine.

        Parameters
        ----------
        inputs : sequence of Input
            From :meth:`stage`.
        classes : int
            How many there are.
        vertical_axis : int or None
            Spatial axis of two-way time or depth.
        held_out : sequence of Box
            Labels that training will not see.
        device : str
            Kind of device; ``"auto"`` is taken for the processor, as nobody has looked yet.

        Returns
        -------
        Choice

        Raises
        ------
        JobError
            When no recipe goes with such data.
        """
        shapes = [np.load(item.path, mmap_mode="r", allow_pickle=False).shape for item in inputs]
        channels = sum(1 if item.channel_axis is None else shape[0] for item, shape in zip(inputs, shapes, strict=True))
        shape = shapes[0] if inputs[0].channel_axis is None else shapes[0][1:]
        agree = None
        if (vertical_axis is not None or len(shape) == 2) and self.labels.exists():
            agree = agreement(str(self.labels), shape, classes, vertical_axis, held_out)
        kind = device.split(":")[0] if device.startswith("cuda") else "cpu"
        return choose(
            shape,
            channels,
            kind,
            free_bytes(device if kind == "cuda" else "cpu"),
            vertical_axis=vertical_axis,
            classes=classes,
            agreement=agree,
        )

    def job(
        self,
        inputs: Sequence[Input],
        classes: Sequence[str],
        recipe_name: str,
        *,
        vertical_axis: int | None,
        held_out: Sequence[Box] = (),
        device: str = "auto",
        steps: int | None = None,
        seed: int | None = None,
        ignored: Sequence[Box] = (),
        colors: Sequence[str] = (),
        axes: Sequence[Axis] = (),
    ) -> Job:
        """Build the job of this session; its labels count as much as :attr:`weights` says, where there is such a file.

        Parameters
        ----------
        inputs : sequence of Input
            From :meth:`stage`.
        classes : sequence of str
            Names; class ``k`` has the value ``k + 1`` in the labels.
        recipe_name : str
            See :data:`napari_fhn.training.recipes.RECIPES`.
        vertical_axis : int or None
            Spatial axis of two-way time or depth.
        held_out : sequence of Box
            Bodies of labels kept for the score.
        device : str
            See :class:`~napari_fhn.training.Job`.
        steps, seed : int, optional
            Other than the recipe's.
        ignored : sequence of Box
            Where nothing is learnt.
        colors : sequence of str
            ``"#rrggbb"`` for each class.
        axes : sequence of Axis
            What the voxel numbers mean, as :func:`survey_axes` tells.

        Returns
        -------
        Job
        """
        chosen = recipe(recipe_name)
        schedule = chosen.schedule
        if steps is not None:
            schedule = replace(schedule, steps=steps)
        if seed is not None:
            schedule = replace(schedule, seed=seed)
        return Job(
            inputs=tuple(inputs),
            labels=str(self.labels),
            classes=tuple(classes),
            network=chosen.network,
            schedule=schedule,
            prediction=str(self.prediction),
            model=str(self.model),
            vertical_axis=vertical_axis,
            held_out=tuple(held_out),
            ignored=tuple(ignored),
            colors=tuple(colors),
            axes=tuple(axes),
            weights=str(self.weights) if self.weights.exists() else None,
            device=device,
            neighbours=chosen.neighbours,
            position=chosen.position,
            map_axis=map_axis(chosen.network),
        )
