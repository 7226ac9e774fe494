"""A family of small generated surveys, to tune recipes on and to test them: ``python -m samples.family`` lists it.

Each is drawn from its seed: what happened (`stories`), the rocks that came of it, the seismic data of the rocks
(`seismogram`), and wells at random. As the bundled survey they are read backwards: every point is brought back to where
it was laid down, and looked up in a flat column; so the dip of every bed is known too.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import count

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter, label

from .processes import (
    BIN,
    FINE,
    Field,
    Rocks,
    beds,
    channels,
    rotate,
    salt_edge,
    smooth_noise,
    throw,
    uplift,
)
from .seismogram import record
from .stories import TESTING, TUNING, Story, story

RADIUS = 3
"""Traces around a well that are labelled with it, as far as the dock labels those of the bundled survey."""

_LEAST = 0.004
"""Share of the survey that each class has at least."""
_CORE = 6
"""Samples of each class that some well has met at least."""
_UPRIGHT = 0.2
"""Samples of stratigraphic depth in a sample of the survey, below which beds there stand on end."""
_APART = 5
"""Traces between two wells at least."""


@dataclass(frozen=True)
class Model:
    """The rocks, and where each point was laid down.

    Parameters
    ----------
    rocks : Rocks
        On the fine grid.
    level : ndarray of float32, shape (inline, crossline, sample)
        Stratigraphic depth in samples, in the column that the point belongs to; NaN in salt.
    block : ndarray of int16, shape (inline, crossline, sample)
        Points of one block were moved without a break: it is the side of each fault, and old layers, cover, a channel's
        fill or salt.
    """

    rocks: Rocks
    level: Field
    block: NDArray[np.int16]

    @property
    def classes(self) -> NDArray[np.uint8]:
        """Class of every sample of the survey, from 1."""
        return np.ascontiguousarray(self.rocks.classes[:, :, ::FINE])

    def dips(self) -> Field:
        """Slopes of the beds.

        Returns
        -------
        ndarray of float32, shape (2, inline, crossline, sample)
            Samples per trace along the inline-number and the crossline-number axis, positive where beds lie deeper with
            a rising index. NaN in salt, which has no beds, and where beds stand on end.
        """
        steepness = _change(self.level, self.block, 2)
        slopes = np.stack([-_change(self.level, self.block, axis) for axis in (0, 1)])
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.asarray(np.where(steepness > _UPRIGHT, slopes / steepness, np.nan), dtype=np.float32)


@dataclass(frozen=True)
class Survey:
    """A survey of the family.

    Parameters
    ----------
    story : Story
        What happened.
    amplitude : ndarray of int8, shape (inline, crossline, sample)
        127 stands for 3.5 standard deviations.
    truth : ndarray of uint8, shape (inline, crossline, sample)
        Classes from 1.
    wells : tuple of (int, int)
        Inline and crossline, as indices.
    labels : ndarray of uint8, shape (inline, crossline, sample)
        What the wells know: each one's column, copied to the traces around it; 0 elsewhere.
    dips : ndarray of float32, shape (2, inline, crossline, sample)
        See :meth:`Model.dips`.
    """

    story: Story
    amplitude: NDArray[np.int8]
    truth: NDArray[np.uint8]
    wells: tuple[tuple[int, int], ...]
    labels: NDArray[np.uint8]
    dips: Field

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the classes."""
        return tuple(unit.name for unit in self.story.units)


def survey(seed: int) -> Survey:
    """Make a survey of the family; it takes a second or two.

    Parameters
    ----------
    seed : int
        One of `TUNING` or `TESTING`, or any other.

    Returns
    -------
    Survey
        The same on every machine, but for rounding in the last place.

    Examples
    --------
    >>> made = survey(0)
    >>> made.amplitude.shape == made.truth.shape == made.labels.shape == made.story.shape
    True
    """
    told, model, wells = _with_every_class(seed)
    truth = model.classes
    return Survey(told, _recorded(told, model), truth, wells, burnt(truth, wells), model.dips())


def modelled(seed: int) -> tuple[Model, NDArray[np.int8]]:
    """Make the rocks of a survey of the family and their amplitudes, as :func:`survey` does."""
    told, model, _ = _with_every_class(seed)
    return model, _recorded(told, model)


def _recorded(told: Story, model: Model) -> NDArray[np.int8]:
    seed = int(np.random.SeedSequence([told.seed, 2]).generate_state(1)[0])
    return record(model.rocks, seed, told.acquisition)


def _with_every_class(seed: int) -> tuple[Story, Model, tuple[tuple[int, int], ...]]:
    """Draw a survey and its wells until there is something of each class, and a well that met it."""
    for attempt in count():
        told = story(seed, attempt)
        model = build(told)
        shares = np.bincount(model.classes.ravel(), minlength=len(told.units) + 1)[1:] / model.classes.size
        wells = _drill(np.random.default_rng([seed, attempt, 1]), model.classes, told.wells, len(told.units))
        if shares.min() >= _LEAST and wells is not None:
            return told, model, wells
    raise AssertionError("a count has no end")


def burnt(truth: NDArray[np.uint8], wells: tuple[tuple[int, int], ...], radius: int = RADIUS) -> NDArray[np.uint8]:
    """Copy the column at each well to the traces within a radius, which take that of the nearer of two wells.

    Parameters
    ----------
    truth : ndarray of uint8, shape (inline, crossline, sample)
        Classes from 1.
    wells : tuple of (int, int)
        Inline and crossline, as indices.
    radius : int
        In traces along either axis.
    """
    line, trace = np.indices(truth.shape[:2])
    away = np.stack([(line - i) ** 2 + (trace - j) ** 2 for i, j in wells])
    columns = np.stack([truth[i, j] for i, j in wells])
    known: NDArray[np.uint8] = columns[away.argmin(axis=0)]
    known[away.min(axis=0) > radius**2] = 0
    return known


def build(told: Story) -> Model:
    """Build the rocks of a story."""
    rng = np.random.default_rng([told.seed, 3])
    lines, traces, samples = told.shape
    x = (np.arange(lines, dtype=np.float32) * BIN[0])[:, None]
    y = (np.arange(traces, dtype=np.float32) * BIN[1])[None, :]
    t = np.asarray(np.arange(samples * FINE) / FINE, dtype=np.float32)
    throws = [throw(fault, x, y, t) for fault in told.faults]
    block = np.zeros((lines, traces, t.size), np.int16)
    for number, moved in enumerate(throws):
        block |= (moved > 0).astype(np.int16) << (2 + number)

    level = _folded(told, rng, x, y, t)
    for moved in throws:
        level -= moved
    edge = None
    if told.diapir is not None:
        edge = salt_edge(told.diapir, rng, x, y, t)
        level += uplift(told.diapir, edge, t)
    impedance = beds(rng, level, told.layers)
    classes = np.empty(level.shape, np.uint8)
    top = -np.inf
    for unit, base in told.layers:
        classes[(level >= top) & (level < base)] = unit.value
        top = base

    shadow = np.zeros(level.shape, np.float32)
    if told.cover is not None:
        young = np.zeros(level.shape, np.float32)
        for fault, moved in zip(told.faults, throws, strict=True):
            young += fault.reactivated * moved
        depth, floor = _cover(told, rng, x, y, t, young)
        covered = depth < floor[:, :, None]
        cover_impedance = beds(rng, depth, ((told.cover, np.inf),))
    else:
        depth, covered = level, np.zeros(level.shape, bool)
    if edge is not None and told.salt is not None:
        salt = _largest(edge < 0) & ~covered
        classes[salt], level[salt] = told.salt.value, np.nan
        block[salt] = 1
        chaos = np.float32(told.salt.contrast) * smooth_noise(rng, salt.shape, (2.0, 4.0, 4.0))
        impedance = np.where(salt, np.float32(np.log(told.salt.impedance)) + chaos, impedance)
        under = np.maximum.accumulate(gaussian_filter(salt.astype(np.float32), (2, 4, 6)), axis=2)
        shadow = np.clip(under, 0.0, 1.0)
    if told.cover is not None:
        classes[covered] = told.cover.value
        impedance = np.where(covered, cover_impedance, impedance)
        level = np.where(covered, depth, level)
        block = np.where(covered, block | 2, block)
    if told.channel is not None:
        column = depth if told.cover is not None else level
        # What was cut down into must still be there; a river does not run through salt.
        inside = channels(told.rivers, told.flood_plain, rng, x, y, np.nan_to_num(column, nan=-np.inf))
        inside &= covered if told.cover is not None else np.isfinite(level)
        wobble = np.nan_to_num(column + 1.5 * smooth_noise(rng, inside.shape, (2.5, 5.0, 6.0)))
        classes[inside] = told.channel.value
        impedance = np.where(inside, beds(rng, wobble, ((told.channel, np.inf),)), impedance)
        level = np.where(inside, wobble, level)
        block = np.where(inside, block | np.int16(1 << 10), block)
    rocks = Rocks(classes, np.asarray(impedance, np.float32), np.asarray(shadow, np.float32))
    thin = (slice(None), slice(None), slice(None, None, FINE))
    return Model(rocks, np.ascontiguousarray(level[thin], np.float32), np.ascontiguousarray(block[thin]))


def _folded(told: Story, rng: np.random.Generator, x: Field, y: Field, t: Field) -> Field:
    """Stratigraphic depth (samples) of folded and tilted layers, before faults and salt."""
    fold = told.fold
    along, across = rotate(x, y, fold.strike)
    wander = 60.0 * smooth_noise(rng, (x.size, y.size), (10.0, 20.0))
    raised = fold.height * np.sin(2 * np.pi * (across + wander) / fold.wave + fold.phase)
    raised = raised * (0.75 + 0.35 * np.sin(2 * np.pi * along / fold.plunge + fold.phase))
    raised = raised + told.tilt[0] * (x - x.mean()) + told.tilt[1] * (y - y.mean())
    raised = raised + 1.2 * smooth_noise(rng, (x.size, y.size), (4.0, 8.0))
    growth = (0.72 + 0.28 * t / t[-1]).astype(np.float32)
    level = t + raised.astype(np.float32)[:, :, None] * growth
    return np.asarray(level, dtype=np.float32)


def _cover(told: Story, rng: np.random.Generator, x: Field, y: Field, t: Field, young: Field) -> tuple[Field, Field]:
    """Depth (samples) in the young column at every point, and the depth of the unconformity in it."""
    hills = told.relief * smooth_noise(rng, (x.size, y.size), (9.0, 18.0))
    surface = told.unconformity + hills
    # The beds keep only a faint drape of the old land, so they onlap its hills.
    drape = 0.15 * gaussian_filter(hills, (4.0, 8.0)) + 0.4 * (told.tilt[0] * x + told.tilt[1] * y)
    depth = t - drape[:, :, None] - young
    return depth.astype(np.float32), (surface - drape).astype(np.float32)


def _largest(salt: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Keep the diapir itself, and not the crumbs that its roughness pinches off."""
    parts, found = label(salt)
    if not found:
        return salt
    return np.asarray(parts == np.bincount(parts[parts > 0]).argmax())


def _change(level: Field, block: NDArray[np.int16], axis: int) -> Field:
    """Mean of the differences to both neighbours along an axis, of those in the same block; NaN where neither is."""
    step = np.diff(level, axis=axis)
    same = np.diff(block, axis=axis) == 0
    total, number = np.zeros(level.shape, np.float32), np.zeros(level.shape, np.float32)
    for side in (slice(1, None), slice(None, -1)):
        place = tuple(side if a == axis else slice(None) for a in range(3))
        total[place] += np.where(same, step, 0)
        number[place] += same
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray(np.where(number > 0, total / number, np.nan), dtype=np.float32)


def _drill(
    rng: np.random.Generator, truth: NDArray[np.uint8], wells: int, classes: int
) -> tuple[tuple[int, int], ...] | None:
    """Draw wells that meet every class between them; with one more where a hundred draws did not. None if eight cannot.

    What no well has met has no name, and nobody asks for it.
    """
    for number in range(wells, 9):
        for _ in range(100):
            drawn: list[tuple[int, int]] = []
            while len(drawn) < number:
                place = tuple(int(rng.integers(RADIUS, size - RADIUS)) for size in truth.shape[:2])
                if all(max(abs(place[0] - i), abs(place[1] - j)) >= 2 * RADIUS + _APART for i, j in drawn):
                    drawn.append((place[0], place[1]))
            met = np.array([np.bincount(truth[i, j], minlength=classes + 1)[1:] for i, j in drawn])
            if met.max(axis=0).min() >= _CORE:
                return tuple(drawn)
    return None


def table(seeds: tuple[int, ...]) -> str:
    """Return a markdown table of what is in each survey."""
    rows = [
        "| seed | size | classes | folds | faults | salt | unconformity | rivers | Hz | noise | wells | in one only |",
        f"|{'---|' * 12}",
    ]
    for seed in seeds:
        made = survey(seed)
        told = made.story
        seen = np.array([np.bincount(made.truth[i, j], minlength=len(told.units) + 1)[1:] for i, j in made.wells])
        alone = ", ".join(name for name, met in zip(made.names, (seen > 0).sum(axis=0), strict=True) if met == 1)
        cells = (
            str(seed),
            " x ".join(map(str, told.shape)),
            str(len(told.units)),
            f"{told.fold.height:.0f}",
            ", ".join(f"{fault.throw:.0f}" for fault in told.faults) or "-",
            "yes" if told.diapir else "-",
            "yes" if told.cover else "-",
            str(len(told.rivers) or "-"),
            f"{told.acquisition.frequency[0]:.0f} to {told.acquisition.frequency[1]:.0f}",
            f"{told.acquisition.noise:.1f}",
            str(len(made.wells)),
            alone or "-",
        )
        rows.append(f"| {' | '.join(cells)} |")
    return "\n".join(rows)


if __name__ == "__main__":
    for title, seeds in (("Tuning", TUNING), ("Testing", TESTING)):
        print(f"{title}:\n\n{table(seeds)}\n")
