"""The factors of a prediction while its network learns: what they say before it can say anything, and when they are
weighed."""

from __future__ import annotations

import math
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_fhn import record
from napari_fhn.box import Box
from napari_fhn.training.combination import finishing
from napari_fhn.training.combination.combiner import Combiner
from napari_fhn.training.combination.preparing import Awaited
from napari_fhn.training.combination.settings import Combination, Found
from napari_fhn.training.combination.shown import Shown
from napari_fhn.training.combination.teaching import Teaching
from napari_fhn.training.combination.weighing import Weighing, weighed_at
from napari_fhn.training.control import Focus
from napari_fhn.training.data.labelled import LabelFile
from napari_fhn.training.data.neighbours import Neighbours
from napari_fhn.training.data.pseudo_labels import PseudoLabels
from napari_fhn.training.job import Job
from napari_fhn.training.models.description import Description
from napari_fhn.training.prediction import map_parts
from napari_fhn.training.prediction.predictor import Predictor
from napari_fhn.training.updates import BoxChanged, Update

_AT_A_GLANCE = 2**20
"""Voxels of a view up to which the nearest labels are copied into it first: a larger one takes longer than that is
worth."""

_GLANCED = 2**14
"""Places of a map at which the nearest labels are looked for then."""

_REMEMBERED = 2**28
"""Bytes of what factors said that are kept for the next look, unless memory is short."""

_SPEAKS = 30
"""Steps until a network that nobody has weighed counts as it is believed to, at least: a training may be of one."""

_TICK = 0.05
"""Seconds for which the structure of the data is waited for at once."""

_SHARE = 0.1
"""Share of the time in which the whole survey is answered without the network, while it learns."""


class Combining:
    """What a training does about the factors of its prediction.

    Parameters
    ----------
    job : Job
        What is trained.
    predictor : Predictor
        With its combiner, if any.
    labels : LabelFile
        What is known; some of it is hidden until the factors are weighed.
    before : Description or None
        The network that training starts from: it was shown labels already, so nothing is left out to weigh it.
    pseudo : PseudoLabels or None
        Of which it learns, too.

    Attributes
    ----------
    weighed : bool
        Whether the weights were found on labels.
    structure : Awaited
        What has to be known of the data before all factors can speak; it is found beside the steps.
    notes : list of str
        What the person should know where nothing is left out to find them, and what is found meanwhile.
    """

    def __init__(
        self,
        job: Job,
        predictor: Predictor,
        labels: LabelFile,
        before: Description | None = None,
        pseudo: PseudoLabels | None = None,
    ) -> None:
        self._predictor = predictor
        self._labels = labels
        self._wanted = job.combination or Combination()
        self._weighing: Weighing | None = None
        self._answers: Iterator[Box] = iter(())
        self._next_answer = 0.0
        self._glanced: NDArray[np.uint8] | None = None
        self._heard_from = 0
        self._order: list[Box] = []
        self._spoken: list[Box] = []
        self.weighed = False
        self.notes: list[str] = []
        combiner = predictor.combiner
        self.structure = Awaited(None if combiner is None else combiner.preparing)
        self._teaching: Teaching | None = None
        if combiner is None:
            return
        if pseudo is not None:
            self._teaching = Teaching(pseudo, combiner, labels, job.schedule.steps)
        combiner.remember(_REMEMBERED if job.memory is None else min(_REMEMBERED, job.memory // 8))
        if before is not None:
            combiner.found = taken_over(combiner, job, before).heeding(self._wanted)
            self.weighed = bool(combiner.found.bodies)
        else:
            self._weighing = Weighing.of(labels, combiner.vertical, job.schedule.steps, job.schedule.seed)
            self._heard_from = max(weighed_at(job.schedule.steps), _SPEAKS)
            if self._weighing is not None:
                self._heard_from = self._weighing.until
        self._believed = combiner.found
        if self._weighing is None:
            self.notes = self._believed.words()
        self.notes += self.structure.begin()
        self._show_as_learnt(0)

    @property
    def combiner(self) -> Combiner | None:
        """That of the predictor."""
        return self._predictor.combiner

    @property
    def found(self) -> Found | None:
        """What is known of the factors, as what is shown is made of them; None for the network alone."""
        return None if self.combiner is None else self.combiner.found

    @property
    def waits(self) -> bool:
        """Whether labels are hidden still, on which the factors are to be weighed."""
        return self._weighing is not None

    def lacks(self, step: int, *, learnt: bool = False) -> bool:
        """Whether factors are to be weighed after a step, see :meth:`after`, and do not know all of the data yet."""
        weighs = self._weighing is not None and (step >= self._weighing.until or learnt)
        return (weighs and self.structure.pending) or (self._teaching is not None and self._teaching.lacks(step))

    def catch_up(self) -> list[str]:
        """Do a little of what has to be done before training goes on; returns what the person should know of it."""
        if self.structure.pending:
            return self.structure.wait(_TICK)
        if self._teaching is not None:
            self._teaching.catch_up()
        return []

    def first_answer(self, focus: Focus | None, place: Sequence[int] | None = None) -> Iterator[Box]:
        """Write what is known of the view before the network has learnt anything, yielding each box of it.

        Parameters
        ----------
        focus : Focus or None
            The section in view.
        place : sequence of int, optional
            Of a map or a line: where the person looks; its middle where nobody knows.
        """
        if self.combiner is None or not self.combiner.factors:
            return
        shape = self._predictor.shape
        if len(shape) == 2:
            cut = map_parts.parts(shape, self._predictor.frame.vertical_axis, self._predictor.around)
            boxes = iter(map_parts.nearest_first(cut, place, shape))
            view = Box.whole(shape)
        else:  # from the view outwards
            axis = 0 if focus is None else focus.axis
            index = shape[axis] // 2 if focus is None else focus.index
            boxes = iter(_section(shape, axis, at) for at in sorted(range(shape[axis]), key=lambda at: abs(at - index)))
            view = _section(shape, axis, index)
        self._order = list(boxes)
        self._answers = (self._answer(box) for box in self._order[1:])  # the others while the network learns
        if math.prod(view.shape) <= _AT_A_GLANCE:
            yield self._glance(view)
            if self.structure.pending:  # until then the nearest labels are all there is
                return
        self.combiner.look()
        yield self._answer(self._order[0], anew=True)

    def listening(self, updates: Iterable[Update]) -> Iterator[Update]:
        """Pass on what was predicted, and remember where: it is better than what is known without the network."""
        for update in updates:
            if self.structure.pending and isinstance(update, BoxChanged):
                self._spoken.append(update.box)
            yield update

    def _join(self) -> list[str]:
        """Answer again, where the network was not asked, what the nearest labels answered until all was known."""
        words = self.structure.news()
        if words and not self.structure.pending:
            spoken, self._spoken = self._spoken, []
            left = (box for box in self._order if not any(_touch(box, other) for other in spoken))
            self._answers, self._next_answer = (self._answer(box, anew=True) for box in left), 0.0
        return words

    def go_on_answering(self) -> Iterator[Box]:
        """Write some more of what is known without the network, in a small share of the time."""
        began = time.monotonic()
        if began < self._next_answer:
            return
        box = next(self._answers, None)
        if box is None:
            self._next_answer, self._glanced = float("inf"), None
            return
        yield box
        now = time.monotonic()
        self._next_answer = now + (now - began) * (1 / _SHARE - 1)

    def _glance(self, box: Box) -> Box:
        """Write what the nearest labels say: at once, while the structure of the data is looked at."""
        frame, coarse = self._predictor.frame, 1
        if len(box.shape) == 2 and frame.vertical_axis is None:
            coarse = max(1, math.ceil(math.sqrt(math.prod(box.shape) / _GLANCED)))
        near = Neighbours(Shown(self._labels), frame.vertical_axis).read(box, coarse=coarse)[:-1]
        known = near.any(axis=0) & frame.present(box)
        classes = np.asarray((near.argmax(axis=0) + 1) * known, np.uint8)
        self._predictor.outputs.write_classes(box, classes)
        if len(box.shape) == 2:
            self._glanced = classes
        return box

    def _answer(self, box: Box, *, anew: bool = False) -> Box:
        assert self.combiner is not None
        outputs, present = self._predictor.outputs, self._predictor.frame.present(box)
        was = outputs.classes[box.slices]
        # What the network helped to predict is better; what was glanced at is not.
        glanced = self._glanced is not None and np.array_equal(was, self._glanced[box.slices] * present)
        there = np.zeros(box.shape, bool) if anew or glanced else was != 0
        if (there | ~present).all():
            return box
        outer = finishing.surrounded(box, self.combiner) if len(box.shape) == 2 else box
        said = self.combiner.combine(outer, {}).within(box, outer)
        if there.any():
            outputs.write_classes(box, said.classes * (present & ~there))
        else:
            outputs.write(box, said.probabilities, present, said.classes)
        return box

    def after(self, step: int, *, learnt: bool = False) -> list[str]:
        """Do what is to be done after a step; returns what the person should know of it.

        Parameters
        ----------
        step : int
            Steps made. The network is looked at with the weights that predict.
        learnt : bool
            What is shown is learnt already: there is nothing to wait for.
        """
        if self.combiner is None:
            return []
        words = self._join()
        self.combiner.look()
        if self._weighing is None or (step < self._weighing.until and not learnt):
            if self._teaching is not None and not self.structure.pending:
                self._teaching.after(step, waits=self.waits)
            self._show_as_learnt(step)
            return words
        weighing, self._weighing, self._heard_from = self._weighing, None, 0
        self.combiner.found = self._believed
        self._believed = weighing.find(self._predictor, self.combiner, self._wanted, step)
        weighing.release()
        if self._teaching is not None:
            self._teaching.released()
        self.combiner.found = self._believed
        self.weighed = True
        return words + self._believed.words()

    def finish(self, *, early: bool = False) -> None:
        """Show all labels, whether there was time to weigh or not.

        Parameters
        ----------
        early : bool
            Training ends here: a network that has hardly begun to learn counts as little as it did until now.
        """
        if self._weighing is not None:
            self._weighing.release()
            self._weighing = None
        if early:
            self.structure.end()
        if self.combiner is not None and not early:
            self.combiner.found = self._believed

    def _show_as_learnt(self, step: int) -> None:
        """A network that begins to learn counts less, as it speaks by its first weights; one that is taught more."""
        if self.combiner is None:
            return
        if self._heard_from:
            self.combiner.found = self._believed.heard(min(1.0, step / self._heard_from))
        elif self._weighing is None:
            self.combiner.found = self._believed
        if self._teaching is not None and (share := self._teaching.share(step)):
            self.combiner.found = self._believed.after_lessons(share)

    def as_after(self, step: int, *, goes_on: bool = False) -> None:
        """Let the network count as it does after an earlier step, whose weights it has again."""
        if self._teaching is not None and goes_on:
            self._teaching.go_back(step)
        self._show_as_learnt(step)

    def state(self) -> dict[str, Any]:
        """Return what going on needs, see :mod:`~napari_fhn.training.models.suspended`."""
        return {
            "weighing": None if self._weighing is None else self._weighing.state(),
            "found": None if self.combiner is None else record.encode(self._believed),
            "taught": 0.0 if self.combiner is None else self.combiner.found.taught,
            "teaching": None if self._teaching is None else self._teaching.state(),
            "weighed": self.weighed,
            "heard_from": self._heard_from,
        }

    def resume(self, state: Mapping[str, Any]) -> None:
        """Go on with what :meth:`state` returned."""
        if self.combiner is None or state["found"] is None:
            self.finish()
            return
        self.finish()
        self._believed = record.decode(Found, state["found"])
        self.weighed = state["weighed"]
        self._heard_from = state.get("heard_from", 0)
        taught = float(state.get("taught", 0.0))
        self.combiner.found = self._believed.after_lessons(taught)
        if self._teaching is not None and state.get("teaching"):
            self._teaching.resume(state["teaching"], taught)
        if state["weighing"] is not None:
            self._weighing = Weighing.resume(self._labels, state["weighing"])


def taken_over(combiner: Combiner, job: Job, before: Description) -> Found:
    """Return what was found for another network as far as it goes with a job; else what is believed.

    Parameters
    ----------
    combiner : Combiner
        Of the job, with what is believed.
    job : Job
        Starts from the network.
    before : Description
        Of the network.
    """
    then, now = before.combination, combiner.found
    if then is None or {one.name for one in then.factors} != {one.name for one in now.factors}:
        return now
    if then.order and before.classes != job.classes:
        then = replace(then, order=(), penalty=None)
    then = replace(then, snapped=now.snapped)
    if combiner.smoother is None:
        return replace(then, reach=())
    return then if then.reach in combiner.smoother.candidates else replace(then, reach=combiner.smoother.usual)


def _section(shape: tuple[int, ...], axis: int, index: int) -> Box:
    start, stop = [0] * len(shape), list(shape)
    start[axis], stop[axis] = index, index + 1
    return Box(tuple(start), tuple(stop))


def _touch(one: Box, other: Box) -> bool:
    """Whether two boxes have a voxel in common."""
    return all(max(a, c) < min(b, d) for a, b, c, d in zip(one.start, one.stop, other.start, other.stop, strict=True))
