"""What a prediction is written into: memory-mapped ``.npy`` files that others may look at while it grows.

Classes are uint8, from 1; everything else is float16: three digits that need no scale, in half the room of float32.
0 stands where nothing has been predicted yet, and where there are no data, in all of them; the classes tell it from a
true 0.
"""

from __future__ import annotations

import contextlib
import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar, get_args

import numpy as np
from numpy.typing import NDArray

from napari_fhn import mapped
from napari_fhn.box import Box
from napari_fhn.large import is_large
from napari_fhn.network.counting import in_words
from napari_fhn.training.data.boxes import clear
from napari_fhn.training.data.volume import open_array
from napari_fhn.training.job import Job, JobError, Output

Array = TypeVar("Array", bound=np.ndarray[Any, Any])


def entropy(probabilities: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return how undecided a prediction is.

    Parameters
    ----------
    probabilities : ndarray
        ``(classes, *space)``; they sum to one.

    Returns
    -------
    ndarray
        ``-sum(p log p) / log(classes)``: 0 where one class is certain, 1 where all are alike.
    """
    # Class by class, in half the time: nothing as large as all of them is made.
    found = np.zeros(probabilities.shape[1:], np.float32)
    for values in probabilities:
        logarithm = np.log(np.maximum(values, np.finfo(np.float32).tiny))
        found -= np.multiply(logarithm, values, out=logarithm)
    found /= np.float32(math.log(len(probabilities)))
    return found


def margin(probabilities: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the probability of the likeliest class minus that of the next: 0 where two are alike, 1 where certain.

    Parameters
    ----------
    probabilities : ndarray
        ``(classes, *space)``, two classes at least.
    """
    # Class by class, in a tenth of the time that partitioning along the first axis takes.
    first, second = probabilities[:2]
    best, next_best = np.maximum(first, second), np.minimum(first, second)
    for values in probabilities[2:]:
        np.maximum(next_best, np.minimum(best, values), out=next_best)
        np.maximum(best, values, out=best)
    found: NDArray[np.float32] = np.subtract(best, next_best, out=best)
    return found


def likeliest(probabilities: NDArray[np.float32]) -> NDArray[np.uint8]:
    """Return the class of each voxel, from 1: the first of the likeliest.

    Parameters
    ----------
    probabilities : ndarray
        ``(classes, *space)``, up to 255 classes.

    Returns
    -------
    ndarray of uint8
        ``space``. Class by class, in a tenth of the time that `argmax` along the first axis takes.

    Examples
    --------
    >>> likeliest(np.array([[0.2, 0.4], [0.5, 0.4], [0.3, 0.2]], np.float32))
    array([2, 1], dtype=uint8)
    """
    most = probabilities[0].copy()
    found = np.ones(most.shape, np.uint8)
    more = np.empty(most.shape, bool)
    for number, values in enumerate(probabilities[1:], start=2):
        np.greater(values, most, out=more)
        # Numbers grow: the largest of those that were more than all before. Without a branch at each voxel.
        np.maximum(found, more.view(np.uint8) * np.uint8(number), out=found)
        np.maximum(most, values, out=most)
    return found


def put_half(array: Any, where: tuple[slice, ...], values: NDArray[np.float32]) -> None:
    """Write values into a part of an array of float16; rounded by torch where it can, in a fifth of numpy's time."""
    if isinstance(array, np.ndarray):
        import torch  # here, as the viewer knows of this module

        torch.from_numpy(array[where]).copy_(torch.from_numpy(values))
    else:
        array[where] = values


def from_half(array: NDArray[np.float16], where: tuple[slice, ...]) -> NDArray[np.float32]:
    """Return a part of an array of float16 in float32; :func:`put_half` back."""
    import torch  # here, as the viewer knows of this module

    found: NDArray[np.float32] = torch.from_numpy(array[where]).float().numpy()
    return found


def open_or_make(path: Path, shape: Sequence[int]) -> np.memmap[Any, np.dtype[np.float16]]:
    """Memory-map an array of float16 for writing; made, all 0, where there is none of this shape.

    Raises
    ------
    JobError
        When the disk has no room for it.
    """
    return _there(path, shape, np.float16)


def _open_or_make_classes(path: Path, shape: Sequence[int]) -> NDArray[np.uint8]:
    return _there(path, shape, np.uint8)


def _there(path: Path, shape: Sequence[int], kind: type[np.float16] | type[np.uint8]) -> np.memmap[Any, np.dtype[Any]]:
    """Map what is there if it is as it should be; anything else, cut off or of another shape, is made anew."""
    try:
        with contextlib.suppress(FileNotFoundError, mapped.DamagedArray):
            found = mapped.open(path, "r+")
            if found.shape == tuple(shape) and found.dtype == kind:
                return found
        return mapped.create(path, shape, kind)
    except mapped.NoRoom as error:
        raise _no_room(path, shape, np.dtype(kind).itemsize) from error


def _check_room(path: Path, shape: Sequence[int], size: int = 2) -> None:
    if size * math.prod(shape) > mapped.room(path):
        raise _no_room(path, shape, size)


def _no_room(path: Path, shape: Sequence[int], size: int) -> NoRoomError:
    needed, free = in_words(size * math.prod(shape)), in_words(mapped.room(path))
    return NoRoomError(f"{path} needs {needed} and its disk has {free} free: make room there")


class NoRoomError(JobError):
    """There is no room for an output on its disk."""


class Outputs:
    """The files of a job's prediction.

    Nothing is made or removed before something is written.

    Parameters
    ----------
    job : Job
        Names them. That of the classes must be there; the others are made. Outputs that it does not ask for are
        removed: they would no longer go with the classes.
    shape : tuple of int
        Of the prediction.

    Raises
    ------
    JobError
        When the file of classes is not uint8 of this shape, or there is no room for another one.
    """

    def __init__(self, job: Job, shape: tuple[int, ...]) -> None:
        classes = open_array(job.prediction, "r+")
        if classes.shape != shape or classes.dtype != np.uint8:
            raise JobError(
                f"{job.prediction} is {classes.dtype} of shape {classes.shape}; the prediction needs uint8 of {shape}"
            )
        self.classes: NDArray[np.generic] = classes
        self._shape = shape
        self._job = job
        self._others: dict[Output, NDArray[np.float16]] | None = None
        self._alone: dict[str, NDArray[np.uint8]] | None = None
        self._factors: tuple[str, ...] = ()
        self.notes: list[str] = []
        for output in job.outputs:
            if not job.output_path(output).exists() and not is_large(job.prediction):
                _check_room(job.output_path(output), self._full(output))

    def _full(self, output: Output) -> tuple[int, ...]:
        return (len(self._job.classes), *self._shape) if output == "probabilities" else self._shape

    @property
    def others(self) -> dict[Output, NDArray[np.float16]]:
        """What is written beside the classes; its files are made by asking for it."""
        if self._others is None:
            job = self._job
            for stale in set(get_args(Output)) - set(job.outputs):
                with contextlib.suppress(PermissionError):  # somebody looks at it, under Windows
                    mapped.remove(job.output_path(stale))
            made = {one: self._made(open_or_make, job.output_path(one), self._full(one)) for one in job.outputs}
            self._others = {output: array for output, array in made.items() if array is not None}
        return self._others

    def _made(self, make: Callable[[Path, Sequence[int]], Array], path: Path, shape: Sequence[int]) -> Array | None:
        """Return an array beside the classes; the disk may have filled since there was room for it."""
        try:
            return make(path, shape)
        except NoRoomError as error:
            self.notes.append(f"{path.name} is left out of the prediction: {error}.")
            return None

    def alone(self, names: Iterable[str]) -> dict[str, NDArray[np.uint8]]:
        """Return the arrays of what factors say alone, made where there are none; those of other factors go."""
        names = tuple(names)
        if self._alone is None or set(self._factors) != set(names):
            self._alone, self._factors = {}, names
            for name, path in self._job.factor_paths.items():
                if name in names:
                    array = self._made(_open_or_make_classes, path, self._shape)
                    if array is not None:
                        self._alone[name] = array
                else:
                    with contextlib.suppress(PermissionError):  # somebody looks at it, under Windows
                        mapped.remove(path)
        return self._alone

    def clear(self, kept: Sequence[Box] = ()) -> bool:
        """Set all outputs to 0, but for some boxes.

        Parameters
        ----------
        kept : sequence of Box
            What stays.

        Returns
        -------
        bool
            Whether there was anything else.
        """
        found = False
        arrays = (self.classes, *self.others.values(), *(self._alone or {}).values())
        if is_large(self._job.prediction):
            return sum(_cleared(array, len(self._shape), kept) for array in arrays) > 0
        # Slice by slice: a survey may be larger than the memory. What is 0 already is left alone, and takes no room.
        for row in range(self._shape[0]):
            goes = np.ones(self._shape[1:], bool)
            for box in kept:
                if box.start[0] <= row < box.stop[0]:
                    goes[box.slices[1:]] = False
            if not goes.any():
                continue
            for array in arrays:
                values = array.swapaxes(0, array.ndim - len(self._shape))[row]
                if np.any(values) and np.any(values * goes):
                    found = True
                    values[..., goes] = 0
        return found

    def write_classes(self, box: Box, classes: NDArray[np.uint8]) -> None:
        """Write the classes of a box wherever they are not 0, and nothing else."""
        self.classes[box.slices] = np.where(classes > 0, classes, self.classes[box.slices])

    def write(
        self,
        box: Box,
        probabilities: NDArray[np.float32],
        present: NDArray[np.bool_],
        classes: NDArray[np.uint8] | None = None,
        alone: Mapping[str, NDArray[np.uint8]] | None = None,
    ) -> None:
        """Write a box of all outputs.

        Parameters
        ----------
        box : Box
            Inside the prediction.
        probabilities : ndarray
            ``(classes, *box.shape)``.
        present : ndarray
            ``box.shape``, where there are data: what a network says of a gap is no prediction.
        classes : ndarray of uint8, optional
            ``box.shape``, from 1; the likeliest where they are not given.
        alone : mapping of str to ndarray of uint8, optional
            By factor, the classes that it alone says.
        """
        gaps = not present.all()

        def there(values: NDArray[Any]) -> NDArray[Any]:
            return values * present if gaps else values

        # Classes last: where they are, the rest is.
        for output, array in self.others.items():
            if output == "probabilities":
                put_half(array, (slice(None), *box.slices), there(probabilities))
            else:
                put_half(array, box.slices, there((entropy if output == "entropy" else margin)(probabilities)))
        if alone:
            arrays = self.alone(alone)
            for name in arrays.keys() & alone.keys():
                arrays[name][box.slices] = there(alone[name])
        self.classes[box.slices] = there(likeliest(probabilities) if classes is None else classes)

    def flush(self) -> None:
        """Bring everything written so far to the disk."""
        for array in self._arrays:
            mapped.sync_beside(array)

    def pack(self) -> None:
        """Let what lies in shards take as little room as it can, as nothing is written any more for now."""
        for array in self._arrays:
            with contextlib.suppress(OSError):  # it stays as large as it is
                mapped.pack(array)

    @property
    def _arrays(self) -> tuple[NDArray[Any], ...]:
        return (self.classes, *(self._others or {}).values(), *(self._alone or {}).values())


def _cleared(array: Any, axes: int, kept: Sequence[Box]) -> bool:
    """Set an array in shards to 0 but for some boxes of space, and tell whether there was anything else."""
    found = False
    for box in array.written():
        values, space = array[box], Box(*(tuple(getattr(one, end) for one in box[-axes:]) for end in ("start", "stop")))
        goes = np.ones(space.shape, np.uint8)
        clear(goes, space, kept)
        if np.any(values * goes):
            found = True
            array[box] = values * (1 - goes)
    return found
