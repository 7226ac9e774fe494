"""Which recipe to begin with: by the shape of the data, the labels, the device and the memory forecast."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

from napari_fhn.network.counting import in_words
from napari_fhn.network.forecast import PORTABLE, WORKING_SET
from napari_fhn.sentence import counted
from napari_fhn.training.data.neighbours import Agreement
from napari_fhn.training.job import JobError
from napari_fhn.training.plan import plan
from napari_fhn.training.recipes import fitting, recipe

CLASSES = 8
"""Taken for the forecast, where the classes are not known yet: their scores are a small part of it."""

_THIN = 16
"""Voxels of an axis below which blocks see no more than sections with neighbours do."""

_WELLS_AGREE = 0.6
"""Kappa with which wells must foretell each other to be worth listening to. On the flat layers of a real survey two to
eight wells have 0.93 to 0.99, on folded and faulted ones 0.33; there listening to them does harm."""

_PATCHES_AGREE = 0.3
"""The same for patches of a map, of which there must be many: 39 patches of rock in a regional map have 0.36 to 0.47,
and it helps; ten patches of soil have -0.2 to 0.6, and it does harm."""

_MANY = 20
"""Patches from which on their agreement means something."""

_SPECTRUM = 32
"""Bands of one survey from which on they are a spectrum, whose shape tells, and not a few colours: multispectral
sensors have 4 to 16, imaging spectrometers 60 and more. Several dates of few bands are no spectrum."""


_SPECTRA_STEPS = (120, 300)
"""Steps for spectra: on a scene no larger than a block, where labels are learnt by heart before, and at most.
Between them they grow with the side of the scene: on one of 400 x 400 cells 120 steps end too early."""

_STEPS_A_SIDE = 80
"""Steps for each block that fits along the side of a scene."""


class RecipeChoice(NamedTuple):
    """A recipe and why it was chosen.

    Parameters
    ----------
    name : str
        Of the recipe.
    why : str
        One sentence.
    steps : int or None
        For how many steps, where that follows from the survey; None for those of the recipe.
    """

    name: str
    why: str
    steps: int | None = None


def choose(
    shape: Sequence[int],
    channels: int,
    device: str,
    memory: int,
    *,
    vertical_axis: int | None = -1,
    classes: int = CLASSES,
    agreement: Agreement | None = None,
    bands: int | None = None,
) -> RecipeChoice:
    """Choose the recipe to begin with.

    Parameters
    ----------
    shape : sequence of int
        Spatial shape of the survey.
    channels : int
        Of the data.
    device : str
        Kind of device, such as ``"cpu"`` or ``"cuda"``.
    memory : int
        Free bytes there.
    vertical_axis : int or None
        Axis of two-way time or depth; None for a map. With one, two axes are a line.
    classes : int
        To tell apart.
    agreement : Agreement or None
        How well the labelled wells or patches foretell each other; None where that is not known.
    bands : int or None
        Of the survey that has the most of them; None where the channels are those of one.

    Returns
    -------
    RecipeChoice

    Raises
    ------
    JobError
        When no recipe goes with such a survey.
    """
    if len(shape) not in (2, 3):
        raise JobError(f"there is no recipe for {counted(len(shape), 'spatial axes')}; 2 or 3 are needed")
    told = agreement is not None and agreement.kappa >= _WELLS_AGREE
    if len(shape) == 2 and vertical_axis is not None:
        if agreement is not None and told:
            return RecipeChoice("layers", _foretold(agreement))
        return RecipeChoice(fitting(2, vertical=True)[0], "The data are a line, which is one section.")
    if len(shape) == 2:
        bands = channels if bands is None else bands
        if bands >= _SPECTRUM:
            why = f"The data are a map with {counted(bands, 'bands')}: spectra."
            return RecipeChoice("spectra", why, _steps_for(shape, recipe("spectra").schedule.block))
        if agreement is not None and agreement.kappa >= _PATCHES_AGREE and agreement.bodies >= _MANY:
            return RecipeChoice("regions", _foretold(agreement))
        words = counted(channels, "channels")
        return RecipeChoice("map", f"The data are a map with {words}: bands as channels of a 2D network.")
    if vertical_axis is None:
        return RecipeChoice(
            "volume", "No axis of the volume is vertical, so there are no sections to take: whole blocks."
        )
    if _lies(shape, vertical_axis):
        return RecipeChoice(
            "volume", "Time or depth is not the last axis of the volume, as sections need it: whole blocks."
        )
    if agreement is not None and told:
        return RecipeChoice("layers", _foretold(agreement))
    chosen = recipe("volume")
    needed = plan(
        chosen.network, chosen.schedule, shape, channels=channels, classes=classes, vertical_axis=vertical_axis
    ).needs(working_set=WORKING_SET if device == "cpu" else PORTABLE)
    begin = fitting(3)[0]
    if min(shape) < _THIN:
        return RecipeChoice(
            begin, f"The volume is {counted(min(shape), 'voxels')} thin: sections with their neighbours see all of it."
        )
    if device == "cpu":
        return RecipeChoice(begin, "On a processor, sections make many more steps in the same time than blocks do.")
    if needed.total > memory:
        return RecipeChoice(
            begin, f"Whole blocks need {in_words(needed.total)} and there are {in_words(memory)} free: sections."
        )
    return RecipeChoice(
        "volume",
        f"There is a GPU with {in_words(memory)} free, and whole blocks, which see geology in all directions, need "
        f"{in_words(needed.total)}.",
    )


def where_labels_agree(found: RecipeChoice, shape: Sequence[int], vertical_axis: int | None) -> str:
    """Return the recipe that is chosen instead where labelled places foretell each other; empty where none is."""
    if vertical_axis is not None:
        return "" if _lies(shape, vertical_axis) else "layers"
    return "regions" if found.name == "map" else ""


def _lies(shape: Sequence[int], vertical_axis: int) -> bool:
    """Whether a volume has time or depth as another axis than the last, so that no sections of it can be taken."""
    return len(shape) == 3 and vertical_axis % 3 != 2


def _steps_for(shape: Sequence[int], block: Sequence[int]) -> int:
    """Return more steps for a larger scene, of which a block shows less."""
    least, most = _SPECTRA_STEPS
    side = math.sqrt(math.prod(shape) / math.prod(block))
    return min(most, max(least, round(_STEPS_A_SIDE * side)))


def _foretold(agreement: Agreement) -> str:
    return (
        f"The {agreement.bodies} labelled places foretell each other (kappa {agreement.kappa:.2f}): the network is "
        "told what the nearest ones say."
    )
