"""What a prediction is made of, written down while it is made."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from napari_fhn.box import Box
from napari_fhn.training.job import Job, JobError
from napari_fhn.training.prediction.parts import Part, added, scattered
from napari_fhn.training.prediction.provenance import Provenance, path_of, read, write

_EVERY = 2.0
"""Seconds between two writings while a prediction grows."""


class Recorder:
    """Writes down what a prediction is made of while it is made.

    Parameters
    ----------
    prediction : path-like
        The ``.npy`` file.
    provenance : Provenance
        Of what is there to begin with, and stays; its parts grow.
    step : int
        Training steps behind the network.
    model : str
        Checksum of the model; empty while it is learning.
    flush : callable
        Brings what was predicted to the disk.

    Attributes
    ----------
    step : int
        May change while a network learns.
    begun : bool
        Whether anything was written.
    """

    def __init__(
        self,
        prediction: str | Path,
        provenance: Provenance,
        flush: Callable[[], None],
        *,
        step: int = 0,
        model: str = "",
    ) -> None:
        self.step = step
        self.model = model
        self.begun = False
        self._prediction = Path(prediction)
        self._provenance = provenance
        self._parts = list(provenance.parts)
        self._flush = flush
        self._changed = False
        self._written = time.monotonic()

    @classmethod
    def of_training(
        cls,
        job: Job,
        shape: tuple[int, ...],
        labels: str,
        heard: tuple[str, ...],
        flush: Callable[[], None],
        step: int,
        *,
        goes_on: bool,
    ) -> Recorder:
        """Return what writes down what a training paints; what the same training painted before stays.

        Parameters
        ----------
        job : Job
            What is trained.
        shape : tuple of int
            Of the prediction.
        labels : str
            Checksum of what is known.
        heard : tuple of str
            Factors beside the network.
        flush, step
            As for any.
        goes_on : bool
            Whether the training was begun before.
        """
        made = Provenance.of(job, shape, classes=job.classes, run=job.run, labels=labels, factors=heard)
        try:
            before = read(job.prediction) if goes_on else None
        except JobError:  # what cannot be read is of nobody
            before = None
        if before is not None and before.shape == made.shape and before.run == made.run and before.tidied is None:
            made = replace(made, parts=tuple(part for part in before.parts if not part.model))
        return cls(job.prediction, made, flush, step=step)

    @property
    def provenance(self) -> Provenance:
        """What is known now."""
        return replace(self._provenance, parts=tuple(self._parts))

    def begin(self, clear: Callable[[tuple[Box, ...]], bool]) -> bool:
        """Take away what is not in the parts that stay.

        Parameters
        ----------
        clear : callable
            Sets to 0 what lies outside of some boxes, and tells whether there was anything.

        Returns
        -------
        bool
            Whether there was anything.
        """
        self.begun = True
        # Written first: whatever happens meanwhile, it says no more than is there.
        try:
            write(self._prediction, self.provenance)
        except OSError:
            # On a disk without room: then it says nothing, until there is some.
            path_of(self._prediction).unlink(missing_ok=True)
            self._changed = True
        return clear(tuple(part.box for part in self._parts))

    def add(self, box: Box, *, half: bool = False) -> None:
        """Note that a box was predicted."""
        self._parts = added(self._parts, Part(box, self.step, self.model, half))
        self._changed = True

    def scatter(self, box: Box) -> None:
        """Note that some voxels of a box were predicted, which are not 0."""
        self._parts = scattered(self._parts, Part(box, self.step, self.model, scattered=True))
        self._changed = True

    def whole(self) -> None:
        """Note that everything was predicted."""
        self._parts = [Part(Box.whole(self._provenance.shape), self.step, self.model)]
        self._changed = True

    def look(self) -> None:
        """Write it down if that is due."""
        if self._changed and time.monotonic() - self._written > _EVERY:
            self.flush()

    def flush(self) -> None:
        """Bring what was predicted to the disk, and then what is known of it."""
        if self._changed:
            self._flush()
            write(self._prediction, self.provenance)
            self._changed = False
        self._written = time.monotonic()
