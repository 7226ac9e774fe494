"""A Job: everything ``fit`` and ``predict`` need to know, as one frozen dataclass that is saved as JSON.

In memory its paths lead from the root of the disk; in a file they are relative to it wherever they can be.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal, get_args

from napari_fhn import record
from napari_fhn.box import Box
from napari_fhn.network.architecture import Architecture
from napari_fhn.network.comparison import NetworkDescription
from napari_fhn.training.combination.settings import FACTORS, NETWORK, Combination
from napari_fhn.training.data.framing import Framing, Position
from napari_fhn.training.errors import JobError, decoded, no_job
from napari_fhn.training.files import inside
from napari_fhn.training.files.relocation import Moved, Together, resolving
from napari_fhn.training.objective import Absence
from napari_fhn.training.schedule import Schedule

__all__ = ["Axis", "Input", "Job", "JobError", "Output", "Schedule"]

Output = Literal["probabilities", "entropy", "margin"]

_FORMAT, _VERSION = "job", 2

MOST_CLASSES = 255
"""Labels and predictions are bytes, and 0 is none."""

_HEX = re.compile(r"#[0-9a-fA-F]{6}")


@dataclass(frozen=True)
class Input:
    """One array of the survey.

    Parameters
    ----------
    path : str
        A ``.npy`` file.
    channel_axis : int or None
        Axis that holds channels (bands, attributes); None when the array has spatial axes only.
    name : str
        What the person calls it.
    stamp : str
        Digest of what it was copied from; empty where that is not known.
    attribute : str
        The attribute of the inputs before it that this is, as in ``"rms:40"``; empty for data. Where the network is
        applied to another survey, the same attribute of that is taken.
    fitted : tuple of float
        What was found for it on the data as a whole, and holds on another survey too.
    """

    path: str
    channel_axis: int | None = None
    name: str = ""
    stamp: str = ""
    attribute: str = ""
    fitted: tuple[float, ...] = ()


@dataclass(frozen=True)
class Axis:
    """What the voxel numbers of one spatial axis mean; kept with the model, and not needed to train.

    Parameters
    ----------
    name : str
        Such as ``"inline"`` or ``"twt"``.
    unit : str
        Such as ``"m"``, ``"ms"``, ``"nm"``; empty for survey numbers.
    first, step : float
        Value at the first voxel, and from one voxel to the next.
    """

    name: str
    unit: str = ""
    first: float = 0.0
    step: float = 1.0


def check_codes(codes: tuple[int, ...], count: int) -> None:
    """Refuse codes that are not one for each class.

    Raises
    ------
    JobError
        With what is wrong.
    """
    if codes and (len(codes) != count or len(set(codes)) != count or min(codes) < 0):
        raise JobError(f"there are {count} classes and the codes {', '.join(map(str, codes))}: give one for each")


@dataclass(frozen=True)
class Job:
    """One training and the prediction that comes out of it.

    Parameters
    ----------
    inputs : tuple of Input
        Their spatial shapes are equal; their channels are stacked.
    labels : str
        ``.npy`` of integers with the spatial shape: 0 unlabelled, 1 to ``len(classes)``. Read again while training
        runs, so strokes painted meanwhile count.
    classes : tuple of str
        Their names; class ``k`` has value ``k + 1``.
    network : Architecture, ResNetArchitecture or UNetArchitecture
        2D on a volume means 2.5D: vertical sections, with ``network.context`` neighbours as channels. In JSON its
        ``"kind"`` is ``"hyperbolic"`` (also where it is missing), ``"resnet"`` or ``"unet"``.
    schedule : Schedule
        How to train.
    prediction : str
        ``.npy`` of uint8 with the spatial shape, written in place; 0 where nothing has been predicted yet, and in gaps
        of the data.
    model : str
        Folder for the weights.
    vertical_axis : int or None
        Spatial axis of two-way time or depth. It is never flipped, and where a voxel lies along it enters as a channel.
        None for maps.
    held_out : tuple of Box
        Labels in these boxes are kept from training and used for the score.
    ignored : tuple of Box
        Voxels in these boxes are not learnt from: no label in them is drawn or counts, nor do they count for what is
        known without labels. Those without any data (NaN in all channels) are left out in any case.
    weights : str or None
        ``.npy`` of whole percents on the grid of the labels: how much each label counts, from 1 to 100; 0 where nothing
        is said and it counts fully.
    device : str
        ``"auto"``, ``"cpu"``, ``"cuda"``, ...
    map_axis : int or None
        Spatial axis of the inputs that labels and prediction do not have: a map from a cube, which a network with
        ``reading.axis`` makes (section 3.4 of the paper). ``held_out`` then has boxes of the map.
    position : {"none", "vertical", "all"}
        Where a voxel lies as input channels, from -1 to 1: along no axis, the vertical one, or every one.
    neighbours : bool
        Whether the network is told what the nearest labelled columns say (but for those that it is asked for while
        training). Good where layers change little from well to well.
    start_from : str or None
        Model folder to begin with: the same classes and channels continue; of other ones what fits is taken over.
    memory : int or None
        Bytes that may be used: training shows its blocks one after the other, and then halves them, until the forecast
        fits; prediction halves its tiles.
    colors : tuple of str
        ``"#rrggbb"`` for each class, kept with the model; empty where nobody chose any.
    codes : tuple of int
        What files have for each class; empty where that is its number, from 1.
    axes : tuple of Axis
        What the voxel numbers of each spatial axis of the inputs mean; empty where that is not known.
    outputs : tuple of {"probabilities", "entropy", "margin"}
        What is written beside the classes, into the files that :meth:`output_path` names.
    flips : bool
        Whether predictions are averaged over the horizontal flips of the data (and over the transpose of two horizontal
        axes that the network treats alike): several times the work.
    run : str
        Identity of the run that this training is; empty where nobody keeps runs.
    recipe : str
        Name of the recipe that the network and its schedule began with; empty where there was none.
    combination : Combination or None
        What the prediction is made of beside the network; None for the network alone.
    """

    inputs: tuple[Input, ...]
    labels: str
    classes: tuple[str, ...]
    network: NetworkDescription
    schedule: Schedule
    prediction: str
    model: str
    vertical_axis: int | None = None
    held_out: tuple[Box, ...] = field(default=())
    ignored: tuple[Box, ...] = ()
    weights: str | None = None
    device: str = "auto"
    map_axis: int | None = None
    position: Position = "vertical"
    neighbours: bool = False
    start_from: str | None = None
    memory: int | None = None
    colors: tuple[str, ...] = ()
    codes: tuple[int, ...] = ()
    axes: tuple[Axis, ...] = ()
    outputs: tuple[Output, ...] = ()
    flips: bool = False
    run: str = ""
    recipe: str = ""
    combination: Combination | None = None

    def __post_init__(self) -> None:
        if not self.inputs:
            raise JobError("a job needs at least one input")
        if len(self.classes) < 2:
            raise JobError("there is nothing to tell apart: name and label at least two classes")
        if len(self.classes) > MOST_CLASSES:
            raise JobError(
                f"there are {len(self.classes)} classes, and labels and predictions count them from 1 to "
                f"{MOST_CLASSES}: merge some"
            )
        if len(self.schedule.block) != self.network.dimensions:
            raise JobError(
                f"the block {self.schedule.block} needs one size for each of the "
                f"{self.network.dimensions} dimensions of the network"
            )
        _ = self.framing  # says what is wrong with it
        unknown = [output for output in self.outputs if output not in get_args(Output)]
        if unknown:
            raise JobError(f"beside classes the outputs can be {', '.join(get_args(Output))}, not {', '.join(unknown)}")
        if self.memory is not None and self.memory < 1:
            raise JobError(f"a job cannot be done in {self.memory} bytes of memory")
        if self.colors and len(self.colors) != len(self.classes):
            raise JobError(f"there are {len(self.classes)} classes and {len(self.colors)} colours: give one for each")
        check_codes(self.codes, len(self.classes))
        vertical = self.vertical_axis is not None and self.vertical_axis != self.map_axis
        self.schedule.objective.check(self.classes, vertical, self.map_axis is not None)
        wrong = [color for color in self.colors if not _HEX.fullmatch(color)]
        if wrong:
            raise JobError(f"colours are written #rrggbb, and not {', '.join(wrong)}")
        masks = (item.mask for item in self.schedule.objective.knowledge if isinstance(item, Absence))
        read = (*(item.path for item in self.inputs), self.labels, self.weights, *masks)
        self.check_kept(path for path in read if path is not None)

    def check_kept(self, files: Iterable[str]) -> None:
        """Raise a :class:`JobError` where it would write over one of some files."""
        written = inside.written(self) if Path(self.prediction).name else ()  # settings are tried without files
        places = {os.path.realpath(path) for path in written}  # a file may be spelt in other ways, and be a link
        for file in sorted(file for file in files if os.path.realpath(file) in places):
            whose = f"the prediction {self.prediction} or of the model {self.model}"
            raise JobError(f"{file} would be written over, as a file of {whose} is called: call one of them otherwise")

    @property
    def attributes(self) -> tuple[str, ...]:
        """The attributes among its inputs, as a person writes them."""
        return tuple(item.attribute for item in self.inputs if item.attribute)

    @property
    def framing(self) -> Framing:
        """What the network is told about the axes."""
        return Framing(self.vertical_axis, self.map_axis, self.position, self.neighbours)

    def output_path(self, output: Output) -> Path:
        """Return the file of an output: beside the prediction and called after it, as in ``prediction-entropy.npy``."""
        return inside.beside(Path(self.prediction), output)

    @property
    def factor_paths(self) -> dict[str, Path]:
        """The files of what each factor says alone, by its name: classes, beside the prediction."""
        return {name: inside.beside(Path(self.prediction), name) for name in (NETWORK, *FACTORS)}

    def to_dict(self) -> dict[str, Any]:
        """Return plain JSON types, with paths as they are: what goes from one process to another."""
        found: dict[str, Any] = record.encode(self)
        return found

    def to_json(self) -> str:
        """Return :meth:`to_dict` as JSON text."""
        return record.to_bytes(self.to_dict()).decode()

    @classmethod
    def from_json(cls, text: str) -> Job:
        """Rebuild a job from :meth:`to_json`.

        Raises
        ------
        JobError
            When the text is not a job; the message says which part.
        """
        try:
            return cls.from_dict(record.parse(text))
        except record.RecordError as error:
            raise JobError(str(error)) from error

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Job:
        """Rebuild a job from :meth:`to_dict`.

        Raises
        ------
        JobError
            When they do not make a job; the message names the field.
        """
        # Jobs from before there were kinds of networks do not say which.
        network = data.get("network") if isinstance(data, Mapping) else None
        if isinstance(network, Mapping) and "kind" not in network:
            data = {**data, "network": {**network, "kind": Architecture.kind}}
        return decoded(cls, data)

    def with_paths(self, change: Callable[[str], str]) -> Job:
        """Return the job with another name for each of its files and folders.

        Parameters
        ----------
        change : callable
            Takes the path of a file or folder and returns another.
        """
        known = tuple(
            replace(item, mask=change(item.mask)) if isinstance(item, Absence) and item.mask is not None else item
            for item in self.schedule.objective.knowledge
        )
        objective = replace(self.schedule.objective, knowledge=known)
        combination = self.combination
        if combination is not None and combination.folder:
            combination = replace(combination, folder=change(combination.folder))
        return replace(
            self,
            inputs=tuple(replace(item, path=change(item.path)) for item in self.inputs),
            labels=change(self.labels),
            weights=None if self.weights is None else change(self.weights),
            prediction=change(self.prediction),
            model=change(self.model),
            start_from=None if self.start_from is None else change(self.start_from),
            schedule=replace(self.schedule, objective=objective),
            combination=combination,
        )

    def save(self, path: str | Path) -> None:
        """Write the job to a file.

        Paths of what lies together with its model, its prediction and its labels are written relative to the file:
        moved, copied or renamed as a whole, they are found again. All others are written from the root of the disk.

        Raises
        ------
        OSError
            When it cannot be written; an older file then stays as it was.
        """
        path = Path(os.path.abspath(path))
        record.write(path, _FORMAT, _VERSION, self.with_paths(Together.of(self, path.parent).relative).to_dict())

    @classmethod
    def load(cls, path: str | Path, *, trusted: bool = False) -> Job:
        """Read a saved job; its paths are those of now, from the root of the disk.

        Whoever made the file says what would be written. What it reads may lie anywhere; what it writes has to lie in
        the folder of the file, or in the session around it, and through no links.

        Parameters
        ----------
        path : path-like
            Of the file.
        trusted : bool
            Whether it may write wherever it says: for files of one's own, and where nothing of the job is written.

        Raises
        ------
        JobError
            When the file is missing or not a job, with file and field, or when it would write elsewhere.
        """
        path = Path(os.path.abspath(path))
        old = False

        def before_versions(data: Mapping[str, Any]) -> Mapping[str, Any]:
            nonlocal old
            old = True
            return _without_smoothness(data)

        try:
            job = cls.from_dict(record.read(path, _FORMAT, _VERSION, {0: before_versions, 1: dict}))
        except record.RecordError as error:
            raise no_job(path, error) from error
        except JobError as error:
            raise no_job(path, JobError(f"{path}: {error}")) from error
        try:
            job = job.with_paths(Moved.of(job, path.parent).found if old else resolving(path.parent))
            job.check_kept([str(path)])
            return job if trusted else _at_home(job, path)
        except JobError:
            raise
        except (OSError, ValueError) as error:
            what = error.strerror if isinstance(error, OSError) else error
            raise JobError(f"{path}: it names a file as none can be called ({what})") from error


def _without_smoothness(data: Mapping[str, Any]) -> Mapping[str, Any]:
    """The first jobs had the weight of a term in their schedule; one of 0, as nearly all have it, changes nothing."""
    schedule = data.get("schedule") if isinstance(data, Mapping) else None
    if not isinstance(schedule, Mapping) or schedule.get("smoothness") != 0:
        return data
    return {**data, "schedule": {name: value for name, value in schedule.items() if name != "smoothness"}}


def _at_home(job: Job, path: Path) -> Job:
    """Return a job from a file that belongs to somebody else, once it is known to write beside that file alone."""
    home = inside.home(path, job)
    found = inside.stray(inside.written(job), home)
    if found is not None:
        raise JobError(
            f"{path}: it says that {found.path} is to be written, and {found.why}. {found.advice}; or, if the file is "
            "yours, say so with --trust-job (in Python Job.load(..., trusted=True))"
        )
    combination = job.combination
    if combination is not None and combination.folder and inside.stray([Path(combination.folder)], home):
        # What is kept for the next time is found again: it is not kept.
        job = replace(job, combination=replace(combination, folder=""))
    return job
