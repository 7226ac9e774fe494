"""Random training blocks that hold labels, with flips and structural augmentation."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_fhn.box import Box
from napari_fhn.training.control import Focus
from napari_fhn.training.data.annotations import Annotations
from napari_fhn.training.data.augmentation import Block, Way, flipped, permuted, sheared
from napari_fhn.training.data.batch import Batch
from napari_fhn.training.data.boxes import within
from napari_fhn.training.data.drawn import Beginning, Draw, Origin
from napari_fhn.training.data.fitting import check_schedule
from napari_fhn.training.data.frame import Frame
from napari_fhn.training.data.labelled import LabelFile
from napari_fhn.training.data.pseudo_labels import PseudoLabels, Tile
from napari_fhn.training.job import Schedule
from napari_fhn.training.machine.beside import Beside
from napari_fhn.training.steps.sizing import halved, shared

_NEAR = 10
"""One in so many labels of a class, those closest to the section in view, counts as near it."""


class Blocks:
    """Draws batches of blocks around labelled voxels, each class as often as the others.

    Parameters
    ----------
    frame : Frame
        How the network looks at the volume.
    labels : LabelFile
        What is known.
    schedule : Schedule
        Block size, batch, augmentation and seed.
    annotations : Annotations, optional
        What is known beside the labels.
    ahead : bool
        Draw the next batch on a thread while the one before is used. It is the same batch: where labels or view have
        changed meanwhile it is drawn again, from the same random numbers.
    pin : bool
        Put batches into memory that a GPU reads by itself.
    pseudo : PseudoLabels, optional
        Of which a share of the blocks is drawn.

    Attributes
    ----------
    schedule : Schedule
        With the blocks and the batch of now, see :meth:`halve`.

    Raises
    ------
    JobError
        When the schedule turns or swaps an axis that has to stay.
    """

    def __init__(
        self,
        frame: Frame,
        labels: LabelFile,
        schedule: Schedule,
        annotations: Annotations | None = None,
        *,
        ahead: bool = False,
        pin: bool = False,
        pseudo: PseudoLabels | None = None,
    ) -> None:
        self.frame = frame
        self.labels = labels
        self.annotations = annotations or Annotations(frame, labels)
        self.schedule = schedule
        check_schedule(schedule, frame.vertical, frame.map_axis)
        fixed = (frame.vertical, frame.map_axis)
        self._flips = (
            tuple(axis for axis in range(len(schedule.block)) if axis not in fixed)
            if schedule.flips is None
            else schedule.flips
        )
        self._asked = (schedule.batch, *schedule.block, schedule.accumulate)
        self._rng = np.random.default_rng(schedule.seed)
        self._drawn: list[Origin] = []
        self._rank, self._ranks = 0, 1
        self._pin = pin
        self.pseudo = pseudo
        # What is known of neighbours is followed by one thread alone.
        beside = ahead and not frame.framing.neighbours
        self._next: Beside[Draw] | None = Beside() if beside else None
        self._begun_from: Beginning | None = None

    def share(self, rank: int, ranks: int, *, more: bool) -> None:
        """Draw from now on what falls to one of several processes, part by part in turn.

        Parameters
        ----------
        rank, ranks : int
            Which process, and how many there are.
        more : bool
            See :func:`~napari_fhn.training.steps.sizing.shared`.
        """
        self._take_back()
        self._rank, self._ranks = rank, ranks
        self.schedule = shared(self.schedule, ranks, more=more)

    @property
    def _versions(self) -> tuple[int, int]:
        return self.labels.version, 0 if self.pseudo is None else self.pseudo.version

    @property
    def rounds(self) -> int:
        """The most parts of a batch that any process has."""
        return -(-min(self.schedule.accumulate, self.schedule.batch) // self._ranks)

    @property
    def largest(self) -> tuple[int, ...]:
        """The largest block that the network may be shown, one length for each of its axes."""
        frame = self.frame
        sizes = list(frame.volume.shape)
        if frame.sections:
            sizes = [max(sizes[axis] for axis in frame.sections), sizes[-1]]
        return tuple(
            size if axis == frame.map_axis else _length(size, block, multiple)
            for axis, (size, block, multiple) in enumerate(
                zip(sizes, self.schedule.block, frame.network_multiples, strict=True)
            )
        )

    def halve(self) -> bool:
        """Make a step smaller from now on, see :func:`sizing.halved`; False when it is as small as can be."""
        least = [
            size if axis == self.frame.map_axis else multiple
            for axis, (size, multiple) in enumerate(zip(self.largest, self.frame.network_multiples, strict=True))
        ]
        self._take_back()
        smaller = halved(self.schedule, self.largest, least)
        if smaller is None:
            return False
        self.schedule = smaller
        return True

    def state(self) -> dict[str, Any]:
        """Return what going on needs, see :mod:`~napari_fhn.training.models.suspended`."""
        now = self.schedule
        sizes = {"asked": self._asked, "block": now.block, "batch": now.batch, "accumulate": now.accumulate}
        random = self._rng.bit_generator.state if self._begun_from is None else self._begun_from.random
        pseudo = {} if self.pseudo is None else {"pseudo": self.pseudo.state()}
        return {**sizes, "random": random, **pseudo}

    def resume(self, state: Mapping[str, Any]) -> None:
        """Go on with what :meth:`state` returned: where memory ran out, blocks stay as small as they had become."""
        self._take_back()
        self._rng.bit_generator.state = state["random"]
        if self.pseudo is not None and "pseudo" in state:
            self.pseudo.resume(state["pseudo"])
        asked = list(self._asked)
        if state["asked"] in (asked, asked[:-1]):  # before blocks were shown in parts, nothing was said of them
            now = {"block": tuple(state["block"]), "batch": state["batch"]}
            now["accumulate"] = state.get("accumulate", self.schedule.accumulate)
            if len(state["block"]) != len(self.schedule.block):
                raise ValueError("its blocks have another number of axes")
            self.schedule = replace(self.schedule, **now)

    def draw(self, focus: Focus | None = None) -> Batch | None:
        """Draw a batch.

        Parameters
        ----------
        focus : Focus, optional
            The section in view.

        Returns
        -------
        Batch or None
            None when nothing is labelled (any more).
        """
        begun = self._finished()
        self.labels.look(focus)
        if begun is not None and not self._still_so(begun, focus):
            begun = None
        if begun is None:
            self._take_back()
            if not self.labels.counts.any():
                return None
            begun = self._draw(focus)
        self._begun_from = None
        self._drawn = begun.origins
        if self._next is not None:
            self._begun_from = Beginning(self._rng.bit_generator.state, self._versions, focus)
            self._next.begin(lambda: self._draw(focus))
        return begun.batch

    def _draw(self, focus: Focus | None) -> Draw:
        # One section axis and one order of axes for the whole batch: the blocks of a batch share their shape.
        across = int(self._rng.choice(self.frame.sections)) if self.frame.sections else None
        order = self._order()
        seeds = self._rng.integers(2**63, size=self.schedule.batch)
        parts = np.array_split(seeds, min(self.schedule.accumulate, len(seeds)))[self._rank :: self._ranks]
        if not parts:
            return Draw(None, [])
        each = (np.random.default_rng(int(seed)) for seed in np.concatenate(parts))
        drawn = [self._block(across, focus, order, rng) for rng in each]
        origins, blocks = [origin for origin, _ in drawn], [block for _, block in drawn]
        data = np.stack([np.concatenate((block.data, block.place)) for block in blocks])
        known = np.stack([block.known for block in blocks])
        if self.frame.map_axis is not None:
            known = known.squeeze(2 + self.frame.map_axis)
        # The person may have erased since the last look what the blocks were drawn around.
        learns = known[:, (0, -1) if self.pseudo is not None else 0]
        if not learns.any() and self._ranks == 1:
            return Draw(None, origins)
        batch = self.annotations.batch(data, known, len(parts))
        if self._pin:
            batch = batch.pinned()
        for part in batch.split():
            _ = part.shown  # found here, while there is time
        return Draw(batch, origins)

    def _finished(self) -> Draw | None:
        """Return what was drawn meanwhile; None where nothing was, or could not be."""
        return None if self._next is None else self._next.finish()

    def _still_so(self, begun: Draw, focus: Focus | None) -> bool:
        """Tell whether the same would be drawn now."""
        beginning = self._begun_from
        if beginning is None or beginning.versions != self._versions:
            return False
        if self.schedule.focus_share and beginning.focus != focus:
            return False
        return all(np.array_equal(self.annotations.read(origin.box), origin.known) for origin in begun.origins)

    def _take_back(self) -> None:
        """Forget what was drawn meanwhile, as if it had not been."""
        if self._next is not None:
            self._next.finish()
        if self._begun_from is not None:
            self._rng.bit_generator.state = self._begun_from.random
            self._begun_from = None

    def back(self, classes: NDArray[np.uint8]) -> Iterator[tuple[Box, NDArray[np.uint8]]]:
        """Bring what the network said of the last batch to where it belongs in the survey.

        Parameters
        ----------
        classes : ndarray
            ``(batch, *space)``, from 1.

        Yields
        ------
        box : Box
            Inside the survey.
        classes : ndarray
            ``box.shape``; 0 where nothing was said, and where there are no data.
        """
        whole = Box.whole(self.frame.shape)
        for (box, way, across, _), block in zip(self._drawn, classes, strict=True):
            if self.frame.map_axis is not None:
                block = way.back(np.expand_dims(block, self.frame.map_axis)).squeeze(self.frame.map_axis)
            else:
                block = way.back(block)
            if across is not None:
                block = np.expand_dims(block, across)
            inside = within(box, whole)
            start = tuple(a + part.start for a, part in zip(box.start, inside, strict=True))
            stop = tuple(a + part.stop for a, part in zip(box.start, inside, strict=True))
            seen = Box(start, stop)
            yield seen, block[inside] * self.frame.present(seen)

    def _order(self) -> list[int]:
        order = list(range(len(self.schedule.block)))
        for axis, other in zip(
            self.schedule.permute, self._rng.permutation(np.array(self.schedule.permute, int)), strict=True
        ):
            order[axis] = int(other)
        return order

    def _block(
        self, across: int | None, focus: Focus | None, order: list[int], rng: np.random.Generator
    ) -> tuple[Origin, Block]:
        taught = self._pseudo_labelled(rng)
        voxel: Sequence[np.int64] = (
            np.unravel_index(self._labelled_voxel(focus, rng), self.frame.shape) if taught is None else taught[1]
        )
        box = self._box_around(voxel, across, rng)
        read = self.annotations.read(box)
        known = read.copy()
        if taught is not None:
            self.annotations.fill(known, box, taught[0])
            if self.frame.framing.neighbours:
                known[0] = 0  # of labels that are told nothing is asked
        if taught is not None:  # as it is told when it predicts
            place, asked = self.frame.position(box, across), None
        else:
            place, asked = self.frame.lesson(box, across, [int(at) for at in voxel], rng)
        if asked is not None:
            known[0] *= asked
        known = known.reshape(len(known), *self.frame.space(box, across))
        if self.frame.map_axis is not None:
            known = np.expand_dims(known, 1 + self.frame.map_axis)
        block = Block(self.frame.data(box, across), place, known)
        flips = tuple(axis for axis in self._flips if rng.random() < 0.5)
        block = flipped(block, flips)
        vertical, shift, dips = self._moves(block, rng)
        if vertical is not None:
            moved = sheared(block, vertical, shift, dips)
            if moved.labels.any() or taught is not None:
                block = moved
            else:  # a small patch near the border may be moved out of the block
                vertical = None
        block = self._with_fewer_labels(self._with_noise(block, rng), rng)
        way = Way(flips, vertical, shift, dips, tuple(order))
        return Origin(box, way, across, read), permuted(block, order)

    def _box_around(self, voxel: Sequence[np.int64], across: int | None, rng: np.random.Generator) -> Box:
        shape = self.frame.shape
        # The network has no axis across a section, and the labels none of which a slice is read.
        own = [size for axis, size in enumerate(self.schedule.block) if axis != self.frame.map_axis]
        block = iter(zip(own, self.frame.multiples, strict=True))
        start, stop = [], []
        for axis, (size, at) in enumerate(zip(shape, voxel, strict=True)):
            if axis == across:
                start.append(int(at))
                stop.append(int(at) + 1)
                continue
            length = _length(size, *next(block))
            # Anywhere such that the voxel lies inside; within the survey as far as it is long enough.
            low, high = max(0, int(at) - length + 1), min(int(at), max(size - length, 0))
            first = int(rng.integers(min(low, high), high + 1))
            start.append(first)
            stop.append(first + length)
        return Box(tuple(start), tuple(stop))

    def _pseudo_labelled(self, rng: np.random.Generator) -> tuple[Tile, list[np.int64]] | None:
        """Draw a tile of the pseudo-labels and a voxel in it for a block; None where it is drawn around a label."""
        if self.pseudo is None or not self.pseudo.held or rng.random() >= self.schedule.pseudo_labels:
            return None
        return self.pseudo.draw(rng)

    def _labelled_voxel(self, focus: Focus | None, rng: np.random.Generator) -> int:
        """Return the flat index of a labelled voxel, near the section in view as often as the schedule says."""
        present = np.flatnonzero(self.labels.counts)
        positions = self.labels.positions[int(rng.choice(present))]
        share = self.schedule.focus_share
        if share and focus is not None and focus.axis < len(self.frame.shape) and rng.random() < share:
            beyond = int(np.prod(self.frame.shape[focus.axis + 1 :]))
            away = np.abs(positions // beyond % self.frame.shape[focus.axis] - focus.index)
            nearest = -(-len(positions) // _NEAR)
            positions = positions[np.argpartition(away, nearest - 1)[:nearest]]
        return int(rng.choice(positions))

    def _moves(self, block: Block, rng: np.random.Generator) -> tuple[int | None, float, tuple[float, ...]]:
        """Draw how columns move: along which axis, how far, and at which dips."""
        schedule, vertical = self.schedule, self.frame.vertical
        if vertical is None or self.frame.map_axis is not None or not (schedule.shear or schedule.shift):
            return None, 0.0, ()
        shift = rng.uniform(-1, 1) * schedule.shift
        dips = tuple(rng.uniform(-1, 1) * schedule.shear for _ in range(block.labels.ndim - 1))
        return vertical, shift, dips

    def _with_noise(self, block: Block, rng: np.random.Generator) -> Block:
        if not self.schedule.noise:
            return block
        noise = rng.standard_normal(block.data.shape, dtype=np.float32)
        data = block.data * np.float32(rng.uniform(0.8, 1.25)) + noise * np.float32(self.schedule.noise)
        return Block(data, block.place, block.known)

    def _with_fewer_labels(self, block: Block, rng: np.random.Generator) -> Block:
        if self.schedule.labels_share == 1:
            return block
        labelled = np.flatnonzero(block.labels)
        kept = rng.choice(labelled, -int(-len(labelled) * self.schedule.labels_share // 1), replace=False)
        known = block.known.copy()
        known[0] = 0
        known[0].flat[kept] = block.labels.flat[kept]
        return Block(block.data, block.place, known)


def _length(size: int, block: int, multiple: int) -> int:
    """Return the block length along an axis: at most the block, else the survey rounded up."""
    up = -(-min(size, block) // multiple) * multiple
    return up if up <= max(block, multiple) else up - multiple
