"""What training will make of a network and a survey, and the memory that takes, before any of it is there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from napari_fhn.network.architecture import Architecture
from napari_fhn.network.bounds import MOST_COARSE
from napari_fhn.network.comparison import NetworkDescription, ResNetArchitecture
from napari_fhn.network.forecast import WORKING_SET, Forecast, Optimiser, WorkingSet, forecast, largest_block
from napari_fhn.network.forecast_resnet import forecast_resnet
from napari_fhn.sentence import counted
from napari_fhn.training.combination.pretrained_memory import ROOM, kept_bytes, look_bytes
from napari_fhn.training.combination.settings import takes
from napari_fhn.training.data.fitting import check, check_recipe
from napari_fhn.training.data.framing import Framing, Position
from napari_fhn.training.data.pseudo_labels import making_bytes, traces_of
from napari_fhn.training.data.volume import open_input
from napari_fhn.training.job import MOST_CLASSES, Job, JobError
from napari_fhn.training.schedule import Schedule
from napari_fhn.training.steps.widening import widened

_OPTIMISERS: dict[str, Optimiser] = {"adamw": "adam", "adam": "adam", "sgd": "sgd"}


@dataclass(frozen=True)
class Plan:
    """A training step, in numbers.

    Parameters
    ----------
    network : NetworkDescription
        As it is built: with as many channels as the data need.
    survey : tuple of int
        Voxels of the survey along the network's axes; of the two section directions the longer one.
    block : tuple of int
        Voxels of a training block: no longer than the survey, but for rounding up to a multiple.
    batch : int
        Blocks in a step.
    at_once : int
        The most of them that are in memory at once.
    input_channels, classes : int
        That go in, with neighbours and positions, and come out.
    optimiser : {"adam", "sgd", "none"}
        As the forecast calls it.
    arrays : float
        Arrays as large as the scores that the objective takes for what is known without labels.
    shape : tuple of int
        Of the whole survey.
    vertical_axis : int or None
        Of the survey, where one is upright.
    carries : bool
        Whether the prediction takes in what is carried along reflectors.
    pretrained : bool
        Whether it takes in features that were learnt beforehand.
    taught : int
        Traces of its blocks where the network learns from what these say, too; 0 where it does not.
    """

    network: NetworkDescription
    survey: tuple[int, ...]
    block: tuple[int, ...]
    batch: int
    at_once: int
    input_channels: int
    classes: int
    optimiser: Optimiser
    arrays: float = 0.0
    shape: tuple[int, ...] = ()
    vertical_axis: int | None = None
    carries: bool = True
    pretrained: bool = True
    taught: int = 0

    def needs(
        self,
        *,
        invertible: bool = True,
        block_low_rank: bool = True,
        training: bool = True,
        working_set: WorkingSet = WORKING_SET,
    ) -> Forecast:
        """Forecast the memory of a step; the arguments are those of ``network.forecast.forecast``.

        Raises
        ------
        JobError
            For a U-Net, which nobody has counted. A ResNet keeps every state, whatever ``invertible`` says.
        """
        if isinstance(self.network, ResNetArchitecture):
            return forecast_resnet(
                self.network,
                self.block,
                **self._same,
                block_low_rank=block_low_rank,
                training=training,
                scores=working_set.scores + self.arrays,
            )
        return forecast(
            self._hyperbolic,
            self.block,
            **self._same,
            invertible=invertible,
            block_low_rank=block_low_rank,
            training=training,
            working_set=replace(working_set, scores=working_set.scores + self.arrays),
        )

    def largest_block(
        self,
        budget: int,
        *,
        invertible: bool = True,
        block_low_rank: bool = True,
        working_set: WorkingSet = WORKING_SET,
    ) -> tuple[int, ...] | None:
        """Return the largest block, of the proportions of this one, that trains in so many bytes; None if none does.

        Raises
        ------
        JobError
            As :meth:`needs`, and for a ResNet.
        """
        try:
            return largest_block(
                self._hyperbolic,
                budget,
                survey=self.survey,
                proportions=self.block,
                **self._same,
                invertible=invertible,
                block_low_rank=block_low_rank,
                working_set=replace(working_set, scores=working_set.scores + self.arrays),
            )
        except ValueError:
            return None

    @property
    def dips(self) -> int:
        """Bytes of the machine's memory that finding the dips takes beside the first steps; 0 without any."""
        return dips_bytes(self.shape, self.vertical_axis) if self.carries else 0

    @property
    def features(self) -> int:
        """Bytes that features which were learnt beforehand take, of a processor's memory; 0 without any."""
        if not (self.carries and self.pretrained):
            return 0
        return features_bytes(self.shape, self.vertical_axis, self.classes, taught=self.taught)

    @property
    def beside(self) -> int:
        """Bytes that both take beside the steps, where these are made in the machine's memory."""
        return self.dips + self.features

    @property
    def _same(self) -> dict[str, Any]:
        return {
            "batch": self.at_once,
            "input_channels": self.input_channels,
            "classes": self.classes,
            "optimiser": self.optimiser,
        }

    @property
    def _hyperbolic(self) -> Architecture:
        if not isinstance(self.network, Architecture):
            raise JobError("memory is forecast for hyperbolic networks, and this is one to compare with")
        return self.network


def plan(
    network: NetworkDescription,
    schedule: Schedule,
    shape: Sequence[int],
    *,
    channels: int,
    classes: int,
    vertical_axis: int | None,
    position: Position = "vertical",
    map_axis: int | None = None,
    neighbours: bool = False,
    carries: bool = True,
    pretrained: bool = True,
) -> Plan:
    """Plan a training.

    Parameters
    ----------
    network : NetworkDescription
        The network.
    schedule : Schedule
        Block, batch and optimiser.
    shape : sequence of int
        Spatial shape of the survey.
    channels, classes : int
        Channels of the data as they are, and classes.
    vertical_axis, position, map_axis, neighbours
        As in :class:`~napari_fhn.training.job.Job`.
    carries : bool
        Whether the prediction takes in what is carried along reflectors.
    pretrained : bool
        Whether it takes in features that were learnt beforehand.

    Returns
    -------
    Plan

    Raises
    ------
    JobError
        When the network or its schedule does not go with a survey of this shape, in the words of a training.
    """
    for what, count, most in (("channels", channels, MOST_COARSE), ("classes", classes, MOST_CLASSES)):
        if not 1 <= count <= most:
            raise JobError(f"{counted(count, what)} cannot be planned for: from 1 to {most} can")
    if any(not 1 <= size < 2**40 for size in shape):
        raise JobError(f"there is no survey of {' x '.join(map(str, shape))} voxels")
    seen = check(network, schedule, len(shape), Framing(vertical_axis, map_axis, position, neighbours))
    survey = tuple(shape)
    if seen.sections:
        survey = (max(shape[axis] for axis in seen.sections), shape[-1])
    placed = len(shape) - (map_axis is not None) if position == "all" else int(vertical_axis is not None)
    inputs = channels * (2 * network.context + 1 if seen.sections else 1) + (placed if position != "none" else 0)
    if neighbours:  # which class the nearest label says, and how far away it is
        inputs += classes + 1
    try:
        network, _ = widened(network, inputs, classes)
    except ValueError as error:
        raise JobError(f"the network cannot be made as wide as the data and the classes need: {error}") from error
    block = tuple(
        size if axis == map_axis else _length(size, wanted, multiple)
        for axis, (size, wanted, multiple) in enumerate(zip(survey, schedule.block, network.multiples, strict=True))
    )
    return Plan(
        network,
        survey,
        block,
        schedule.batch,
        schedule.at_once,
        inputs,
        classes,
        _OPTIMISERS[schedule.optimiser],
        schedule.objective.arrays,
        tuple(shape),
        vertical_axis if map_axis is None else None,
        carries,
        pretrained,
        _traces(schedule, -1 if seen.sections else vertical_axis),
    )


def _traces(schedule: Schedule, vertical: int | None) -> int:
    """Return the traces of the blocks of a network that learns from pseudo-labels; 0 for others."""
    return traces_of(schedule.block, vertical) if schedule.pseudo_labels and vertical is not None else 0


def plan_of(job: Job, *, anew: bool = False) -> Plan:
    """Plan the training of a job, from the headers of its files.

    Parameters
    ----------
    job : Job
        Saved or ready.
    anew : bool
        It is to be trained from its first step: its recipe has to go with the data, too.

    Raises
    ------
    JobError
        When a file is missing, or the network does not go with the survey.
    """
    shape: tuple[int, ...] = ()
    channels = 0
    for item in job.inputs:
        count, *space = open_input(item).shape
        channels, shape = channels + count, tuple(space)
    found = plan(
        job.network,
        job.schedule,
        shape,
        channels=channels,
        classes=len(job.classes),
        vertical_axis=job.vertical_axis,
        position=job.position,
        map_axis=job.map_axis,
        neighbours=job.neighbours,
        carries=job.combination is not None,
        pretrained=takes(job.combination, "pretrained"),
    )
    if anew:
        check_recipe(job, len(shape))
    return found


def dips_bytes(shape: tuple[int, ...], vertical_axis: int | None) -> int:
    """Return the bytes that finding the dips of a survey takes, a brick at a time; 0 where it has none.

    Parameters
    ----------
    shape : tuple of int
        Of the survey.
    vertical_axis : int or None
        Of time or depth.
    """
    upright = _upright(shape, vertical_axis)
    if not upright:
        return 0
    try:
        from napari_fhn.structure.dips import brick_bytes
    except ImportError:  # a machine that only trains has no scipy, and goes without
        return 0
    return brick_bytes(upright)


def features_bytes(
    shape: tuple[int, ...],
    vertical_axis: int | None,
    classes: int,
    threads: int | None = None,
    *,
    taught: int = 0,
) -> int:
    """Return the bytes that features of a network that was trained beforehand take; 0 where a survey has none.

    Parameters
    ----------
    shape : tuple of int
        Of the survey.
    vertical_axis : int or None
        Of time or depth.
    classes : int
        That are told apart.
    threads : int, optional
        Of the processor that look at sections; all by default.
    taught : int
        Traces of the blocks of a network that learns from what they say, too; 0 where there is no such network.
    """
    upright = _upright(shape, vertical_axis)
    if not upright or not dips_bytes(shape, vertical_axis):  # without scipy the network alone predicts
        return 0
    teaching = ROOM + making_bytes(upright, len(upright) - 1, classes, taught) if taught else 0
    return kept_bytes(upright) + look_bytes(upright, classes, threads) + teaching


def _upright(shape: tuple[int, ...], vertical_axis: int | None) -> tuple[int, ...]:
    """Return a shape with its vertical axis last; none where it has none, or none of which the structure is known."""
    if vertical_axis is None or not 2 <= len(shape) <= 3:
        return ()
    return (*(size for axis, size in enumerate(shape) if axis != vertical_axis % len(shape)), shape[vertical_axis])


def left_beside(limit: int, others: int) -> int:
    """Return the bytes that steps may take of so many, where others take some beside them: half of it at least."""
    return limit - min(others, limit // 2)


def _length(size: int, block: int, multiple: int) -> int:
    up = -(-min(size, block) // multiple) * multiple
    return up if up <= max(block, multiple) else up - multiple
