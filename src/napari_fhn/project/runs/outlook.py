"""What training will need, said before it begins: the block, the memory with and without the paper's two savings."""

from __future__ import annotations

from dataclasses import dataclass

from napari_fhn.network.comparison import map_axis
from napari_fhn.network.counting import in_words
from napari_fhn.network.forecast import WORKING_SET, WorkingSet
from napari_fhn.project.data.attributes import channels, check_channels
from napari_fhn.project.data.facts import facts_of
from napari_fhn.project.data.surveyset import SurveySet
from napari_fhn.project.runs.fitting import check
from napari_fhn.project.runs.settings import Settings
from napari_fhn.sentence import counted
from napari_fhn.training.combination.settings import takes
from napari_fhn.training.job import JobError
from napari_fhn.training.plan import Plan, plan


@dataclass(frozen=True)
class Outlook:
    """A forecast for one training.

    Parameters
    ----------
    block : tuple of int
        Voxels of a training block along the axes of the network.
    batch : int
        Blocks in a step.
    needs : int or None
        Bytes of a training step; None for a network that nobody has counted.
    without : int or None
        Bytes of the same network with every state kept and every kernel of full rank.
    dips, features : int
        Bytes that finding the dips of the survey, and features that were learnt beforehand, take beside the steps, of
        the same memory.
    """

    block: tuple[int, ...]
    batch: int
    needs: int | None
    without: int | None
    dips: int = 0
    features: int = 0

    @property
    def beside(self) -> int:
        """Bytes that both take."""
        return self.dips + self.features

    @property
    def block_in_words(self) -> str:
        """Such as ``"4 blocks, 96 × 256"``."""
        size = " × ".join(map(str, self.block))
        return f"{counted(self.batch, 'blocks')}, {size}" if self.batch > 1 else f"Block {size}"

    def sentence(self, free: int | None) -> str:
        """Say what memory is needed, what it would be without the paper's two savings, and what there is.

        Parameters
        ----------
        free : int or None
            Bytes that the device has free; None where it is not known yet.
        """
        if self.needs is None or self.without is None:
            return "Memory of this kind of network: not forecast"
        there = "" if free is None else f"; {in_words(free)} free"
        what = " and ".join(name for name, size in (("dips", self.dips), ("features", self.features)) if size)
        beside = f", and {in_words(self.beside)} for {what}" if what else ""
        return f"Memory: {in_words(self.needs)}, not {in_words(self.without)}{beside}{there}"


def outlook(plan: Plan, working_set: WorkingSet = WORKING_SET) -> Outlook:
    """Forecast one training.

    Parameters
    ----------
    plan : Plan
        A step of it, in numbers.
    working_set : WorkingSet
        What the implementation keeps on the device.

    Returns
    -------
    Outlook
    """
    try:
        needs = plan.needs(working_set=working_set).total
        without = plan.needs(invertible=False, block_low_rank=False, working_set=working_set).total
    except JobError:
        # A network to compare with: nobody has counted it.
        return Outlook(plan.block, plan.batch, None, None)
    # On a graphics card the network has a memory of its own.
    beside = (plan.dips, plan.features) if working_set == WORKING_SET else ()
    return Outlook(plan.block, plan.batch, needs, without, *beside)


def planned(settings: Settings, surveys: SurveySet, classes: int, vertical: int | None) -> Plan:
    """Return a step of the training that settings make of surveys, in numbers.

    Parameters
    ----------
    settings : Settings
        Of the training.
    surveys : SurveySet
        What is learnt from.
    classes : int
        How many are told apart.
    vertical : int or None
        The axis of time or depth.

    Raises
    ------
    JobError
        When the settings do not go with the surveys.
    """
    axis = map_axis(settings.network)
    shape, count = check(settings, surveys, vertical)
    derived = 0
    if settings.attributes:
        known = facts_of(surveys, vertical)
        check_channels(shape, known)
        derived = channels(settings.attributes, known)
    return plan(
        settings.network,
        settings.schedule,
        shape,
        channels=count + derived,
        classes=classes,
        vertical_axis=vertical,
        position=settings.position,
        map_axis=axis,
        neighbours=settings.neighbours,
        carries=settings.combination is not None,
        pretrained=takes(settings.combination, "pretrained"),
    )
