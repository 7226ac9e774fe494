"""What made a prediction: which voxels come from which network at which step, and what was done to them since.

It lies beside the prediction, in a file of the same name. What it says is there: it is written after the voxels that it
speaks of, and before voxels are taken away. What it says nothing of is 0 in the prediction, or was written by somebody
else.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path

from napari_fhn import __version__, record
from napari_fhn.clock import now
from napari_fhn.sentence import counted
from napari_fhn.training.combination.settings import FINISHES, TITLES
from napari_fhn.training.errors import JobError
from napari_fhn.training.job import Job
from napari_fhn.training.prediction.parts import Part
from napari_fhn.training.prediction.parts import counted as voxels_of

_FORMAT, _VERSION = "prediction", 1
_MOST_VOXELS = 2**62


@dataclass(frozen=True)
class InputStamp:
    """An input that a prediction was made from.

    Parameters
    ----------
    name : str
        What the person calls it.
    stamp : str
        Digest of what it was copied from; empty where that is not known.
    """

    name: str
    stamp: str = ""


@dataclass(frozen=True)
class Tidied:
    """How a prediction was tidied after it was made.

    Parameters
    ----------
    radius : int
        Of the majority filter, in voxels; 0 for none.
    smallest : int
        Voxels that a body must have to stay; 0 where all stay.
    largest : int
        Voxels of the largest hole that was closed; 0 where none was.
    when : str
        Date and time in UTC, ISO 8601.
    """

    radius: int = 0
    smallest: int = 0
    largest: int = 0
    when: str = ""


@dataclass(frozen=True)
class Provenance:
    """What made a prediction.

    Parameters
    ----------
    run : str
        Identity of the run whose network it is; empty where nobody keeps runs.
    shape : tuple of int
        Of the prediction, in voxels.
    classes : tuple of str
        Their names; class ``k`` has value ``k + 1``.
    inputs : tuple of InputStamp
        What it was predicted from.
    labels : str
        Digest of the label file that the network was trained on, when training began; empty where not known.
    parts : tuple of Part
        A later one lies over earlier ones.
    factors : tuple of str
        What it is made of beside the network, and what happened to it after that, by name.
    told : str
        Digest of the labels that said something of it when it was predicted; empty where none did, and while a network
        learns.
    tidied : Tidied or None
        What was done to it since; None for nothing.
    program : str
        That wrote it.
    written : str
        Date and time in UTC, ISO 8601.
    """

    run: str
    shape: tuple[int, ...]
    classes: tuple[str, ...]
    inputs: tuple[InputStamp, ...] = ()
    labels: str = ""
    parts: tuple[Part, ...] = ()
    factors: tuple[str, ...] = ()
    told: str = ""
    tidied: Tidied | None = None
    program: str = ""
    written: str = ""

    def __post_init__(self) -> None:
        if min(self.shape, default=1) < 1 or math.prod(self.shape) > _MOST_VOXELS:
            raise ValueError(f"no prediction has the shape {self.shape!s:.80}")
        for part in self.parts:
            ends = zip(part.box.start, part.box.stop, self.shape, strict=False)
            if len(part.box.start) != len(self.shape) or any(a < 0 or b > size for a, b, size in ends):
                raise ValueError(f"a part from {part.box.start} to {part.box.stop} lies outside of {self.shape}")

    @classmethod
    def of(
        cls,
        job: Job,
        shape: tuple[int, ...],
        *,
        classes: Iterable[str],
        run: str,
        labels: str,
        factors: Iterable[str] = (),
        told: str = "",
    ) -> Provenance:
        """Return that of a prediction of which nothing is there yet."""
        # Attributes follow from the data: what they were made of has its stamp already.
        stamps = tuple(InputStamp(item.name, "" if item.attribute else item.stamp) for item in job.inputs)
        program = f"napari-fhn {__version__}"
        return cls(run, shape, tuple(classes), stamps, labels, factors=tuple(factors), told=told, program=program)

    @property
    def missing(self) -> int:
        """Voxels that were never predicted."""
        return math.prod(self.shape) - sum(self._seen.values())

    @property
    def unfinished(self) -> int:
        """Voxels of which only the first of two directions was seen."""
        return sum(voxels for part, voxels in self._seen.items() if part.half)

    @property
    def complete(self) -> bool:
        """Whether every voxel was predicted, and in both directions where there are two."""
        return not self.missing and not self.unfinished

    @property
    def steps(self) -> tuple[int, ...]:
        """Training steps behind what can be seen of the prediction, in rising order."""
        return tuple(sorted({part.step for part in self._visible}))

    @property
    def models(self) -> tuple[str, ...]:
        """Checksums of the models behind what can be seen; an empty one for a network that was still learning."""
        return tuple(sorted({part.model for part in self._visible}))

    @property
    def of_one_network(self) -> bool:
        """Whether all that was predicted comes from one network; while it learns it is another with each step."""
        return len(self.models) == 1 and (self.models[0] != "" or len(self.steps) == 1)

    def words(self) -> list[str]:
        """Return for a person what made it, and what is not as one would expect, a sentence each."""
        if not self._visible:
            return ["Nothing of it was predicted."]
        total = math.prod(self.shape)
        run = f"run {self.run}, " if self.run else ""
        first, last = self.steps[0], self.steps[-1]
        after = f"after {counted(last, 'steps')}" if first == last else f"after {first} to {last} steps"
        if self.of_one_network and self.models != ("",):
            found = [f"Predicted by the network of {run}{after} (model {self.models[0][:8]})."]
        elif self.models == ("",):
            found = [f"Painted by a network while it was still learning: {run}{after}. Predict to see the last one."]
        else:
            found = [f"Painted by {counted(len(self.models), 'networks')}: {run}{after}. Predict to have it from one."]
        if self.factors:
            titles = {**TITLES, **FINISHES}
            made = [titles.get(name, name) for name in self.factors if name not in FINISHES]
            done = [titles[name] for name in self.factors if name in FINISHES]
            found += [f"Beside the network it is made of: {', '.join(made)}."] if made else []
            found += [f"After that: {', '.join(done)}."] if done else []
        if self.missing:
            found.append(f"{_percent(self.missing, total)} of its voxels were never predicted.")
        if self.unfinished:
            found.append(f"{_percent(self.unfinished, total)} of its voxels were seen in one of two directions only.")
        if self.tidied is not None:
            found.append(_tidied(self.tidied))
        return found

    @property
    def _seen(self) -> dict[Part, int]:
        """How many voxels are on top of each part; without scattered ones, of which nobody counts them."""
        return voxels_of(self.shape, tuple(part for part in self.parts if not part.scattered))

    @property
    def _visible(self) -> list[Part]:
        return [part for part in self.parts if part.scattered or self._seen.get(part)]


def path_of(prediction: str | Path) -> Path:
    """Return where it lies what made a prediction."""
    return Path(prediction).with_suffix(".json")


def read(prediction: str | Path) -> Provenance | None:
    """Read what made a prediction.

    Parameters
    ----------
    prediction : path-like
        The ``.npy`` file of the prediction.

    Returns
    -------
    Provenance or None
        None where nobody wrote it down.

    Raises
    ------
    JobError
        When the file is there and cannot be read; the message names file and field.
    """
    path = path_of(prediction)
    if not path.exists():
        return None
    try:
        return record.decode(Provenance, record.read(path, _FORMAT, _VERSION))
    except record.RecordError as error:
        raise JobError(str(error if error.path is not None else error.of(path))) from error


def write(prediction: str | Path, provenance: Provenance) -> None:
    """Write what made a prediction.

    Parameters
    ----------
    prediction : path-like
        The ``.npy`` file of the prediction.
    provenance : Provenance
        Its ``written`` becomes the time of now.
    """
    record.write(path_of(prediction), _FORMAT, _VERSION, record.encode(replace(provenance, written=now())))


def _percent(some: int, total: int) -> str:
    share = 100 * some / total
    return f"{share:.0f} %" if share >= 1 else "less than 1 %"


def _tidied(tidied: Tidied) -> str:
    done = []
    if tidied.radius:
        done.append(f"a majority filter of radius {tidied.radius}")
    if tidied.smallest:
        done.append(f"bodies of fewer than {counted(tidied.smallest, 'voxels')} given to what surrounds them")
    if tidied.largest:
        done.append(f"holes of up to {counted(tidied.largest, 'voxels')} closed")
    return f"Tidied since: {', '.join(done) or 'nothing changed'}."
