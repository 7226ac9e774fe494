"""What made a prediction: which voxels come from which network at which step, and what was done to them since.

It lies beside the prediction, in a file of the same name. What it says is there: it is written after the voxels that it
speaks of, and before voxels are taken away. What it says nothing of is 0 in the prediction, or was written by somebody
else.
"""

from __future__ import annotations

import datetime
import functools
import math
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from napari_fhn import __version__, record
from napari_fhn.box import Box
from napari_fhn.training.errors import JobError
from napari_fhn.training.job import Job

_FORMAT, _VERSION = "prediction", 1

_MOST_PARTS = 256
"""Parts that are told apart; with more, neighbours become one."""

_EVERY = 2.0
"""Seconds between two writings while a prediction grows."""


@dataclass(frozen=True)
class Part:
    """A box of a prediction that was written at once.

    Parameters
    ----------
    box : Box
        In voxels of the prediction. Gaps of the data in it count as predicted.
    step : int
        Training steps behind the network; of several predictions that became one part the fewest.
    model : str
        Checksum of the model, as in its ``model.json``; empty for a network that was still learning.
    half : bool
        Only the first of the two directions of sections has been seen yet.
    scattered : bool
        Not the whole box was written, but what in it is not 0: blocks that were trained on.
    """

    box: Box
    step: int
    model: str = ""
    half: bool = False
    scattered: bool = False


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
    tidied: Tidied | None = None
    program: str = ""
    written: str = ""

    def __post_init__(self) -> None:
        for part in self.parts:
            ends = zip(part.box.start, part.box.stop, self.shape, strict=False)
            if len(part.box.start) != len(self.shape) or any(a < 0 or b > size for a, b, size in ends):
                raise ValueError(f"a part from {part.box.start} to {part.box.stop} lies outside of {self.shape}")

    @classmethod
    def of(cls, job: Job, shape: tuple[int, ...], *, classes: Iterable[str], run: str, labels: str) -> Provenance:
        """Return that of a prediction of which nothing is there yet."""
        stamps = tuple(InputStamp(item.name, item.stamp) for item in job.inputs)
        return cls(run, shape, tuple(classes), stamps, labels, program=f"napari-fhn {__version__}")

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
        after = f"after {last} steps" if first == last else f"after {first} to {last} steps"
        if self.of_one_network and self.models != ("",):
            found = [f"Predicted by the network of {run}{after} (model {self.models[0][:8]})."]
        elif self.models == ("",):
            found = [f"Painted by a network while it was still learning: {run}{after}. Predict to see the last one."]
        else:
            found = [f"Painted by {len(self.models)} networks: {run}{after}. Predict to have it from one."]
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
        return _counted(self.shape, tuple(part for part in self.parts if not part.scattered))

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
    now = datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")
    record.write(path_of(prediction), _FORMAT, _VERSION, record.encode(replace(provenance, written=now)))


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
        write(self._prediction, self.provenance)
        return clear(tuple(part.box for part in self._parts))

    def add(self, box: Box, *, half: bool = False) -> None:
        """Note that a box was predicted."""
        self._parts = added(self._parts, Part(box, self.step, self.model, half))
        self._changed = True

    def scatter(self, box: Box) -> None:
        """Note that some voxels of a box were predicted, which are not 0."""
        self._parts = _scattered(self._parts, Part(box, self.step, self.model, scattered=True))
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


def added(parts: list[Part], part: Part) -> list[Part]:
    """Return parts with another on top of them, as few as say the same."""
    parts = [other for other in parts if not _holds(part.box, other.box)]
    found = True
    while found:
        found = False
        for place, other in enumerate(parts):
            joined = _joined(other, part)
            # It comes to lie over all that lies over it now, which must not be of another kind.
            if joined is not None and not any(_meet(other.box, above.box) for above in parts[place + 1 :]):
                part, found = replace(part, box=joined), True
                del parts[place]
                break
    parts.append(part)
    return parts if len(parts) <= _MOST_PARTS else _fewer(parts)


def _fewer(parts: list[Part]) -> list[Part]:
    """Make neighbours one, and what is then too much scattered: no more is said than is there."""
    plain = [part for part in parts if not part.scattered]
    for axis in range(len(plain[0].box.start)):
        plain = _joined_along(plain, axis)
    scattered = [part for part in parts if part.scattered]
    if len(plain) > _MOST_PARTS // 2:
        for part in plain[: len(plain) - _MOST_PARTS // 2]:
            scattered = _scattered(scattered, replace(part, scattered=True))
        plain = plain[len(plain) - _MOST_PARTS // 2 :]
    return [*scattered, *plain]


def _joined_along(parts: list[Part], axis: int) -> list[Part]:
    """Join parts that are alike but for their step and follow each other along an axis."""
    groups: dict[object, list[Part]] = {}
    for part in parts:
        others = tuple((a, b) for k, (a, b) in enumerate(zip(part.box.start, part.box.stop, strict=True)) if k != axis)
        groups.setdefault((others, part.model, part.half), []).append(part)
    order = {id(part): place for place, part in enumerate(parts)}
    found: list[tuple[int, Part]] = []
    for group in groups.values():
        group.sort(key=lambda part: part.box.start[axis])
        run, place = group[0], order[id(group[0])]
        for part in group[1:]:
            joined = _joined(run, replace(part, step=run.step))
            if joined is None:
                found.append((place, run))
                run, place = part, order[id(part)]
            else:
                # What is half must not come to lie over what is whole: the lowest place is the safe one.
                run = replace(run, box=joined, step=min(run.step, part.step))
                place = min(place, order[id(part)])
        found.append((place, run))
    return [part for _, part in sorted(found, key=lambda item: item[0])]


def _scattered(parts: list[Part], part: Part) -> list[Part]:
    """Return parts with some voxels of a box, of which one part of a kind is enough."""
    same = next((other for other in parts if other.scattered and other.model == part.model), None)
    if same is None:
        return [*parts, part]
    start = tuple(min(pair) for pair in zip(same.box.start, part.box.start, strict=True))
    stop = tuple(max(pair) for pair in zip(same.box.stop, part.box.stop, strict=True))
    one = replace(part, box=Box(start, stop), half=part.half or same.half, step=min(part.step, same.step))
    return [*(other for other in parts if other is not same), one]


def _joined(one: Part, other: Part) -> Box | None:
    """Return the box of two parts that are alike and together fill it; None where they are not or do not."""
    if replace(one, box=other.box) != other or one.scattered:
        return None
    a, b = one.box, other.box
    unlike = [k for k in range(len(a.start)) if (a.start[k], a.stop[k]) != (b.start[k], b.stop[k])]
    if len(unlike) > 1:
        return None
    if unlike and (a.stop[unlike[0]] < b.start[unlike[0]] or b.stop[unlike[0]] < a.start[unlike[0]]):
        return None
    return Box(tuple(map(min, zip(a.start, b.start, strict=True))), tuple(map(max, zip(a.stop, b.stop, strict=True))))


def _holds(outer: Box, inner: Box) -> bool:
    return all(a <= c and d <= b for a, b, c, d in zip(outer.start, outer.stop, inner.start, inner.stop, strict=True))


def _meet(one: Box, other: Box) -> bool:
    return all(max(a, c) < min(b, d) for a, b, c, d in zip(one.start, one.stop, other.start, other.stop, strict=True))


@functools.lru_cache(maxsize=8)
def _counted(shape: tuple[int, ...], parts: tuple[Part, ...]) -> dict[Part, int]:
    """Return how many voxels lie on top of each part, as all parts cut the survey into cells."""
    if not parts:
        return {}
    cuts = [
        np.unique([0, size, *(part.box.start[k] for part in parts), *(part.box.stop[k] for part in parts)])
        for k, size in enumerate(shape)
    ]
    places = [
        tuple(
            slice(*np.searchsorted(cut, (a, b))) for cut, a, b in zip(cuts, part.box.start, part.box.stop, strict=True)
        )
        for part in parts
    ]
    sizes = [np.diff(cut) for cut in cuts]
    area: NDArray[np.int64] = np.ones((), np.int64)
    for size in sizes[1:]:
        area = np.multiply.outer(area, size)
    counts = np.zeros(len(parts) + 1, np.int64)
    # Row by row of cells: all of them at once may be many.
    for row, thickness in enumerate(sizes[0]):
        top = np.zeros(area.shape, np.int32)
        for number, place in enumerate(places, 1):
            if place[0].start <= row < place[0].stop:
                top[place[1:]] = number
        found = np.bincount(top.ravel(), area.ravel(), minlength=len(counts))
        counts += int(thickness) * found.astype(np.int64)
    voxels: dict[Part, int] = {}
    for part, count in zip(parts, counts[1:], strict=True):
        if count:
            voxels[part] = voxels.get(part, 0) + int(count)
    return voxels


def _percent(some: int, total: int) -> str:
    share = 100 * some / total
    return f"{share:.0f} %" if share >= 1 else "less than 1 %"


def _tidied(tidied: Tidied) -> str:
    done = []
    if tidied.radius:
        done.append(f"a majority filter of radius {tidied.radius}")
    if tidied.smallest:
        done.append(f"bodies of fewer than {tidied.smallest} voxels given to what surrounds them")
    if tidied.largest:
        done.append(f"holes of up to {tidied.largest} voxels closed")
    return f"Tidied since: {', '.join(done) or 'nothing changed'}."
