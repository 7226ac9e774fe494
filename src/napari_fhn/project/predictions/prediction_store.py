"""Predictions of large surveys: stores of Zarr 3 in shards, on the grid of their survey, which open as surveys do.

The classes are one store; what is predicted beside them lies in stores beside it, called after it. Shards are written
by whoever predicted them, each by one; the last to come makes the stores whole.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import replace
from functools import cached_property
from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from napari_fhn import __version__, record
from napari_fhn.box import Box
from napari_fhn.labels import ClassTable
from napari_fhn.project.exporting.export_origins import today
from napari_fhn.project.knowledge.recoding import InFiles, in_codes
from napari_fhn.sentence import counted_of
from napari_fhn.shards import runs_of
from napari_fhn.surveys import SurveyError
from napari_fhn.surveys.bricks import store
from napari_fhn.surveys.bricks.marks import Marks
from napari_fhn.surveys.bricks.sharding import create_shards, open_shards, whole
from napari_fhn.surveys.moving import sentences
from napari_fhn.surveys.out.labelled import template
from napari_fhn.surveys.remote.target import Target
from napari_fhn.training.prediction.parts import Part
from napari_fhn.training.prediction.provenance import Provenance
from napari_fhn.training.prediction.sharding import CLASSES, ShardPlan

_MARKS = f"{store.VALUES}/shards"
_PLAN = f"{store.VALUES}/prediction.json"
_BRICK = 64


class PredictionStore:
    """Where shards of a prediction go; a `napari_fhn.training.prediction.sharding.ShardStore`.

    Parameters
    ----------
    path : path-like
        Of the store of the classes: a folder, or an address that can be written to; it ends in ``.zarr``.
    like : xarray.DataArray
        The survey that is predicted: axes, coordinates, CRS.
    table : ClassTable
        The classes.

    Raises
    ------
    SurveyError
        When nothing can be written there.
    """

    def __init__(self, path: str | os.PathLike[str], like: xr.DataArray, table: ClassTable) -> None:
        self._target = Target(path)
        self._like = like
        self._table = table
        self._marks = Marks(self._target, _MARKS)
        self._plan: ShardPlan | None = None
        self._arrays: dict[str, Any] = {}

    @property
    def plan(self) -> ShardPlan:
        """How the prediction is cut.

        Raises
        ------
        SurveyError
            When nothing was begun there.
        """
        if self._plan is None:
            said = self._target.read_json(_PLAN) or self._marks.plan()
            if said is None:
                raise SurveyError(self._target.about, "nothing of it is predicted yet", "Run its tasks first")
            self._plan = ShardPlan.from_plain(said)
        return self._plan

    @cached_property
    def _is_whole(self) -> bool:
        return self._target.read(_PLAN) is not None

    def begin(self, plan: ShardPlan) -> None:
        """Make the stores, or go on with them.

        Raises
        ------
        SurveyError
            When something else is there, or it cannot be written.
        """
        known = self._target.read_json(_PLAN)
        what = "another prediction (another network, other data, settings or shards)"
        if known is not None and known != record.parse(record.to_bytes(plan.to_plain())):
            raise SurveyError(self._target.about, f"{what} is there", "Remove it, or choose another name")
        self._plan = plan
        if known is not None:
            return
        with sentences(self._target.about):
            self._marks.begin(plan.to_plain(), what)
            for name in plan.arrays:
                target = self._of(name)
                if target.read_json(f"{store.VALUES}/zarr.json") is None:
                    self._create(target, name, plan)
                self._arrays[name] = open_shards(target)

    def done(self) -> set[int]:
        """Return the shards that are whole."""
        return set(range(self.plan.shards.count)) if self._is_whole else self._marks.done()

    def put(self, number: int, box: Box, arrays: Mapping[str, NDArray[Any]]) -> None:
        """Write a shard, and remember that it is there.

        Raises
        ------
        SurveyError
            When it cannot be written, or the disk is full.
        """
        with sentences(self._target.about):
            place = self.plan.shards.place(number)
            for name, values in arrays.items():
                target, array = self._of(name), self._arrays[name]
                # A layer at a time: that is a file, and what is held.
                for layer, one in enumerate(values if name == "probabilities" else values[np.newaxis]):
                    if name == CLASSES and self._table.coded:
                        one = in_codes(one, self._table).values
                    where = (layer,) if name == "probabilities" else ()
                    array[(*where, *box.slices)] = one
                    target.settle("/".join((store.VALUES, "c", *map(str, (*where, *place)))))
            self._marks.finish(number, {})

    def collect(self) -> tuple[str, ...]:
        """Make the stores whole.

        Returns
        -------
        tuple of str
            Where they are.

        Raises
        ------
        SurveyError
            When shards are missing.
        """
        plan = self.plan
        places = tuple(str(self._of(name)) for name in plan.arrays)
        if self._is_whole:
            return places
        missing = sorted(set(range(plan.shards.count)) - self.done())
        if missing:
            gone = counted_of(len(missing), plan.shards.count, "shards", "are missing", "is missing")
            what = f"{gone} ({runs_of(missing)})"
            raise SurveyError(self._target.about, what, "Run their tasks again")
        with sentences(self._target.about):
            # The classes last: where they are whole, all is.
            for name in reversed(plan.arrays):
                whole(self._of(name))
            self._target.write(_PLAN, record.to_bytes(plan.to_plain()))
            self.__dict__["_is_whole"] = True
            self._marks.clear()
        return places

    def _of(self, name: str) -> Target:
        path = str(self._target)
        return self._target if name == CLASSES else Target(f"{path.removesuffix('.zarr')}-{name}.zarr")

    def _create(self, target: Target, name: str, plan: ShardPlan) -> None:
        coded = self._table.coded
        dtype = in_codes(np.zeros((1,), np.uint8), self._table).dtype if coded and name == CLASSES else plan.dtype(name)
        shape = plan.full(name, plan.shape)
        classes = plan.dtype(name).kind == "u"
        nothing = cast(Any, SimpleNamespace(shape=shape, ndim=len(shape), dtype=dtype))
        nodata = (self._table.unlabelled if coded and name == CLASSES else 0) if classes else None
        outline = template(
            nothing,
            self._like,
            target.about.stem,
            nodata,
            [one.name for one in self._table] if name == "probabilities" else (),
            InFiles.of(self._table) if classes else (),
            self._history(plan),
        )
        bricks, shards = zip(*(_bricks(a, b) for a, b in zip(plan.shard, plan.shape, strict=True)), strict=True)
        first = (1,) if name == "probabilities" else ()
        create_shards(target, outline, dtype, (*first, *bricks), (*first, *shards), fill=nodata)

    def _history(self, plan: ShardPlan) -> tuple[str, ...]:
        made = record.decode(Provenance, plan.made)
        part = Part(Box.whole(plan.shape), plan.steps, str(plan.identity["model"]))
        names = ", ".join(f"{one.code} {one.name}" for one in self._table)
        words = replace(made, parts=(part,)).words()
        return (f"napari-fhn {__version__}, {today()}", *words, f"classes: {names}")


def _bricks(shard: int, size: int) -> tuple[int, int]:
    """Return the side of a brick, and of the shard in whole bricks."""
    if shard >= size:
        brick = -(-size // max(1, round(size / _BRICK)))
        return brick, -(-size // brick) * brick
    brick = next(side for side in range(min(shard, _BRICK), 0, -1) if shard % side == 0)
    return brick, shard
