"""Boxes of a prediction that were written at once, later ones over earlier: as few as say the same."""

from __future__ import annotations

import functools
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from napari_fhn.box import Box

_MOST_PARTS = 256
"""Parts that are told apart; with more, neighbours become one."""


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


def scattered(parts: list[Part], part: Part) -> list[Part]:
    """Return parts with some voxels of a box, of which one part of a kind is enough."""
    same = next((other for other in parts if other.scattered and other.model == part.model), None)
    if same is None:
        return [*parts, part]
    start = tuple(min(pair) for pair in zip(same.box.start, part.box.start, strict=True))
    stop = tuple(max(pair) for pair in zip(same.box.stop, part.box.stop, strict=True))
    one = replace(part, box=Box(start, stop), half=part.half or same.half, step=min(part.step, same.step))
    return [*(other for other in parts if other is not same), one]


def _fewer(parts: list[Part]) -> list[Part]:
    """Make neighbours one, and what is then too much scattered: no more is said than is there."""
    plain = [part for part in parts if not part.scattered]
    for axis in range(len(plain[0].box.start)):
        plain = _joined_along(plain, axis)
    loose = [part for part in parts if part.scattered]
    if len(plain) > _MOST_PARTS // 2:
        for part in plain[: len(plain) - _MOST_PARTS // 2]:
            loose = scattered(loose, replace(part, scattered=True))
        plain = plain[len(plain) - _MOST_PARTS // 2 :]
    return [*loose, *plain]


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
def counted(shape: tuple[int, ...], parts: tuple[Part, ...]) -> dict[Part, int]:
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
