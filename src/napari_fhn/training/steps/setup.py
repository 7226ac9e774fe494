"""From a job to everything that training needs: files opened and checked, network built, blocks small enough."""

from __future__ import annotations

from contextlib import AbstractContextManager
from dataclasses import replace

import numpy as np
import torch

from napari_fhn.network import onednn
from napari_fhn.network.build import SegmentationNetwork, build
from napari_fhn.network.comparison import NetworkDescription, UNetArchitecture
from napari_fhn.network.counting import in_words
from napari_fhn.network.forecast import Keep
from napari_fhn.network.hyperbolic import HyperbolicNetwork
from napari_fhn.sentence import counted
from napari_fhn.training.combination.opening import open_combiner
from napari_fhn.training.combination.settings import is_taught, takes
from napari_fhn.training.combination.teaching import pseudo_labels_of
from napari_fhn.training.data import fitting
from napari_fhn.training.data.annotations import Annotations
from napari_fhn.training.data.blocks import Blocks
from napari_fhn.training.data.frame import Frame
from napari_fhn.training.data.labelled import LabelFile
from napari_fhn.training.data.pseudo_labels import traces_of
from napari_fhn.training.data.volume import Volume
from napari_fhn.training.distributed.ranks import ALONE, Ranks
from napari_fhn.training.files.digest import digest
from napari_fhn.training.job import Job, JobError
from napari_fhn.training.machine import speed
from napari_fhn.training.machine.memory import free_bytes
from napari_fhn.training.models import model as models
from napari_fhn.training.models import starting
from napari_fhn.training.plan import dips_bytes, features_bytes, left_beside
from napari_fhn.training.prediction.predictor import Predictor
from napari_fhn.training.schedule import Keep as Keeps
from napari_fhn.training.steps import sizing
from napari_fhn.training.steps.criterion import Criterion
from napari_fhn.training.steps.widening import widened


class Setup:
    """What a training consists of. Making it changes nothing on the disk.

    Parameters
    ----------
    job : Job
        What to train on what.
    ranks : Ranks
        The processes that train together; only the first of them predicts.
    resumes : bool
        A training goes on, with as many blocks in a step as it had.

    Attributes
    ----------
    device : torch.device
        Where the network is.
    labels : LabelFile
        What is known.
    network : SegmentationNetwork
        With its first weights.
    model : Model
        The network and what it needs to be used.
    blocks : Blocks
        Draws what it is shown.
    criterion : Criterion
        Computes the loss.
    predictor : Predictor
        Writes what it says.
    notes : list of str
        What the person should know before training begins.

    Raises
    ------
    JobError
        When the job does not fit its files; the message says what to change.
    """

    def __init__(self, job: Job, ranks: Ranks = ALONE, *, resumes: bool = False) -> None:
        self.notes: list[str] = []
        self._precision, self._kept = job.schedule.precision, job.schedule.keep
        # Whoever draws from torch's own generator gets the same in every run.
        torch.manual_seed(job.schedule.seed)
        self.device = ranks.device(job.device)
        volume = Volume(job.inputs, bands=job.map_axis)
        fitting.check(job.network, job.schedule, len(volume.shape), job.framing)
        if not resumes:
            fitting.check_recipe(job, len(volume.shape))
        self.frame = Frame(volume, job.network, job.framing)
        self.labels = LabelFile(
            job.labels, self.frame.shape, len(job.classes), job.held_out, job.ignored, self.frame.present_at
        )
        self.frame.know(self.labels)
        self._check_labels(job)
        self.network = self._network(job)
        self.model = models.Model.of(job, self.network, volume.normalisation, digest(job.labels))
        pseudo = pseudo_labels_of(job, self.frame)
        taught, objective = pseudo is not None, job.schedule.objective
        self.criterion = Criterion(objective, job.classes, self.frame.vertical_of_scores, pseudo=taught)
        annotations = Annotations(self.frame, self.labels, objective, job.weights, job.ignored, pseudo=taught)
        self.blocks = Blocks(
            self.frame,
            self.labels,
            job.schedule,
            annotations,
            ahead=speed.draws_ahead(self.device),
            pin=self.device.type == "cuda",
            pseudo=pseudo,
        )
        self._share(ranks, resumes)
        limit = self._left(job)
        self._fit_into_memory(limit)
        self._keep(job.schedule.keep, limit)
        if ranks.rank:
            return
        self.predictor = Predictor(self.network, self.frame, job, self.device)
        self.predictor.combiner, notes = open_combiner(job, self.frame, self.labels)
        self.notes += notes

    def _share(self, ranks: Ranks, resumes: bool) -> None:
        """Draw this process's part of every batch, of which each process is to have one."""
        if ranks.size == 1:
            return
        asked = self.blocks.schedule
        self.blocks.share(ranks.rank, ranks.size, more=not resumes)
        now = self.blocks.schedule
        more = "" if now.batch == asked.batch else f", where {asked.batch} were asked for"
        self.notes.append(f"{ranks.size} processes train together: a step takes {sizing.in_voxels(now)} in each{more}.")

    def _check_labels(self, job: Job) -> None:
        if len(np.flatnonzero(self.labels.counts)) < 2:
            raise JobError("label at least two classes before training: paint some voxels of each, or load wells")
        missing = [name for k, name in enumerate(job.classes) if not self.labels.counts[k]]
        if missing:
            self.notes.append(
                f"Nothing is labelled yet as {', '.join(missing)}: the network cannot find what it was never shown."
            )

    def _network(self, job: Job) -> SegmentationNetwork:
        architecture = job.network
        named = None if isinstance(architecture, UNetArchitecture) else architecture.reading.channels
        if not isinstance(architecture, UNetArchitecture) and named is not None and len(named) != len(job.classes):
            architecture = replace(architecture, reading=replace(architecture.reading, channels=None))
            self.notes.append(
                f"The network names channels for {counted(len(named), 'classes')}: for {len(job.classes)} "
                "its first ones are read."
            )
        try:
            architecture, said = widened(architecture, self.frame.channels, len(job.classes))
        except ValueError as error:
            raise JobError(f"the network cannot be made as wide as the data and the classes need: {error}") from error
        if said:
            self.notes.append(said)
        self._check_room(architecture, job)
        generator = torch.Generator().manual_seed(job.schedule.seed)
        network = build(architecture, self.frame.channels, len(job.classes), generator)
        if job.start_from is not None:
            self.notes.append(starting.take_over(network, job.classes, job.start_from))
        network = network.to(self.device)
        if isinstance(network, HyperbolicNetwork):
            network.precision = speed.precision(
                job.schedule.precision, network.architecture, job.schedule.block, self.device
            )
            self._precision = network.precision
            if (
                network.precision == "bfloat16"
                and not onednn.fusion_works(torch.bfloat16)
                and self.device.type == "cpu"
            ):
                self.notes.append(
                    "This processor only imitates bfloat16, and takes ten times as long with it and more: "
                    "precision=float32 is faster here."
                )
        return network

    def _check_room(self, architecture: NetworkDescription, job: Job) -> None:
        """Refuse a network of which not even the smallest block fits, before any of it is made."""
        limit = free_bytes(str(self.device)) if job.memory is None else job.memory
        least = replace(job.schedule, batch=1)
        needed = sizing.training_bytes(
            architecture, architecture.multiples, least, self.frame.channels, len(job.classes), self.device.type
        )
        if needed is not None and needed > limit:
            raise sizing.too_little(needed, limit)

    def _left(self, job: Job) -> int:
        """Return the bytes that steps may take: on a processor others take some of the same memory beside them.

        Dips also where they are known already, so that the same training has the same blocks.
        """
        limit = free_bytes(str(self.device)) if job.memory is None else job.memory
        if self.device.type != "cpu" or job.combination is None or self.frame.map_axis is not None:
            return limit
        shape, vertical = self.frame.shape, self.frame.vertical_axis
        others = dips_bytes(shape, vertical)
        if takes(job.combination, "pretrained"):
            taught = 0
            if is_taught(job) and self.frame.vertical is not None:
                taught = traces_of(job.schedule.block, self.frame.vertical)
            others += features_bytes(shape, vertical, len(job.classes), taught=taught)
        return left_beside(limit, others)

    def _fit_into_memory(self, limit: int) -> None:
        """Make blocks smaller until the forecast fits: a full machine ends processes without asking."""
        asked = self.forecast
        while (needed := self.forecast) is not None and needed > limit:
            if not self.blocks.halve():
                raise sizing.too_little(needed, limit)
        if asked is not None and needed is not None and needed < asked:
            self.notes.append(
                f"A step was to need {in_words(asked)} of memory and there are {in_words(limit)}: now it takes "
                f"{sizing.in_voxels(self.blocks.schedule)}."
            )

    def _keep(self, asked: Keeps, limit: int) -> None:
        """Keep states or hidden layers as asked; by itself where a quarter of the memory is enough for them."""
        if not isinstance(self.network, HyperbolicNetwork):
            return
        kinds: list[Keep] = ["states", "hidden", "nothing"]
        if asked != "auto":
            del kinds[: kinds.index(asked)]
        most = limit // 4 if asked == "auto" else limit
        fitting = (keep for keep in kinds if (self._forecast(keep) or 0) <= most)
        self.network.keep = next(fitting, "nothing")
        self._kept = self.network.keep

    def settled(self, job: Job) -> Job:
        """Return a job with what this machine decided: how large blocks are, what is kept, and the precision.

        The former go by free memory, the last by a timing; with all it is the same training on any machine.
        """
        blocks = self.blocks.schedule
        schedule = replace(
            job.schedule,
            block=blocks.block,
            batch=blocks.batch,
            accumulate=blocks.accumulate,
            precision=self._precision,
            keep=self._kept,
        )
        return replace(job, schedule=schedule)

    def device_settled(self) -> AbstractContextManager[None]:
        """Let the device compute as fast as it can for a while, see :func:`speed.settled`."""
        return speed.settled(self.device, needed=self.forecast, free=free_bytes(str(self.device)))

    def free_memory(self) -> None:
        """Give back what the network and the device keep from one step to the next."""
        if isinstance(self.network, HyperbolicNetwork):
            self.network.free_memory()
        if self.device.type == "cuda":
            torch.cuda.empty_cache()

    @property
    def forecast(self) -> int | None:
        """Bytes that a step needs at least with the blocks of now; None for a network that no forecast is made for."""
        return self._forecast("nothing")

    def _forecast(self, keep: Keep) -> int | None:
        return sizing.training_bytes(
            self.network.architecture,
            self.blocks.largest,
            self.blocks.schedule,
            self.frame.channels,
            self.labels.classes,
            self.device.type,
            keep,
            bfloat16=isinstance(self.network, HyperbolicNetwork) and self.network.precision == "bfloat16",
        )
