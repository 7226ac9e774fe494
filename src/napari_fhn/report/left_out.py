"""Labels left out in turn: how often training is done again, how long that takes, and what came of it in words."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_fhn import labels, record
from napari_fhn.labels.volumes.folds import MOST_FOLDS, folds, grown, kept_away
from napari_fhn.project.data import dips
from napari_fhn.project.labelling import carrying
from napari_fhn.report.evaluation import body_name, reference_title, vertical_axis
from napari_fhn.report.sentences import called, minding, weighed
from napari_fhn.report.standing import Standing, standing
from napari_fhn.sentence import counted, made_of
from napari_fhn.training.control import Control
from napari_fhn.training.data.volume import cell_of, open_array
from napari_fhn.training.files import inside, log, removing
from napari_fhn.training.job import Job, JobError
from napari_fhn.training.machine.time_left import duration
from napari_fhn.training.scores.estimating import together
from napari_fhn.training.scores.leave_one_out import Fold, Spread, Turn, leave_one_out, spread
from napari_fhn.training.updates import Done, Note, Progress, Update

FILE = f"{inside.LEFT_OUT}.json"
"""In the folder of a run: what the last leaving out in turn has found."""

_KIND = "leave-one-out"
_VERSION = 2

SCRATCH = inside.LEFT_OUT
"""Folder beside the model in which folds are trained; it goes when they are done."""


@dataclass(frozen=True)
class Plan:
    """What will be left out, and how long that takes.

    Parameters
    ----------
    turns : tuple of Turn
        One training each.
    bodies : int
        Left out in all of them.
    seconds : float or None
        That it takes in all, by what the run took; None where nothing was measured.
    notes : tuple of str
        What a person should know before it begins.
    """

    turns: tuple[Turn, ...]
    bodies: int
    seconds: float | None
    notes: tuple[str, ...]


@dataclass(frozen=True)
class LeftOut:
    """What leaving out in turn has found.

    Parameters
    ----------
    folds : tuple of Fold
        One by one.
    names : tuple of str
        What was left out in each.
    spread : Spread
        All of them.
    standing : Standing or None
        The network beside the better reference: the labels carried along the reflectors, on a map the nearest label.
        None where that was not asked.
    mind : tuple of str
        What else one should know of these numbers.
    of : str
        What they are a score of.
    """

    folds: tuple[Fold, ...]
    names: tuple[str, ...]
    spread: Spread
    standing: Standing | None
    mind: tuple[str, ...]
    of: str

    @property
    def sentences(self) -> tuple[str, ...]:
        """What a person has to read with the numbers."""
        beside = () if self.standing is None else (self.standing.words,)
        return (self.of, weighed(self.spread.estimates), *beside, *self.mind)


def plan(job: Job, *, blocks: int | None = None, most: int | None = None, margin: int | None = None) -> Plan:
    """Deal the labels of a job out into folds.

    Parameters
    ----------
    job : Job
        Trained.
    blocks : int, optional
        Edge of the blocks that are left out in place of bodies.
    most : int, optional
        Folds at most; 8 when absent.
    margin : int, optional
        Labels of training as close as this to what is left out are not learnt from either. When absent: where labels
        are cut in blocks, as far as the network sees, or as much of it as leaves every class and half of the labels;
        whole wells and patches are apart as they lie.

    Raises
    ------
    JobError
        When fewer than two folds can be left out.
    LabelError
        When blocks, folds or the margin make no sense.
    """
    if margin is not None and margin < 0:
        raise labels.LabelError(f"a margin of {margin} voxels cannot be kept", "Use 0 or more")
    known, vertical = open_array(job.labels), vertical_axis(job)
    found = labels.candidates(known, vertical, blocks)
    cut = blocks is not None or labels.edge(known, vertical) is not None
    dealt = folds(known, found, MOST_FOLDS if most is None else most)
    bodies = sum(map(len, dealt))
    if len(dealt) < 2:
        raise JobError(
            f"leaving one out takes two wells, patches or blocks of labels or more, and {bodies} can be spared"
        )
    unit, radius = "pixels" if vertical is None else "traces", job.network.receptive_radius
    notes = []
    if bodies < len(found):
        stay = len(found) - bodies
        words = "stays in: without it" if stay == 1 else "stay in: without them"
        notes.append(f"{stay} of {len(found)} {words} a class would have no labels.")
    turns, kept, costs = [], [], []
    for boxes in dealt:
        far, cost = 0, 0.0
        if margin is not None:
            far, cost = margin, kept_away(known, boxes, vertical, margin)[1]
        elif cut:
            far, cost = kept_away(known, boxes, vertical, radius)
        kept.append(far)
        costs.append(cost)
        turns.append(Turn(tuple(boxes), grown(boxes, far, known.shape, vertical) if far else ()))
    if any(kept):
        least = min(kept)
        enough = "" if least >= radius else "; more would take a class, or half of the labels, away"
        notes.append(
            f"Labels within {least} {unit} of what is left out are not learnt from meanwhile: the network sees {radius}"
            f"{enough}. That costs {100 * statistics.fmean(costs):.0f} % of the labels."
        )
    one = fold_seconds(job)
    seconds = None if one is None else one * len(turns)
    what = called([box for boxes in dealt for box in boxes], vertical)
    lasts = "how long that takes is known after the first" if seconds is None else f"about {duration(seconds)}"
    notes.append(
        f"{counted(bodies, what).capitalize()} are left out in {counted(len(turns), 'folds')}: "
        f"{counted(len(turns), 'trainings')} of "
        f"{counted(job.schedule.steps, 'steps')}, {lasts}."
    )
    return Plan(tuple(turns), bodies, seconds, tuple(notes))


def fold_seconds(job: Job) -> float | None:
    """Return how long a training of a job and its prediction take here, by its log; None where that does not tell."""
    runs = log.read(job.model)
    steps = [
        update.step_seconds
        for update in log.training(runs)
        if isinstance(update, Progress) and update.task == "train" and update.step_seconds is not None
    ]
    if not steps:
        return None
    predicted = [
        update.seconds
        for run in runs
        for update in run.updates
        if isinstance(update, Done) and update.task == "predict" and not update.stopped
    ]
    return statistics.median(steps) * job.schedule.steps + (predicted[-1] if predicted else 0.0)


def run(job: Job, planned: Plan, control: Control | None = None) -> Iterator[Update | Fold]:
    """Train every fold; what ``fit`` and ``predict`` say, a Fold after each, and how long the others take.

    Parameters
    ----------
    job : Job
        As it was planned for.
    planned : Plan
        From :func:`plan`.
    control : Control, optional
        To stop; the last update is a Done that says so then.
    """
    vertical = vertical_axis(job)

    def beside(known: NDArray[np.uint8]) -> NDArray[np.uint8]:
        along = carrying.reference(known, job.inputs, vertical, dips.folder_of(job))
        return labels.nearest_column(known, vertical) if along is None else along

    scratch = Path(job.model).parent / SCRATCH
    began = time.monotonic()
    try:
        for news in leave_one_out(job, planned.turns, scratch, control, beside):
            yield news
            if isinstance(news, Fold) and news.number < news.folds:
                each = (time.monotonic() - began) / news.number
                yield Note(f"The other folds take about {duration(each * (news.folds - news.number))}.")
    finally:
        removing.trials(scratch)


def carried_out(
    job: Job, planned: Plan, told: Callable[[Update | Fold], object] | None = None, control: Control | None = None
) -> LeftOut | None:
    """Train every fold, and keep what came of it beside the model, for the report.

    Parameters
    ----------
    job, planned, control
        As in :func:`run`.
    told : callable, optional
        Called with the notes of the plan, and with all that :func:`run` yields.

    Returns
    -------
    LeftOut or None
        None where it was stopped: then nothing is kept.
    """
    tell = told or (lambda news: None)
    for words in planned.notes:
        tell(Note(words))
    found: list[Fold] = []
    for news in run(job, planned, control):
        tell(news)
        if isinstance(news, Fold):
            found.append(news)
    if len(found) < len(planned.turns):
        return None
    whole = gathered(job, found)
    keep(Path(job.model).parent, whole)
    return whole


def shortened(job: Job, steps: int | None) -> Job:
    """Return a job of so many steps, where they are said."""
    return job if steps is None else replace(job, schedule=replace(job.schedule, steps=steps))


def keep(folder: Path, found: LeftOut) -> None:
    """Keep what leaving out in turn has found, for the report.

    Parameters
    ----------
    folder : Path
        Of the run.
    found : LeftOut
        What it has found.
    """
    listed = [{"name": name, **asdict(fold)} for name, fold in zip(found.names, found.folds, strict=True)]
    content = record.encode({"folds": listed, **asdict(found.spread), "words": list(found.sentences)})
    record.write(folder / FILE, _KIND, _VERSION, content)


def kept(folder: Path) -> dict[str, Any] | None:
    """Return what was kept in the folder of a run; None where there is nothing that can be read."""
    path = folder / FILE
    if not path.exists():
        return None
    try:
        found = record.read(path, _KIND, _VERSION, {0: dict, 1: dict})
    except record.RecordError:
        return None  # a report says what is known
    numbers = [found.get(name) for name in ("mean", "deviation", "worst")]
    if not isinstance(found.get("folds"), list) or not all(isinstance(one, int | float) for one in numbers):
        return None
    return {"words": (), **found}  # before the second version there were none


def gathered(job: Job, found: Sequence[Fold]) -> LeftOut:
    """Put folds together, with words.

    Parameters
    ----------
    job : Job
        Of which they are.
    found : sequence of Fold
        At least one.
    """
    vertical = vertical_axis(job)
    whole = spread(found)
    boxes = [box for fold in found for box in fold.bodies]
    what = called(boxes, vertical)
    theirs = [fold.reference_sample for fold in found]
    beside = None
    if all(sample is not None for sample in theirs):
        mine = together([fold.sample for fold in found])
        beside = standing(reference_title(vertical), mine, together([one for one in theirs if one is not None]))
    names = tuple(name_of(fold, job) for fold in found)
    of = (
        f"A score of {counted(len(boxes), what)} ({counted(whole.pooled.voxels, 'voxels')}), each "
        "predicted by a network that "
        f"was not shown it; {counted(len(found), 'networks')}, none of them the one of the run."
    )
    of = made_of(of, cell_of(job))
    return LeftOut(tuple(found), names, whole, beside, minding(whole.estimates, job.classes, what), of)


def name_of(fold: Fold, job: Job) -> str:
    """Return what was left out in a fold: where it lies, or how many where they are many."""
    vertical = vertical_axis(job)
    if len(fold.bodies) > 2:
        return f"fold {fold.number}: {counted(len(fold.bodies), called(fold.bodies, vertical))}"
    return "; ".join(body_name(box, job.axes, vertical) for box in fold.bodies)
