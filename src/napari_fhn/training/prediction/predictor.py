"""Prediction: a section, a region or the whole survey, by tiles, into the files of a job."""

from __future__ import annotations

import math
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from napari_fhn.box import Box
from napari_fhn.network.build import SegmentationNetwork
from napari_fhn.training.combination import finishing
from napari_fhn.training.combination.combiner import Combined, Combiner, Opinions, combined, seen
from napari_fhn.training.combination.settings import NETWORK
from napari_fhn.training.control import Control, Focus
from napari_fhn.training.data.frame import Frame
from napari_fhn.training.job import Job, JobError
from napari_fhn.training.machine.ahead import ahead
from napari_fhn.training.models import earlier
from napari_fhn.training.prediction import by_shards
from napari_fhn.training.prediction.evaluator import Evaluator, Stopped
from napari_fhn.training.prediction.journal import Journal, first_direction_path
from napari_fhn.training.prediction.map_parts import grown
from napari_fhn.training.prediction.mosaic import mosaic
from napari_fhn.training.prediction.outputs import Outputs, likeliest
from napari_fhn.training.prediction.parts import Part, added
from napari_fhn.training.prediction.recorder import Recorder
from napari_fhn.training.prediction.regions import sections_together
from napari_fhn.training.prediction.tiles import Lattice, Pass, choose
from napari_fhn.training.prediction.waiting import Waiting, names_of

_SIDE = 16
"""Sections that a 3D network looks at on each side to predict the one in view."""


class Predictor:
    """Writes what a network says into the files of a job.

    Parameters
    ----------
    network : SegmentationNetwork
        Its weights may change between calls.
    frame : Frame
        How it looks at the volume.
    job : Job
        Names the files, and says what is predicted how in how much memory.
    device : torch.device
        Where the network is.

    Attributes
    ----------
    recorder : Recorder or None
        Writes down what the prediction is made of; nobody does where there is none.
    combiner : Combiner or None
        What a prediction is made of beside the network; None for the network alone.
    cleared : bool
        Whether something of another network was taken away when the first box was written.
    replaces : bool
        Whether what is there is a whole prediction, which is kept until this one is whole.

    Raises
    ------
    JobError
        When the prediction file is not uint8 of the labels' shape, or there is no room for another one.
    """

    def __init__(self, network: SegmentationNetwork, frame: Frame, job: Job, device: torch.device) -> None:
        self.network = network
        self.frame = frame
        self.shape = frame.shape
        self.outputs = Outputs(job, frame.shape)
        self.recorder: Recorder | None = None
        self.combiner: Combiner | None = None
        self.cleared = False
        self.replaces = False
        self._prediction = Path(job.prediction)
        block = math.prod(job.schedule.block)
        self.evaluator = Evaluator(network, frame, device, flips=job.flips, memory=job.memory, block=block)
        self.memory = job.memory
        self._waiting_file = first_direction_path(job)
        self._waiting: Waiting | None = None

    def flush(self) -> None:
        """Bring what was predicted so far to the disk."""
        self.outputs.flush()
        if self._waiting:
            self._waiting.sync()

    def notes(self) -> list[str]:
        """Return what the person should know about what was predicted since the last call."""
        notes = self.evaluator.notes + self.outputs.notes
        self.evaluator.notes, self.outputs.notes = [], []
        return notes

    @property
    def radius(self) -> int | None:
        """Of the receptive field of the network; None where a voxel depends on all of its block."""
        return self.evaluator.radius

    def network_probabilities(self, region: Box, across: int | None) -> NDArray[np.float32]:
        """Return what the network alone says of a region, without writing it.

        Parameters
        ----------
        region : Box
            Inside the survey.
        across : int or None
            Axis across which a 2.5D network sees sections; None for others.

        Returns
        -------
        ndarray
            ``(classes, *region.shape)``.

        Raises
        ------
        JobError
            When memory is too short for the smallest tile.
        """
        found = np.empty((self.network.classes, *region.shape), np.float32)
        for box, values in self._tiles(self._cut(region, across), across, None):
            found[(slice(None), *box.within(region))] = values
        return found

    def classes(self, region: Box, across: int | None) -> NDArray[np.uint8]:
        """Return the classes (1 and up) of a region, as all factors have them, without writing them."""
        return self.combined(region, self.network_probabilities(region, across)).classes

    def combined(self, box: Box, network: NDArray[np.float32]) -> Combined:
        """Return what all factors say of a box, of which the network says ``(classes, *box.shape)``."""
        return combined(self.combiner, box, {NETWORK: network})

    def write(self, region: Box, across: int | None, control: Control | None = None) -> Iterator[Box]:
        """Predict a region into the files, yielding each box as it is written; ends early when stopped."""
        try:
            for box, values in self._tiles(self._cut(region, across), across, control):
                self.put(box, self.combined(box, values))
                yield box
        except Stopped:
            return

    def put(self, box: Box, said: Combined, *, half: bool = False) -> None:
        """Write what is said of a box into the files, wherever there are data; `half` if by one direction of two."""
        self._begin()
        self.outputs.write(box, said.probabilities, self.frame.present(box), said.classes, said.alone)
        if self.recorder is not None:
            self.recorder.add(box, half=half)

    def put_classes(self, box: Box, classes: NDArray[np.uint8]) -> None:
        """Write classes of a box into the files, wherever they are not 0."""
        self._begin()
        self.outputs.write_classes(box, classes)
        if self.recorder is not None:
            self.recorder.scatter(box)

    def _begin(self) -> None:
        """Before anything is written: what is of another network goes."""
        if self.recorder is not None and not self.recorder.begun:
            if self.replaces:
                try:
                    earlier.keep_prediction(self._prediction)
                except OSError as error:
                    said = f"There is no room to keep the prediction that was there until this one is whole ({error})."
                    self.evaluator.notes.append(said)
            self.outputs.alone(() if self.combiner is None else (NETWORK, *self.combiner.heard))
            self.cleared = self.recorder.begin(self.outputs.clear)

    def section(self, focus: Focus, control: Control | None = None) -> Iterator[Box]:
        """Predict the section in view (for a 3D network: the middle of a slab around it)."""
        region = Box.whole(self.shape)
        if len(self.shape) == 2:
            yield from self.write(region, None, control)
            return
        thickness = 1 if self.frame.sections else 2 * _SIDE
        first = max(0, min(focus.index - thickness // 2, self.shape[focus.axis] - thickness))
        seen = region.slab(focus.axis, first, min(first + thickness, self.shape[focus.axis]))
        yield from self.write(seen, focus.axis if self.frame.sections else None, control)

    @property
    def around(self) -> tuple[int, ...]:
        """Voxels on each side, along each axis, that a voxel depends on; all of them where there is no end to it."""
        far = max(self.shape) if self.radius is None else self.radius
        return tuple(max(far, one) for one in ([0] * len(self.shape) if self.combiner is None else self.combiner.halo))

    def part(self, box: Box) -> Iterator[Box]:
        """Predict a part of a map or a line with what lies around it, as if all of it were predicted."""
        if self.frame.present(box).any():
            outer = grown(box, self.around, self.shape)
            self.put(box, self.combined(outer, self.network_probabilities(outer, None)).within(box, outer))
            yield box

    def can_section(self, focus: Focus) -> bool:
        """Tell whether one prediction fills this section; a time slice crosses all sections of a 2D network."""
        return not self.frame.sections or focus.axis in self.frame.sections

    def everything(self, journal: Journal, control: Control | None = None) -> Iterator[tuple[Box, float]]:
        """Predict the whole survey, or what a journal says is left of it.

        What sections of both directions say is averaged, of the network and of factors that look at them: they make
        unlike mistakes. What the first direction says is shown at once, and waits in a file for the second.

        Parameters
        ----------
        journal : Journal
            Of the same model on the same data, or a new one.
        control : Control, optional
            To stop, and to say what is in view.

        Yields
        ------
        box : Box
            It has been written.
        share : float
            What is done, from 0 to 1.
        """
        passes = self._planned(journal)
        if by_shards.goes_by_shards(journal.plan):
            try:
                yield from by_shards.by_shards(self, journal, control)
            except Stopped:
                pass
            finally:
                self._flushed(journal)
            return
        last = self._last_boxes()
        if len(passes) > 1 or last:
            if not self._waiting_file.exists():
                journal.begin(journal.plan)  # what waited is gone
            try:
                names = names_of(self.combiner, len(passes))
                self._waiting = Waiting.in_file(self._waiting_file, names, self.network.classes, self.shape)
            except JobError as error:
                if len(passes) > 1:
                    raise
                raise JobError(f"{error}, or predict with smoothing, snapping and layer order off") from None
        done, total = 0, (len(passes) + bool(last)) * math.prod(self.shape)
        try:
            for number, one in enumerate(passes):
                finished = self.finished(journal, number)
                done += sum(math.prod(box.shape) for box in finished)
                tiles = ahead(self._tiles(one.lattice, one.across, control, finished))
                for box, values in tiles:
                    said = seen(self.combiner, box, values, one.across if len(passes) > 1 else None)
                    if self._waiting is not None and number:
                        said = self._waiting.averaged(box, said, partial(self._again, box, passes[0].across))
                    self._take(box, said, control, half=number < len(passes) - 1)
                    if journal.finish(number, box) and self.recorder is not None:
                        self.recorder.flush()
                    done += math.prod(box.shape)
                    yield box, done / total
                    if control is not None:
                        control.wait_while_paused()
            finished = self.finished(journal, len(passes))
            for box in last:
                if box not in finished:
                    self._finish(box, control)
                    if journal.finish(len(passes), box) and self.recorder is not None:
                        self.recorder.flush()
                done += math.prod(box.shape)
                yield box, done / total
        except Stopped:
            return
        finally:
            self._flushed(journal)

    def _flushed(self, journal: Journal) -> None:
        journal.flush()
        if self.recorder is not None:
            self.recorder.flush()

    def _at_first(self, box: Box, said: Opinions, control: Control | None) -> Combined:
        """Return something to look at: of the section in view what all factors say, elsewhere of what is said already.

        Factors that see no sections are asked of each voxel once, when both directions have said all.
        """
        focus = control.in_view(self.shape) if control is not None and control.watched else None
        values = said[NETWORK] if self.combiner is None or len(said) == 1 else self.combiner.together(said)
        named = likeliest(values)
        if self.combiner is None or focus is None or not box.start[focus.axis] <= focus.index < box.stop[focus.axis]:
            return Combined(values, named, {})
        view, values = box.slab(focus.axis, focus.index, focus.index + 1), values.copy()
        there = (slice(None), *view.within(box))
        inside = {name: one[there] for name, one in said.items()}
        together = self.combiner.combine(view, inside, finished=False)
        values[there], named[there[1:]] = together.probabilities, together.classes
        return Combined(values, named, {})

    def _again(self, box: Box, across: int | None) -> Opinions:
        """Return what sections of the first direction tell of a box."""
        outer = grown(box, self.around, self.shape)
        network = self.network_probabilities(outer, across)[(slice(None), *box.within(outer))]
        return seen(self.combiner, box, network, across)

    def _take(self, box: Box, said: Opinions, control: Control | None, *, half: bool) -> None:
        """Write what is said of a box by one direction of two (`half`) or by all; what waits for more waits."""
        if half:
            assert self._waiting is not None
            self._waiting.put(box, said)
            self.put(box, self._at_first(box, said, control), half=True)
        elif self.combiner is None or not self.combiner.finishes:
            self.put(box, combined(self.combiner, box, said))
        else:
            assert self._waiting is not None
            together = self.combiner.combine(box, said, finished=False)
            self._waiting.put_together(box, together.probabilities)
            self.put(box, together, half=True)

    def _last_boxes(self) -> list[Box]:
        """Return the boxes of the last pass, nearest to the first one first; none where no voxel needs others."""
        if self.combiner is None or not self.combiner.finishes:
            return []
        return finishing.boxes(self.combiner, self.network.classes, self.memory)

    def _finish(self, box: Box, control: Control | None) -> None:
        """Write a box whose surroundings are all predicted."""
        assert self.combiner is not None
        assert self._waiting is not None
        if control is not None:
            control.wait_while_paused()
            if control.stop.is_set():
                raise Stopped
        outer = finishing.surrounded(box, self.combiner)
        said = self.combiner.finished(outer, self._waiting.get_together(outer)).within(box, outer)
        self.put(box, said)  # what each factor says alone is there already

    def finished(self, journal: Journal, number: int) -> set[Box]:
        """Return the boxes of a pass that a journal says are there, as far as they are."""
        return {box for box in journal.finished(number) if self._written(box)}

    def finished_parts(self, journal: Journal, step: int, model: str) -> tuple[Part, ...]:
        """Return what a journal says is there, as far as it is."""
        parts: list[Part] = []
        last = len(journal.plan) - 1 if isinstance(journal.plan, list) else 0
        if self.combiner is not None and self.combiner.finishes and isinstance(journal.plan, list):
            last += 1
        for number in range(last + 1):
            for box in sorted(self.finished(journal, number), key=lambda box: box.start):
                parts = added(parts, Part(box, step, model, half=number < last))
        return tuple(parts)

    def _written(self, box: Box) -> bool:
        """Tell whether a box has been predicted, by its corners with data: somebody may have cleared the file."""
        corners = np.ix_(*((a, b - 1) for a, b in zip(box.start, box.stop, strict=True)))
        flat = np.ravel_multi_index(np.broadcast_arrays(*corners), self.shape).ravel()
        present = self.frame.present_at(flat)
        return bool(present.any() and np.all(self.outputs.classes[corners].ravel()[present]))

    def _tiles(
        self, lattice: Lattice, across: int | None, control: Control | None, finished: set[Box] | None = None
    ) -> Iterator[tuple[Box, NDArray[np.float32]]]:
        def evaluate(box: Box, used: Box) -> NDArray[np.float32]:
            if control is not None and control.stop.is_set():
                raise Stopped
            return self.evaluator.probabilities(box, used, across, control)

        def focus() -> Focus | None:
            return control.in_view(self.shape) if control is not None else None

        return mosaic(lattice, evaluate, focus, finished or ())

    def _cut(self, region: Box, across: int | None) -> Lattice:
        multiples, voxels, sections = self.evaluator.multiples(across), self.evaluator.voxels, None
        if across is not None:
            size = math.prod(length for axis, length in enumerate(region.shape) if axis != across)
            sections = (across, sections_together(size, voxels))
        return choose(region, multiples, self.evaluator.radius, voxels, sections)

    def _planned(self, journal: Journal) -> list[Pass]:
        if by_shards.goes_by_shards(journal.plan):
            return []
        try:
            return [Pass.from_plain(one) for one in journal.plan]
        except (TypeError, ValueError):
            pass  # none, or not one of this version
        large = by_shards.planned(self)
        if large is not None:
            journal.begin(large)
            return []
        ways: list[int | None] = list(self.frame.sections) or [None]
        passes = [Pass(across, self._cut(Box.whole(self.shape), across)) for across in ways]
        self.evaluator.say_if_short(one.lattice for one in passes)
        journal.begin([one.to_plain() for one in passes])
        self._waiting_file.unlink(missing_ok=True)  # it would be of another prediction
        return passes
