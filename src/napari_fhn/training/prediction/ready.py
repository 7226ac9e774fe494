"""A trained network and a survey, opened and ready to predict: what every way of predicting begins with."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import torch

from napari_fhn.network.hyperbolic import HyperbolicNetwork, Precision
from napari_fhn.training.combination.combiner import Combiner
from napari_fhn.training.combination.opening import least_reach, open_combiner
from napari_fhn.training.combination.settings import NETWORK, Combination, FactorWeight, Found
from napari_fhn.training.combination.weighing import PENALTY, known_order
from napari_fhn.training.data.frame import Frame
from napari_fhn.training.data.labelled import LabelFile
from napari_fhn.training.data.volume import Volume
from napari_fhn.training.files.digest import digest
from napari_fhn.training.job import Job
from napari_fhn.training.machine import speed
from napari_fhn.training.machine.device import choose_device
from napari_fhn.training.models import model as models
from napari_fhn.training.prediction.provenance import Provenance

_NETWORK_ALONE = Found((FactorWeight(NETWORK, 1.0, 0.0),))


@dataclass(frozen=True)
class Ready:
    """What predicts.

    Parameters
    ----------
    job : Job
        What was asked for.
    model : Model
        On its device.
    frame : Frame
        How the network looks at the survey, with what is known of it.
    device : torch.device
        Where the network is.
    combiner : Combiner or None
        What a prediction is made of beside the network.
    precision : {"float32", "bfloat16"}
        Of the network's convolutions.
    notes : tuple of str
        What a person should know.
    """

    job: Job
    model: models.Model
    frame: Frame
    device: torch.device
    combiner: Combiner | None
    precision: Precision
    notes: tuple[str, ...] = ()

    @classmethod
    def of(cls, job: Job) -> Ready:
        """Open the model and the files of a job.

        Raises
        ------
        JobError
            When they do not fit; the message says which.
        """
        device = choose_device(job.device)
        model = models.load(job.model)
        volume = Volume(job.inputs, model.normalisation, model.framing.map_axis)
        model.network.to(device).eval()
        precision: Precision = "float32"
        if isinstance(model.network, HyperbolicNetwork):
            block = job.schedule.block
            precision = speed.precision(job.schedule.precision, model.network.architecture, block, device)
            model.network.precision = precision
        frame = Frame(volume, model.network.architecture, model.framing)
        known, notes = _known(job, model, frame)
        combiner: Combiner | None = None
        if job.combination is not None:
            found = _insisted(model.combination or _NETWORK_ALONE, job.combination, frame, known)
            combiner, more = open_combiner(job, frame, known, found)
            notes += more
        return cls(job, model, frame, device, combiner, precision, tuple(notes))

    @property
    def made_of(self) -> tuple[str, ...]:
        """What a prediction is made of beside the network, and what happens to it after that, by name."""
        return () if self.combiner is None else (*self.combiner.heard, *self.combiner.found.finishes)

    @property
    def speaks(self) -> bool:
        """Whether the labels of now say something of a prediction."""
        return self.model.framing.neighbours or (self.combiner is not None and bool(self.combiner.heard))

    @property
    def told(self) -> str:
        """Digest of the labels that say something; empty where they do not."""
        return digest(self.job.labels) if self.speaks else ""

    def provenance(self) -> Provenance:
        """Return that of a prediction of which nothing is there yet."""
        return Provenance.of(
            self.job,
            self.frame.shape,
            classes=self.model.classes,
            run=self.model.run or self.job.run,
            labels=self.model.labels,
            factors=self.made_of,
            told=self.told,
        )


def _known(job: Job, model: models.Model, frame: Frame) -> tuple[LabelFile | None, list[str]]:
    """The labels, where they say something beside the network, and what there is to say of them."""
    # Of a survey on which nothing was ever labelled there is no such file: what is carried from labels is missing then.
    if not model.framing.neighbours and (job.combination is None or not Path(job.labels).exists()):
        return None, []
    classes = len(model.classes)
    known = LabelFile(job.labels, frame.shape, classes, job.held_out, job.ignored, frame.present_at, newer=True)
    notes = []
    if known.unknown:
        notes.append(f"Label {known.unknown} is of no class of the network: it is left out until you train again.")
    frame.know(known)
    return known, notes


def _insisted(found: Found, wanted: Combination, frame: Frame, labels: LabelFile | None) -> Found:
    """Return what was found with what a person wants, whatever was found: without this, and with the least of that."""
    found = found.heeding(wanted)
    if wanted.smoothing == "on" and not found.reach:
        found = replace(found, reach=least_reach(frame))
    if wanted.order == "on" and not found.order and labels is not None and frame.map_axis is None:
        order = known_order(labels, frame.vertical_axis, wanted)
        found = found if order is None else replace(found, order=order, penalty=PENALTY)
    if wanted.snapping == "on" and labels is not None and frame.vertical_axis is not None and frame.map_axis is None:
        found = replace(found, snapped=True)
    return found
