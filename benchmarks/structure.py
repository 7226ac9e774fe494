"""The structure of the data: how long its dips take, and how right they are.

    python benchmarks/structure.py --part dips --samples 100e6
    python benchmarks/structure.py --part slopes --surveys 100,101,102

``dips`` computes the dips of a generated volume into a folder, brick by brick, as a session does, and watches the
memory of the process alone (anonymous pages; Linux only). ``slopes`` compares slopes with those that generated surveys
(see ``scripts/samples/family.py``) were built with: mean absolute error in samples per trace, by how steep the beds are
and within three traces of faults, without noise, with that of the survey and with three times as much. Figures are kept
in ``benchmarks/results/structure.json``.
"""

from __future__ import annotations

import argparse
import datetime
import json
import os
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import binary_dilation
from skimage.feature import structure_tensor

from machine import machine
from napari_fhn.box import Box
from napari_fhn.structure.dips import DipField, DipSettings, dips_of

sys.path.append(str(Path(__file__).parents[1] / "scripts"))  # no package, and part of no installation
from samples import family, seismogram, stories

RESULTS = Path(__file__).parent / "results" / "structure.json"
STEEP = (0.0, 0.25, 1.0, 2.0, 3.0, np.inf)
"""Bounds of the classes of slopes, in samples per trace."""
NEAR = 3
"""Traces from a fault."""
NOISE = (0.0, 1.0, 3.0)

Field = NDArray[np.float32]


def main() -> None:
    options = _options()
    found = _dips(options) if options.part == "dips" else _slopes(options)
    keep(options.output, {"command": "python benchmarks/structure.py " + " ".join(sys.argv[1:]), **found})
    print(json.dumps(found, indent=2))


def keep(output: Path, found: dict[str, Any]) -> None:
    """Put the figures of a run in place of those of the run with the same command."""
    output.parent.mkdir(parents=True, exist_ok=True)
    runs = json.loads(output.read_text(encoding="utf-8")) if output.exists() else []
    runs = [run for run in runs if run["command"] != found["command"]]
    runs.append({**found, "machine": machine(), "date": str(datetime.date.today())})
    output.write_text(json.dumps(runs, indent=2) + "\n", encoding="utf-8")


def _dips(options: argparse.Namespace) -> dict[str, Any]:
    """Time all dips of a volume."""
    with tempfile.TemporaryDirectory(dir=options.folder, prefix="napari-fhn-dips-") as name:
        folder = Path(name)
        data = volume(folder / "data.npy", int(options.samples))
        field = DipField.open(data, folder, threads=options.threads)
        load = round(os.getloadavg()[0], 1)
        with Memory() as memory:
            started, busy = time.perf_counter(), time.process_time()
            bricks = sum(1 for _ in field.fill())
            seconds, busy = time.perf_counter() - started, time.process_time() - busy
            middle = data.shape[0] // 2
            started = time.perf_counter()
            field.read(Box((middle, 0, 0), (middle + 1, *data.shape[1:])))
            section = time.perf_counter() - started
        kept = sum(path.stat().st_size for path in field_files(folder))
    return {
        "part": "dips",
        "shape": list(data.shape),
        "bricks": bricks,
        "threads": options.threads,
        "load_of_the_machine": load,
        "seconds": round(seconds, 1),
        "processor_seconds": round(busy, 1),
        "seconds_for_100_million": round(seconds / data.size * 1e8, 1),
        "memory_MB": round(memory.most / 1e6),
        "kept_bytes_per_sample": round(kept / data.size, 2),
        "section_read_ms": round(1000 * section, 1),
    }


def field_files(folder: Path) -> list[Path]:
    """Return the files in which dips were kept."""
    return [path for path in folder.glob("dips-*/*.npy") if path.is_file()]


def volume(path: Path, samples: int) -> np.memmap:
    """Write a volume of some many samples, made of a generated survey side by side, and map it."""
    piece = family.survey(0).amplitude
    depth = min(512, max(piece.shape[-1], samples // 4))
    side = max(1, round((samples / depth) ** 0.5))
    found = np.lib.format.open_memmap(
        path, mode="w+", dtype=np.int8, shape=(side, max(1, samples // depth // side), depth)
    )
    for index in range(side):
        row = np.take(piece[index % piece.shape[0]], np.arange(found.shape[1]), axis=0, mode="wrap")
        found[index] = np.take(row, np.arange(depth), axis=1, mode="wrap")
    found.flush()
    return found


class Memory:
    """Watches how much anonymous memory this process holds, and what it was at most beyond the beginning."""

    def __enter__(self) -> Memory:
        self.most = 0
        self._first = _anonymous()
        self._ended = threading.Event()
        self._watch = threading.Thread(target=self._look, daemon=True)
        self._watch.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._watch.join()

    def _look(self) -> None:
        while not self._ended.wait(0.05):
            self.most = max(self.most, _anonymous() - self._first)


def _anonymous() -> int:
    text = Path("/proc/self/status").read_text(encoding="utf-8")
    return int(text.partition("RssAnon:")[2].split()[0]) * 1024


def _slopes(options: argparse.Namespace) -> dict[str, Any]:
    """Compare slopes with the true ones."""
    errors: dict[str, list[list[float]]] = {}
    for seed in options.surveys:
        survey = family.survey(seed)
        model = family.build(survey.story)
        for noise in NOISE:
            acquisition = replace(survey.story.acquisition, noise=noise * survey.story.acquisition.noise)
            data = seismogram.record(model.rocks, seed, acquisition)
            for method, slopes_of in METHODS.items():
                row = by_slope(slopes_of(data), survey.dips, near_faults(model.block))
                errors.setdefault(f"noise x {noise:g}, {method}", []).append(row)
    columns = [f"{a:g} to {b:g}" for a, b in pairwise(STEEP)] + ["near faults", "all"]
    return {
        "part": "slopes",
        "surveys": list(options.surveys),
        "columns": columns,
        # Samples of all surveys count alike in the mean of the surveys; a survey without a class says nothing of it.
        "mean_absolute_error": {name: np.nanmean(rows, axis=0).round(3).tolist() for name, rows in errors.items()},
    }


def by_slope(slopes: Field, true: Field, near: NDArray[np.bool_]) -> list[float]:
    """Mean absolute error in samples per trace: away from faults by how steep beds are, near faults, and of all."""
    known = np.isfinite(true).all(axis=0)
    error = np.abs(slopes - true).mean(axis=0)
    steep = np.abs(true).max(axis=0)
    classes = [known & ~near & (steep >= a) & (steep < b) for a, b in pairwise(STEEP)]
    return [float(error[chosen].mean()) if chosen.any() else float("nan") for chosen in (*classes, known & near, known)]


def near_faults(block: NDArray[np.int16]) -> NDArray[np.bool_]:
    """Tell which samples lie within :data:`NEAR` traces of a place where a fault breaks the beds."""
    sides = (block >> 2) & 0xFF  # the bits of the faults
    broken = np.zeros(block.shape, bool)
    for axis in (0, 1):
        changes = np.diff(sides, axis=axis) != 0
        for side in (slice(1, None), slice(None, -1)):
            broken[tuple(side if a == axis else slice(None) for a in range(3))] |= changes
    return np.asarray(binary_dilation(broken, np.ones((2 * NEAR + 1, 2 * NEAR + 1, 1))))


def plain_tensor(data: NDArray[Any]) -> Field:
    """Slopes by the structure tensor of scikit-image: eigenvector of the largest eigenvalue, sigma 2, 2 and 4."""
    upper = structure_tensor(data.astype(np.float32), sigma=(2, 2, 4), order="rc", mode="nearest")
    tensor = np.empty((*data.shape, 3, 3), np.float32)
    for value, (a, b) in zip(upper, ((0, 0), (0, 1), (0, 2), (1, 1), (1, 2), (2, 2)), strict=True):
        tensor[..., a, b] = tensor[..., b, a] = value
    normal = np.linalg.eigh(tensor)[1][..., -1]
    down = np.where(np.abs(normal[..., 2]) < 0.05, np.copysign(0.05, normal[..., 2]), normal[..., 2])
    return np.asarray(np.moveaxis(-normal[..., :2] / down[..., None], -1, 0), np.float32)


METHODS: dict[str, Callable[[NDArray[Any]], Field]] = {
    "flat": lambda data: np.zeros((2, *data.shape), np.float32),
    "structure tensor": plain_tensor,
    "two tensors, the clearest window": lambda data: dips_of(data, DipSettings(rounds=0)).slopes,
    "corrected by neighbouring traces": lambda data: dips_of(data).slopes,
}


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--part", choices=("dips", "slopes"), required=True)
    parser.add_argument("--samples", type=float, default=20e6, help="of the volume whose dips are timed")
    parser.add_argument("--threads", type=int, default=None, help="at the same time (default: one for each processor)")
    parser.add_argument("--folder", type=Path, default=None, help="where to make it (default: the system's own)")
    seeds = lambda text: tuple(map(int, text.split(",")))  # noqa: E731
    parser.add_argument("--surveys", type=seeds, default=stories.TESTING, metavar="SEED,...")
    parser.add_argument("--output", type=Path, default=RESULTS)
    return parser.parse_args()


if __name__ == "__main__":
    main()
