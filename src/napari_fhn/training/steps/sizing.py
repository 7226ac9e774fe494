"""How large a training step may be: forecast before anything is allocated, made smaller where memory ran out."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from napari_fhn.network.architecture import Architecture
from napari_fhn.network.comparison import NetworkDescription, ResNetArchitecture
from napari_fhn.network.counting import in_words
from napari_fhn.network.forecast import PORTABLE, WORKING_SET, Keep, forecast
from napari_fhn.network.forecast import Optimiser as Moments
from napari_fhn.network.forecast_resnet import forecast_resnet
from napari_fhn.sentence import counted
from napari_fhn.training.job import JobError, Schedule

_FLOAT = 4
_MANY = 16
"""Of more blocks than these fewer are taken before they are made smaller: where they wait costs memory too."""
_NUMBERS: dict[int, str] = {1: "one", 2: "two", 3: "three"}


def training_bytes(
    network: NetworkDescription,
    block: Sequence[int],
    schedule: Schedule,
    channels: int,
    classes: int,
    device: str,
    keep: Keep = "nothing",
    *,
    bfloat16: bool = False,
) -> int | None:
    """Return the forecast for one training step.

    Parameters
    ----------
    network : Architecture, ResNetArchitecture or UNetArchitecture
        What is trained.
    block : sequence of int
        Voxels along its axes.
    schedule : Schedule
        Its batch, its optimiser and its objective.
    channels, classes : int
        Of the data.
    device : str
        Kind of device, such as ``"cpu"``.
    keep : {"nothing", "hidden", "states"}
        What a hyperbolic network keeps of its way forward.
    bfloat16 : bool
        Whether it convolves in bfloat16.

    Returns
    -------
    int or None
        Bytes; None for a network that no forecast is made for.
    """
    moments: Moments = "sgd" if schedule.optimiser == "sgd" else "adam"
    working_set = WORKING_SET if device == "cpu" else PORTABLE
    working_set = replace(working_set, scores=working_set.scores + schedule.objective.arrays)
    step: dict[str, Any] = {
        "batch": schedule.at_once,
        "input_channels": channels,
        "classes": classes,
        "optimiser": moments,
    }
    if isinstance(network, Architecture):
        needed = forecast(network, block, **step, keep=keep, bfloat16=bfloat16, working_set=working_set)
    elif isinstance(network, ResNetArchitecture):
        needed = forecast_resnet(network, block, **step, scores=working_set.scores)
    else:
        return None
    # Blocks that wait for their turn do so in the memory of the machine.
    waiting = (schedule.batch - schedule.at_once) * math.prod(block) * _FLOAT * channels if device == "cpu" else 0
    # Beside what learns there is a copy of the weights to go back to, and their average.
    return needed.total + needed.kernels * (2 if schedule.average else 1) + waiting


def halved(schedule: Schedule, block: Sequence[int], multiples: Sequence[int]) -> Schedule | None:
    """Make a step smaller: fewer blocks at once, of many fewer, then half of their longest axis, and at last fewer.

    Blocks stay as they are for as long as can be: what a network sees around a label is what it can learn from. Shown
    one after the other, they teach the same as all at once.

    Parameters
    ----------
    schedule : Schedule
        As it was.
    block : sequence of int
        Voxels of the blocks that it leads to in this survey, which may be smaller than it says.
    multiples : sequence of int
        No axis becomes shorter than these; an axis that is read as a whole has its own length here.

    Returns
    -------
    Schedule or None
        None when nothing can be made smaller.

    Examples
    --------
    >>> halved(Schedule(batch=4, block=(248, 248)), (248, 248), (8, 8)).accumulate
    2
    """
    if schedule.at_once > 1:
        return replace(schedule, accumulate=-(-schedule.batch // (schedule.at_once // 2)))
    if schedule.batch > _MANY:
        return replace(schedule, batch=schedule.batch // 2)
    longer = [axis for axis, (size, least) in enumerate(zip(block, multiples, strict=True)) if size > least]
    if longer:
        axis = max(longer, key=lambda axis: block[axis])
        half = max(multiples[axis], block[axis] // 2 // multiples[axis] * multiples[axis])
        return replace(schedule, block=(*block[:axis], half, *block[axis + 1 :]))
    if schedule.batch > 1:
        return replace(schedule, batch=schedule.batch // 2)
    return None


def shared(schedule: Schedule, ranks: int, *, more: bool = True) -> Schedule:
    """Return a schedule whose parts several processes see at once, of which each has one at least.

    Parameters
    ----------
    schedule : Schedule
        As it was asked for.
    ranks : int
        How many processes there are.
    more : bool
        Take more blocks where there are fewer of them than processes; else some processes have none.

    Examples
    --------
    >>> found = shared(Schedule(batch=2), 4)
    >>> found.batch, found.accumulate
    (4, 4)
    """
    if ranks == 1:
        return schedule
    batch = max(schedule.batch, ranks) if more else schedule.batch
    accumulate = max(min(schedule.accumulate, schedule.batch), min(ranks, batch))
    return replace(schedule, batch=batch, accumulate=accumulate)


def in_voxels(schedule: Schedule) -> str:
    """Return the blocks of a schedule in words, as in ``2 blocks of 96 x 128 voxels, one at a time``."""
    block = " x ".join(map(str, schedule.block))
    if schedule.batch == 1:
        return f"1 block of {block} voxels"
    together = (
        "" if schedule.at_once == schedule.batch else f", {_NUMBERS.get(schedule.at_once, schedule.at_once)} at a time"
    )
    return f"{counted(schedule.batch, 'blocks')} of {block} voxels{together}"


def too_little(needed: int | None, limit: int | None = None) -> JobError:
    """Return the error for a survey of which not even the smallest block fits."""
    words = "the memory is too small for the smallest block"
    if needed is not None and limit is not None:
        words = f"the smallest block needs {in_words(needed)} of memory and there are {in_words(limit)}"
    return JobError(f"{words}: take a network with fewer channels or smaller block ranks, or a machine with more")
