"""A survey bigger than memory: opening, slicing, copying into bricks, exporting.

    python benchmarks/big.py --gigabytes 10 --folder /path/on/the/disk/to/measure

Makes a post-stack SEG-Y of that size (IEEE float, the same bytes every time), measures each part in a process of its
own with the file out of the page cache, deletes everything, and keeps the figures in ``benchmarks/results/big.json``.
Needs about two and a half times the size free. "Memory" is that of the process alone (anonymous pages), "resident"
counts the pages of mapped files as well, which the system takes back when somebody else needs them. Linux only.
"""

from __future__ import annotations

import argparse
import datetime
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

from machine import machine

N_SAMPLES = 1500
#: Different traces; each has a factor of its own, so that no two are alike.
BANK = 1024
#: Most that is copied to learn the raw speed of the disk.
RAW_BYTES = 2 * 10**9
SECTIONS = 5


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--gigabytes", type=float, default=10.0, help="size of the file")
    parser.add_argument("--irregular", action="store_true", help="with a ragged outline, so that all headers are read")
    parser.add_argument("--folder", type=Path, default=None, help="where to make it (default: the system's own)")
    parser.add_argument("--output", type=Path, default=Path(__file__).parent / "results" / "big.json")
    parser.add_argument("--part", choices=sorted(PARTS), help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.part:
        print(json.dumps(PARTS[options.part](options.folder)))
        return
    needed = 2.5e9 * options.gigabytes
    with tempfile.TemporaryDirectory(dir=options.folder, prefix="napari-fhn-big-") as name:
        folder = Path(name)
        free = shutil.disk_usage(folder).free
        if free < needed:
            sys.exit(f"{folder} has {free / 1e9:.1f} GB free; about {needed / 1e9:.1f} GB are needed")
        command = f"python benchmarks/big.py --gigabytes {options.gigabytes:g}{' --irregular' * options.irregular}"
        for found in measure(folder, options.gigabytes, options.irregular):
            # After every part: a run takes long, and what was measured is worth keeping when it is stopped.
            keep(options.output, {"command": command, **found})
    print(json.dumps(found, indent=2))


def keep(output: Path, found: dict[str, Any]) -> None:
    """Put the figures of a run in place of those of the run with the same command."""
    output.parent.mkdir(parents=True, exist_ok=True)
    runs = json.loads(output.read_text(encoding="utf-8")) if output.exists() else []
    runs = [run for run in runs if run["command"] != found["command"]]
    runs.append({**found, "machine": machine(), "date": str(datetime.date.today())})
    output.write_text(json.dumps(runs, indent=2) + "\n", encoding="utf-8")


def measure(folder: Path, gigabytes: float, irregular: bool) -> Iterator[dict[str, Any]]:
    """Make the file and run the parts; gives the figures so far after each."""
    started = time.perf_counter()
    shape = make(folder / "big.sgy", gigabytes, irregular)
    found: dict[str, Any] = {
        "file_bytes": (folder / "big.sgy").stat().st_size,
        "shape": list(shape),
        "made_in_s": round(time.perf_counter() - started, 1),
        "load_of_the_machine": round(os.getloadavg()[0], 1),
    }
    for part in PARTS:
        say(part)
        forget(folder)
        command = [sys.executable, __file__, "--part", part, "--folder", str(folder)]
        # Nothing may be known about the file, and nothing about it be left behind.
        environment = {**os.environ, "NAPARI_FHN_CACHE": str(folder / "cache")}
        # Whatever else a library prints, the last line is the answer.
        answer = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
        if answer.returncode:
            sys.exit(f"{part}: {answer.stderr}")
        found[part] = json.loads(answer.stdout.splitlines()[-1])
        if part == "bricking":
            # Both read and write the values once; the copy is what the disk can do at best.
            at_best = 4 * int(np.prod(shape)) / (found["disk"]["copied_MB_per_s"] * 1e6)
            found[part]["share_of_raw_speed"] = round(at_best / found[part]["seconds"], 2)
        yield found


def make(path: Path, gigabytes: float, irregular: bool) -> tuple[int, int, int]:
    """Write the survey inline by inline; returns its shape. Irregular, a tenth of its places have no trace."""
    trace = np.dtype([("header", ">i4", 60), ("samples", ">f4", N_SAMPLES)])
    n_traces = int(gigabytes * 1e9 / trace.itemsize)
    n_crosslines = max(16, int(n_traces**0.5))
    n_inlines = max(16, n_traces // n_crosslines)
    bank = traces()
    head = bytearray(3600)
    head[:3200] = f"{'C 1 SYNTHETIC SURVEY OF BENCHMARKS/BIG.PY':3200}".encode("cp037")
    for byte, value in ((3217, 4000), (3221, N_SAMPLES), (3225, 5), (3255, 1), (3501, 256), (3503, 1)):
        head[byte - 1 : byte + 1] = value.to_bytes(2, "big")
    crosslines = np.arange(n_crosslines)
    block = np.zeros(n_crosslines, trace)
    block["header"][:, 48] = 1000 + crosslines
    block["header"][:, 46] = 6_000_000 + 12 * crosslines
    rng = np.random.default_rng(1)
    with path.open("wb") as file:
        file.write(head)
        for i in range(n_inlines):
            block["header"][:, 0] = 1 + i * n_crosslines + crosslines
            block["header"][:, 47] = 2000 + i
            block["header"][:, 45] = 500_000 + 25 * i
            factor = rng.uniform(0.8, 1.2, (n_crosslines, 1)).astype(np.float32)
            block["samples"] = bank[(17 * i + crosslines) % BANK] * factor
            cut = rng.integers(0, n_crosslines // 10, 2) if irregular else (0, 0)
            file.write(block[cut[0] : n_crosslines - cut[1]].view(np.uint8).data)
        file.flush()
        os.fsync(file.fileno())
    return n_inlines, n_crosslines, N_SAMPLES


def traces() -> np.ndarray:
    """Band-limited noise that fades downwards, shape (BANK, N_SAMPLES), float32."""
    noise = np.fft.rfft(np.random.default_rng(0).standard_normal((BANK, N_SAMPLES)), axis=1)
    frequency = np.fft.rfftfreq(N_SAMPLES, 0.004)
    noise *= np.exp(-(((frequency - 30) / 15) ** 2))
    values = np.fft.irfft(noise, N_SAMPLES, axis=1) * np.linspace(1, 0.3, N_SAMPLES)
    return (1000 * values / values.std()).astype(np.float32)


def disk(folder: Path) -> dict[str, Any]:
    """Raw speed: reading the file, and copying it, without doing anything with the bytes."""
    n_bytes = min(RAW_BYTES, (folder / "big.sgy").stat().st_size)
    buffer = bytearray(16 * 2**20)

    def through(target: Path | None) -> float:
        forget(folder)
        started = time.perf_counter()
        out = target.open("wb") if target else None
        left = n_bytes
        with (folder / "big.sgy").open("rb", buffering=0) as file:
            while left > 0 and (n := file.readinto(memoryview(buffer)[: min(left, len(buffer))])):
                if out:
                    out.write(memoryview(buffer)[:n])
                left -= n
        if out:
            out.flush()
            os.fsync(out.fileno())
            out.close()
        return time.perf_counter() - started

    reading, copying = through(None), through(folder / "copy")
    (folder / "copy").unlink()
    return {"read_MB_per_s": round(n_bytes / reading / 1e6), "copied_MB_per_s": round(n_bytes / copying / 1e6)}


def opening(folder: Path) -> dict[str, Any]:
    """From the path to the values of the first section."""
    from napari_fhn import surveys

    with Memory() as memory:
        started = time.perf_counter()
        survey = surveys.open(folder / "big.sgy")
        opened = time.perf_counter() - started
        section = survey[survey.sizes["inline"] // 2].values
        seconds = time.perf_counter() - started
    assert np.isfinite(section).mean() > 0.8
    forget(folder)
    started = time.perf_counter()
    again = surveys.open(folder / "big.sgy")[survey.sizes["inline"] // 2].values
    once_more = time.perf_counter() - started
    np.testing.assert_array_equal(again, section)
    found = {"open_s": opened, "first_section_s": seconds, "first_section_of_the_second_opening_s": once_more}
    return {name: round(value, 3) for name, value in found.items()} | memory.found()


def slices_of_segy(folder: Path) -> dict[str, Any]:
    """Sections of the file itself."""
    from napari_fhn import surveys

    return slices(surveys.open(folder / "big.sgy"), folder)


def slices_of_bricks(folder: Path) -> dict[str, Any]:
    """Sections of the copy in bricks."""
    from napari_fhn.surveys import bricks

    return slices(bricks.open_bricks(folder / "big.zarr"), folder)


def slices_of_both(folder: Path) -> dict[str, Any]:
    """Sections from the file or from its bricks, whichever is nearer."""
    from napari_fhn import surveys
    from napari_fhn.surveys.bricks import with_bricks

    return slices(with_bricks(surveys.open(folder / "big.sgy"), folder / "big.zarr"), folder)


def slices(survey: Any, folder: Path) -> dict[str, Any]:
    """Median seconds of a section in each direction, from the disk and again from the page cache."""
    found = {}
    for dim in survey.dims:
        times: dict[str, list[float]] = {"cold_s": [], "warm_s": []}
        # A time slice of a file sorted by lines reads nearly all of it; once says enough.
        for k in range(1 if dim == "twt" and "bricks" not in survey.attrs else SECTIONS):
            index = (2 * k + 1) * survey.sizes[dim] // (2 * SECTIONS)
            forget(folder)
            for name in times:
                started = time.perf_counter()
                survey.isel({dim: index}).values  # noqa: B018
                times[name].append(time.perf_counter() - started)
        found[dim] = {name: round(statistics.median(taken), 4) for name, taken in times.items()}
    return found


def bricking(folder: Path) -> dict[str, Any]:
    """The copy into bricks, flushed to the disk."""
    from napari_fhn import surveys
    from napari_fhn.surveys import bricks

    survey = surveys.open(folder / "big.sgy")
    with Memory() as memory:
        started = time.perf_counter()
        steps = [time.perf_counter() for _ in bricks.copy_bricks(survey, folder / "big.zarr")]
        seconds = time.perf_counter() - started
    stored = sum(file.stat().st_size for file in (folder / "big.zarr").rglob("*") if file.is_file())
    return {
        "seconds": round(seconds, 2),
        "MB_per_s": round(survey.nbytes / seconds / 1e6),
        "longest_step_s": round(max(np.diff(steps), default=0.0), 2),
        "compressed_to": round(stored / survey.nbytes, 3),
        **memory.found(),
    }


def verifying(folder: Path) -> dict[str, Any]:
    """The bricks against the checksums of what was read."""
    from napari_fhn.surveys import bricks

    started = time.perf_counter()
    for copied in bricks.verify(folder / "big.zarr"):
        done = copied.done
    return {"seconds": round(time.perf_counter() - started, 2), "bytes": done}


def levels(folder: Path) -> dict[str, Any]:
    """The coarser levels for the view in 3D."""
    from napari_fhn.surveys import bricks

    with Memory() as memory:
        started = time.perf_counter()
        for _ in bricks.build_pyramid(folder / "big.zarr"):
            pass
        seconds = time.perf_counter() - started
    shapes = [list(level.array.shape) for level in bricks.levels(folder / "big.zarr")]
    return {"seconds": round(seconds, 2), "shapes": shapes, **memory.found()}


def exporting(folder: Path) -> dict[str, Any]:
    """A prediction to SEG-Y, flushed to the disk, and some of its traces read back."""
    import segyio

    from napari_fhn import surveys

    survey = surveys.open(folder / "big.sgy")
    classes = np.lib.format.open_memmap(folder / "classes.npy", mode="w+", dtype=np.uint8, shape=survey.shape)
    layers = (np.arange(N_SAMPLES) // 100 % 6 + 1).astype(np.uint8)
    for i in range(len(classes)):
        classes[i] = layers[(np.arange(N_SAMPLES) + np.arange(survey.shape[1])[:, np.newaxis] + i) % N_SAMPLES]
    classes.flush()
    del classes
    forget(folder)
    prediction = np.load(folder / "classes.npy", mmap_mode="r")
    with Memory() as memory:
        started = time.perf_counter()
        out = surveys.save(folder / "classes.sgy", prediction, survey)
        seconds = time.perf_counter() - started
    with segyio.open(str(out), ignore_geometry=True) as file:
        for k in np.linspace(0, file.tracecount - 1, 50).astype(int):
            i, j = file.header[int(k)][189] - 2000, file.header[int(k)][193] - 1000
            assert np.array_equal(file.trace[int(k)], prediction[i, j])
    size = out.stat().st_size
    return {"seconds": round(seconds, 2), "bytes": size, "MB_per_s": round(size / seconds / 1e6), **memory.found()}


#: In this order: what comes later uses what was made before.
PARTS: dict[str, Callable[[Path], dict[str, Any]]] = {
    "opening": opening,
    "disk": disk,
    "slices_of_segy": slices_of_segy,
    "bricking": bricking,
    "slices_of_bricks": slices_of_bricks,
    "slices_of_both": slices_of_both,
    "verifying": verifying,
    "levels": levels,
    "exporting": exporting,
}


class Memory:
    """How much the memory of this process grows, at its peak, while something runs."""

    def __enter__(self) -> Memory:
        self.before = self.peak = self.now()
        self.over = threading.Event()
        self.thread = threading.Thread(target=self.watch, daemon=True)
        self.thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        self.over.set()
        self.thread.join()
        self.look()

    def watch(self) -> None:
        """Look again and again."""
        while not self.over.wait(0.01):
            self.look()

    def look(self) -> None:
        """Remember the most there was."""
        self.peak = tuple(max(a, b) for a, b in zip(self.peak, self.now(), strict=True))

    @staticmethod
    def now() -> tuple[int, ...]:
        """Bytes of its own, and bytes with mapped files."""
        lines = dict(line.split(":", 1) for line in Path("/proc/self/status").read_text().splitlines())
        return tuple(1024 * int(lines[key].split()[0]) for key in ("RssAnon", "VmRSS"))

    def found(self) -> dict[str, float]:
        """Growth at the peak."""
        own, resident = ((b - a) / 1e6 for a, b in zip(self.before, self.peak, strict=True))
        return {"peak_memory_MB": round(own, 1), "peak_resident_MB": round(resident, 1)}


def forget(folder: Path) -> None:
    """Put the files of a folder out of the page cache, as far as they are on the disk."""
    # All at once: one by one, ten thousand bricks take longer than what is measured.
    os.sync()
    for file in folder.rglob("*"):
        if file.is_file():
            with file.open("rb") as handle:
                os.posix_fadvise(handle.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)


def say(what: str) -> None:
    print(f"{time.strftime('%H:%M:%S')} {what.replace('_', ' ')}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
