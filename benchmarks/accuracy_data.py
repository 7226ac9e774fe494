"""The labelled data of the accuracy benchmark as plain arrays: what is known, what is tested, never both.

Every dataset is a function of a draw. Real surveys are read from ``../shared/data`` beside the checkout; the bundled
samples are in the package; the generated surveys come from ``scripts/samples/family.py``. What recipes are tuned on and
what is reported are draws of their own.
"""

from __future__ import annotations

import csv
import re
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import xarray as xr
from numpy.typing import NDArray
from skimage.measure import label

from napari_fhn import labels, sample_data, surveys
from napari_fhn.surveys.kinds import vertical_axis

sys.path.append(str(Path(__file__).parents[1] / "scripts"))  # no package, and part of no installation
from samples import stories
from samples.family import survey as generated

SHARED = Path(__file__).parents[2] / "shared" / "data"
SEEDS = 5
"""Draws to tune on, and as many more to report."""

Labels = NDArray[np.uint8]


@dataclass(frozen=True)
class Task:
    """One draw of labels on one dataset.

    Attributes
    ----------
    dataset, draw : str
        Which.
    seed : int
        For a method's own random choices.
    inputs : tuple of ndarray
        Each ``(channel, *space)``, NaN where nothing was measured, without bad bands.
    labels : ndarray of uint8
        ``(*space)``, what a method may see: 0 unlabelled, class ``k`` is ``k + 1``.
    truth : ndarray of uint8
        ``(*space)``, what it is tested on; 0 where it is not tested. Nowhere both.
    classes : tuple of str
        Names.
    vertical_axis : int or None
        Axis of two-way time; None for maps.
    scored : tuple of int
        Classes, from 0, that the mean IoU counts where they occur in the truth.
    positive : int or None
        The class, from 0, of the F1 score: the one looked for.
    """

    dataset: str
    draw: str
    seed: int
    inputs: tuple[NDArray[np.generic], ...]
    labels: Labels
    truth: Labels
    classes: tuple[str, ...]
    vertical_axis: int | None
    scored: tuple[int, ...]
    positive: int | None = None


@dataclass(frozen=True)
class Dataset:
    """Where a dataset lies, its draws, and how to make a task of one of them.

    Attributes
    ----------
    folder : str or None
        Below ``../shared/data``; None for what the package ships or generates.
    tuning, reporting : tuple of str
        Draws by name: those that recipes may be tuned on, and those that say how well it went. The number at the end of
        a name is its seed.
    make : callable
        Of the folder and a draw.
    """

    folder: str | None
    tuning: tuple[str, ...]
    reporting: tuple[str, ...]
    make: Callable[[Path, str], Task]

    @property
    def draws(self) -> tuple[str, ...]:
        """All of them."""
        return (*self.tuning, *self.reporting)

    def chosen(self, words: Sequence[str] = ("reporting",), seeds: int | None = None) -> tuple[str, ...]:
        """Return some draws.

        Parameters
        ----------
        words : sequence of str
            ``tuning``, ``reporting``, ``all``, or patterns of names of draws.
        seeds : int, optional
            Of these the first so many seeds only.
        """
        sets = {"tuning": self.tuning, "reporting": self.reporting, "all": self.draws}
        found = [
            draw
            for draw in self.draws
            if any(draw in sets[word] if word in sets else re.fullmatch(word, draw) for word in words)
        ]
        first = sorted({_seed(draw) for draw in found})[:seeds]
        return tuple(draw for draw in found if _seed(draw) in first)

    def task(self, draw: str, shared: Path = SHARED) -> Task:
        """Make the task of a draw."""
        return self.make(shared / (self.folder or ""), draw)

    def missing(self, shared: Path = SHARED) -> bool:
        """Whether its files are not here."""
        return self.folder is not None and not (shared / self.folder).is_dir()


def channels(survey: xr.DataArray) -> NDArray[np.generic]:
    """Return a survey as ``(channel, *space)``: its good bands, NaN for "no data"."""
    if "band" not in survey.dims:
        return np.asarray(survey)[np.newaxis]
    survey = survey.transpose("band", ...)
    values = np.asarray(survey)
    nodata = survey.attrs.get("nodata")
    if nodata is not None and not np.isnan(nodata):
        gone = values == values.dtype.type(nodata)
        values = np.where(gone, np.float32(np.nan), values.astype(np.float32))
    return values[np.asarray(survey["good"])] if "good" in survey.coords else values


def penobscot(folder: Path, draw: str) -> Task:
    """Facies from the columns within five traces of a few wells; everything else is test."""
    survey = surveys.open(folder / "penobscot.sgy")
    with np.load(folder / "labels.npz") as file:
        facies: Labels = file["labels"] + np.uint8(1)  # facies 0 is a class
    with (folder / "wells.csv").open(newline="", encoding="utf-8") as file:
        wells = [(int(r["inline"]), int(r["crossline"])) for r in csv.DictReader(file) if r["protocol"] == draw]
    wells = wells or _wells(draw)
    known = np.zeros_like(facies)
    radius = 5
    for inline, crossline in wells:
        i, j = survey.get_index("inline").get_loc(inline), survey.get_index("crossline").get_loc(crossline)
        columns = (slice(max(0, i - radius), i + radius + 1), slice(max(0, j - radius), j + radius + 1))
        known[columns] = facies[columns]
    names = tuple(f"facies {k}" for k in range(8))
    return _task("penobscot", draw, (channels(survey),), known, facies, names, vertical_axis(survey))


def _wells(draw: str) -> list[tuple[int, int]]:
    """Draw wells as those of the file were, which has five draws of them: on every eighth crossline, off the border."""
    number = int(draw.partition("_")[0].removeprefix("wells"))
    rng = np.random.default_rng([number, _seed(draw)])
    crosslines = np.sort(rng.choice(np.arange(1024, 1489, 8), number, replace=False))
    return list(zip(rng.integers(1079, 1107, number).tolist(), crosslines.tolist(), strict=True))


def family(_: Path, draw: str) -> Task:
    """Return a generated survey with its wells; a draw is the seed of all that is drawn of it."""
    made = generated(_seed(draw))
    dataset = "tuning" if _seed(draw) in stories.TUNING else "testing"
    return _task(dataset, draw, (made.amplitude[np.newaxis],), made.labels, made.truth, made.names, 2)


def seismic(_: Path, draw: str) -> Task:
    """Return the bundled survey with its six wells, as the dock loads them; a draw is a seed and nothing else."""
    sample = sample_data.SEISMIC
    survey = surveys.open(sample.survey)
    table = labels.ClassTable.from_csv(sample.classes)
    known = np.zeros(survey.shape, np.uint8)
    labels.burn(labels.read_wells(sample.wells, sample.tops), survey, table, known, radius_traces=3)
    names = tuple(c.name for c in table)
    return _task("seismic", draw, (channels(survey),), known, sample_data.seismic_truth(), names, vertical_axis(survey))


def hyperspectral(_: Path, draw: str) -> Task:
    """Return the bundled pair of dates with its points; a draw is a seed and nothing else."""
    sample = sample_data.HYPERSPECTRAL
    dates = tuple(channels(surveys.open(path)) for path in sample.dates)
    table = labels.ClassTable.from_csv(sample.classes)
    truth = sample_data.hyperspectral_truth()
    known = np.zeros_like(truth)
    labels.burn_points(labels.read_points(sample.labels, table), known)
    return _task("hyperspectral", draw, dates, known, truth, tuple(c.name for c in table), None, positive=1)


def taizhou(folder: Path, draw: str) -> Task:
    """Change between two Landsat scenes from 50 changed and 50 unchanged pixels."""
    dates = tuple(channels(surveys.open(folder / name)) for name in ("2000TM", "2003TM"))
    with np.load(folder / "labels.npz") as file:
        stored = file["labels"]
    truth = np.where(stored == 255, np.uint8(0), stored + np.uint8(1)).astype(np.uint8)
    known = _some_of_each(truth, lambda count: 50, draw)
    return _task("taizhou", draw, dates, known, truth, ("unchanged", "changed"), None, positive=1)


def potsdam(folder: Path, draw: str) -> Task:
    """Land cover from the labelled tiles but one, or but three, on the mosaic of all 18, with NaN between the tiles.

    To tune on, each tile in turn is left out; to report, three drawn at random.
    """
    left_out = {draw} if draw in _TILES else set(np.random.default_rng(_seed(draw)).permutation(_TILES)[:3].tolist())
    tiles = {path.stem: surveys.open(path) for path in sorted((folder / "images").glob("*.tif"))}
    west = min(float(tile["x"].min()) for tile in tiles.values())
    north = max(float(tile["y"].max()) for tile in tiles.values())
    places = {
        name: (round((north - float(tile["y"][0])) / 30), round((float(tile["x"][0]) - west) / 30))
        for name, tile in tiles.items()
    }
    size = 32
    shape = tuple(max(place[axis] for place in places.values()) + size for axis in (0, 1))
    mosaic = np.full((len(channels(next(iter(tiles.values())))), *shape), np.nan, np.float32)
    truth, known = np.zeros(shape, np.uint8), np.zeros(shape, np.uint8)
    for name, tile in tiles.items():
        row, column = places[name]
        window = (slice(row, row + size), slice(column, column + size))
        mosaic[(slice(None), *window)] = channels(tile)
        path = folder / "labels" / f"{name}.tif"
        if path.is_file():
            (truth if name.endswith(tuple(f"_{tile}" for tile in left_out)) else known)[window] = np.asarray(
                surveys.open(path)
            )[0].astype(np.uint8)
    names = ("roof", "pavement", "low vegetation", "soil or tree", "class 5", "water")
    return _task("potsdam", draw, (mosaic,), known, truth, names, None)


def hysu(folder: Path, draw: str) -> Task:
    """Five target materials from half of each one's pixels."""
    cube = channels(surveys.open(folder / "dlr_hysu.npz", variable="cube", axes=("y", "x", "band")))
    with np.load(folder / "dlr_hysu.npz") as file:
        truth = np.where(file["labels"] == 255, np.uint8(0), file["labels"]).astype(np.uint8)
        names = tuple(str(name) for name in file["names"][1:])
    return _task("hysu", draw, (cube,), _some_of_each(truth, lambda count: count // 2, draw), truth, names, None)


def lapland(folder: Path, draw: str) -> Task:
    """Lithology from three quarters of the annotated patches; patches that touch are one."""
    maps = channels(surveys.open(folder / "lapland_9band_100m.tif"))
    stored = np.asarray(surveys.open(folder / "lithology_patches.tif"))[0]
    truth = np.where(stored == 255, np.uint8(0), stored).astype(np.uint8)
    patches = label(stored != 255, connectivity=2)
    with_rock = np.unique(patches[truth > 0])
    left_out = np.random.default_rng(_seed(draw)).choice(with_rock, round(len(with_rock) / 4), replace=False)
    known = np.where(np.isin(patches, left_out), np.uint8(0), truth)
    names = tuple(f"lithology {k}" for k in range(1, 11))
    scored = tuple(k for k in range(10) if np.count_nonzero(truth == k + 1) > 500)
    return _task("lapland", draw, (maps,), known, truth, names, None, scored=scored)


def sirsam(folder: Path, draw: str) -> Task:
    """Erosion and deposition from ten patches of 16 x 16 cells, drawn until they hold both."""
    paths = sorted(path for path in folder.glob("*.tif") if path.name != "er_depg.tif")
    truth = np.asarray(surveys.open(folder / "er_depg.tif"))[0].astype(np.uint8)
    rng = np.random.default_rng(_seed(draw))
    known, size = np.zeros_like(truth), 16
    while len(np.unique(known[known > 0])) < 2:
        taken = np.zeros(truth.shape, bool)
        count = 0
        while count < 10:
            row, column = (int(rng.integers(0, n - size + 1)) for n in truth.shape)
            window = (slice(row, row + size), slice(column, column + size))
            if not taken[window].any() and truth[window].all():
                taken[window] = True
                count += 1
        known = np.where(taken, truth, np.uint8(0))
    maps = tuple(channels(surveys.open(path)) for path in paths)
    return _task("sirsam", draw, maps, known, truth, ("erosional", "depositional"), None)


def _task(
    dataset: str,
    draw: str,
    inputs: tuple[NDArray[np.generic], ...],
    known: Labels,
    truth: Labels,
    classes: tuple[str, ...],
    vertical: int | None,
    *,
    scored: tuple[int, ...] | None = None,
    positive: int | None = None,
) -> Task:
    test = np.where(known > 0, np.uint8(0), truth)
    scored = tuple(range(len(classes))) if scored is None else scored
    return Task(dataset, draw, _seed(draw), inputs, known, test, classes, vertical, scored, positive)


def _some_of_each(truth: Labels, how_many: Callable[[int], int], draw: str) -> Labels:
    """Keep pixels of each class, drawn at random."""
    rng = np.random.default_rng(_seed(draw))
    known = np.zeros_like(truth)
    for value in range(1, int(truth.max()) + 1):
        places = np.flatnonzero(truth == value)
        known.flat[rng.choice(places, how_many(len(places)), replace=False)] = value
    return known


def _seed(draw: str) -> int:
    """Return the seed of a draw: its last number, or its place among the tiles of Potsdam."""
    if draw in _TILES:
        return _TILES.index(draw)
    return int(draw.removeprefix("seed").rpartition("draw")[2])


_TILES = ("64_0", "96_32", "96_96", "128_0", "128_128", "160_96", "160_160", "192_64", "192_128")
_TUNING = tuple(f"seed{seed}" for seed in range(SEEDS))
_REPORTING = tuple(f"seed{seed}" for seed in range(SEEDS, 2 * SEEDS))


def _well_draws(seeds: range) -> tuple[str, ...]:
    return tuple(f"wells{n}_draw{seed}" for n in (2, 4, 8) for seed in seeds)


DATASETS: dict[str, Dataset] = {
    "penobscot": Dataset("penobscot", _well_draws(range(SEEDS)), _well_draws(range(SEEDS, 2 * SEEDS)), penobscot),
    "tuning": Dataset(None, tuple(f"seed{seed}" for seed in stories.TUNING), (), family),
    "testing": Dataset(None, (), tuple(f"seed{seed}" for seed in stories.TESTING), family),
    "seismic": Dataset(None, _TUNING, _REPORTING, seismic),
    "hyperspectral": Dataset(None, _TUNING, _REPORTING, hyperspectral),
    "taizhou": Dataset("taizhou", _TUNING, _REPORTING, taizhou),
    "potsdam": Dataset("potsdam", _TILES, _REPORTING, potsdam),
    "hysu": Dataset("hysu", _TUNING, _REPORTING, hysu),
    "lapland": Dataset("lapland", _TUNING, _REPORTING, lapland),
    "sirsam": Dataset("sirsam", _TUNING, _REPORTING, sirsam),
}
"""By name: six real surveys, the two bundled samples, and the generated ones to tune on and to test with."""
