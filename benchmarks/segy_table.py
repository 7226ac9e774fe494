"""What opens, how its geometry was found, and whether its values are right: over real SEG-Y files and made ones.

    python benchmarks/segy_table.py
    python benchmarks/segy_table.py --mutations 10000
    python benchmarks/segy_table.py --large 10

The first line goes over every file of ``../shared/data/segy`` beside the checkout (or ``--data``) and over the matrix
of ``tests/surveys/survey_files/segy``. Values are compared, by checksum, with a second read that shares nothing with
the package: bytes taken apart with struct and numpy, traces put in place one by one. ``--mutations`` opens so many
damaged files and counts what comes of it; ``--large`` writes a file of so many GB and times what a person waits for,
with the file's pages dropped from memory first. Each kind of run keeps its own part of the result file.
"""

from __future__ import annotations

import argparse
import datetime
import hashlib
import json
import os
import re
import struct
import subprocess
import sys
import tempfile
import time
import traceback
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from machine import machine
from napari_fhn import surveys
from napari_fhn.surveys.segy import inspect, remembered

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "tests" / "surveys"))
from survey_files import segy as factory  # noqa: E402

#: What the headers of these files do not say, or say wrongly: extended texts, samples per trace.
KNOWN = {
    "mapping-empty": (1, 0), "stanzas-unknown-count": (3, 0), "decrement": (0, 4), "decrement-lsb": (0, 4),
    "increment": (0, 4), "increment-lsb": (0, 4),
}  # fmt: skip


def main() -> int:
    options = _options()
    with tempfile.TemporaryDirectory() as scratch:
        # What somebody has chosen for a survey on this machine must not show in a benchmark.
        os.environ[remembered.VARIABLE] = str(Path(scratch) / "readings.json")
        if options.mutations:
            part = {"mutations": mutations(Path(scratch), options.mutations, options.seed)}
        elif options.large:
            part = {"large": large(options.scratch or Path(scratch), options.large)}
        else:
            part = {"files": files(options.data), "variants": variants(Path(scratch))}
    _record(options.output, part)
    bad = [row for rows in part.values() for row in rows.get("rows", ()) if not row["right"]]
    return 1 if bad or part.get("mutations", {}).get("crashes") else 0


# Real files


def files(folder: Path) -> dict[str, Any]:
    """Every SEG-Y file of a folder."""
    if not folder.is_dir():
        print(f"No SEG-Y files in {folder}: say where they are with --data.")
        return {"rows": []}
    rows = []
    for path in sorted(folder.rglob("*.s*gy")):
        row: dict[str, Any] = {"file": path.relative_to(folder).as_posix()}
        started = time.perf_counter()
        try:
            survey = surveys.open(path)
        except surveys.SurveyError as error:
            row |= {"opened": False, "right": True, "refused": str(error).partition(": ")[2]}
        else:
            seconds = time.perf_counter() - started
            ours, theirs = checksum(np.asarray(survey)), checksum(independent(path, survey))
            row |= {"opened": True, "right": ours == theirs, **_described(path, survey)}
            row |= {"sha256": ours[:16], "independent": theirs[:16], "seconds": round(seconds, 4)}
        rows.append(row)
        _say(row["file"], row)
    _total("files", rows)
    return {"totals": _totals(rows), "rows": rows}


def independent(path: Path, like: xr.DataArray) -> NDArray[np.float32]:
    """Read a file without the package: bytes taken apart here, traces put where their headers say, one by one."""
    content = path.read_bytes()
    n_texts, n_samples = KNOWN.get(path.stem, (-1, 0))
    endian = ">" if 0 < struct.unpack_from(">h", content, 3224)[0] < 17 else "<"
    n_samples = n_samples or struct.unpack_from(endian + "H", content, 3220)[0]
    (code,) = struct.unpack_from(endian + "h", content, 3224)
    n_texts = n_texts if n_texts >= 0 else struct.unpack_from(endian + "h", content, 3504)[0]
    modern = max(content[3500:3502]) == 2
    n_extra = struct.unpack_from(endian + "h", content, 3506)[0] if modern else 0
    first, head = 3600 + 3200 * n_texts, 240 * (1 + n_extra)
    width = factory.WIDTHS[code]
    length = head + n_samples * width
    traces = []
    pair = like.attrs["header_bytes"]
    out = np.full(like.shape, np.nan)
    columns = [{float(v): k for k, v in enumerate(like[dim].values)} for dim in like.dims[:-1]]
    for trace in range((len(content) - first) // length):
        at = first + trace * length
        samples = _samples(content[at + head : at + length], code, endian)
        if like.ndim == 2:
            traces.append(samples)
            continue
        inline, crossline = (struct.unpack_from(endian + "i", content, at + byte - 1)[0] for byte in pair)
        out[columns[0][inline], columns[1][crossline]] = samples
    return np.asarray(traces if like.ndim == 2 else out, dtype=np.float32)


def _samples(raw: bytes, code: int, endian: str) -> NDArray[np.float64]:
    """Take the samples of a trace apart."""
    if code == 1:
        return factory.from_ibm(np.frombuffer(raw, f"{endian}u4"))
    if code in (7, 15):
        order = "big" if endian == ">" else "little"
        thirds = [raw[k : k + 3] for k in range(0, len(raw), 3)]
        return np.array([int.from_bytes(third, order, signed=code == 7) for third in thirds], dtype=np.float64)
    # The files of format 4 at hand hold IEEE floats; see the note the package gives on opening them.
    return np.frombuffer(raw, endian + {4: "f4", **factory.TYPES}[code]).astype(np.float64)


# Made files


def variants(scratch: Path) -> dict[str, Any]:
    """The matrix: everything the factory writes."""
    rows = []
    for name, make in factory.variants():
        path = scratch / "variant.sgy"
        truth = make(path)
        row: dict[str, Any] = {"variant": name}
        try:
            survey = surveys.open(path, **truth.options)
        except surveys.SurveyError as error:
            sentence = str(error).partition(": ")[2]
            row |= {"opened": False, "right": bool(truth.refused and re.search(truth.refused, sentence))}
            row |= {"refused": sentence}
        else:
            known = truth.values is not None and truth.values.shape == survey.shape
            ours = checksum(np.asarray(survey))
            theirs = checksum(np.asarray(truth.values)) if known else ""
            row |= {"opened": True, "right": ours == theirs, **_described(path, survey, **truth.options)}
            row |= {"sha256": ours[:16], "written": theirs[:16]}
        rows.append(row)
        _say(name, row)
    _total("variants", rows)
    return {"totals": _totals(rows), "rows": rows}


def _described(path: Path, survey: xr.DataArray, **options: Any) -> dict[str, Any]:
    """How a survey was understood."""
    guess = inspect(path, **options).guess
    geometry = survey.attrs["geometry"]
    last = survey.dims[-1]
    step = float(survey[last][1] - survey[last][0]) if survey.shape[-1] > 1 else 0.0
    return {
        "dims": list(map(str, survey.dims)),
        "shape": list(survey.shape),
        "type": str(survey.dtype),
        "format": survey.attrs["format"],
        "sorting": survey.attrs["sorting"],
        "numbers": guess.how,
        "header_bytes": survey.attrs["header_bytes"],
        "missing": round(float(np.isnan(survey.values).mean()), 4) if survey.dtype.kind == "f" else 0.0,
        "vertical": f"{last}, {step:g} {survey[last].attrs.get('units', '')}".strip(),
        "bins_m": [round(size, 3) for size in geometry.bin_size] if geometry else None,
        "azimuth": round(geometry.azimuth, 2) % 360 if geometry else None,
        "notes": list(survey.attrs["notes"]),
    }


def checksum(values: NDArray[Any]) -> str:
    """SHA-256 of values as little-endian float32, every NaN alike."""
    plain = np.ascontiguousarray(values, dtype="<f4")
    return hashlib.sha256(np.where(np.isnan(plain), np.float32("nan"), plain).tobytes()).hexdigest()


# Damaged files


def mutations(scratch: Path, count: int, seed: int) -> dict[str, Any]:
    """Damage the files of the matrix, open them, and count what comes of it."""
    makers = list(factory.variants())
    path = scratch / "mutated.sgy"
    outcome: Counter[str] = Counter()
    crashes: list[str] = []
    slowest, slowest_of = 0.0, ""
    per = -(-count // len(makers))
    for k, (name, make) in enumerate(makers):
        make(path)
        for content in factory.mutations(path.read_bytes(), min(per, count - k * per), seed=seed + k):
            path.write_bytes(content)
            started = time.perf_counter()
            try:
                survey = surveys.open(path)
                np.asarray(survey[:2])
                np.asarray(survey[..., -1])
                outcome["opened"] += 1
            except surveys.SurveyError:
                outcome["refused"] += 1
            except Exception:
                outcome["crashed"] += 1
                crashes.append(f"{name}: {traceback.format_exc(limit=-1).splitlines()[-1]}")
            seconds = time.perf_counter() - started
            if seconds > slowest:
                slowest, slowest_of = seconds, name
            if path.read_bytes() != content:
                outcome["changed"] += 1
    total = sum(outcome[key] for key in ("opened", "refused", "crashed"))
    print(f"{total} damaged files: {dict(outcome)}; the slowest took {slowest:.2f} s ({slowest_of})")
    return {
        "files": total, "opened": outcome["opened"], "refused": outcome["refused"], "crashed": outcome["crashed"],
        "changed": outcome["changed"], "crashes": crashes[:20], "slowest_s": round(slowest, 3), "seed": seed,
    }  # fmt: skip


# A file larger than memory should be


def large(scratch: Path, gigabytes: float) -> dict[str, Any]:
    """Write a file of so many GB and time what a person waits for, each in a process of its own."""
    path = scratch / "large.sgy"
    n_xl, n_samples = 2000, 1500
    n_il = max(4, round(gigabytes * 1e9 / n_xl / (240 + 4 * n_samples)))
    rows: list[dict[str, Any]] = []
    try:
        for name in ("regular", "last trace missing"):
            if name == "regular":
                _write_large(path, n_il, n_xl, n_samples)
            else:
                os.truncate(path, path.stat().st_size - 240 - 4 * n_samples)
            for cold in (True, False):
                if cold:
                    _forget_pages(path)
                else:
                    _read_through(path)
                done = subprocess.run(
                    [sys.executable, __file__, "--timed", str(path)], capture_output=True, text=True, check=True
                )
                row = {"file": name, "pages": "cold" if cold else "warm", **json.loads(done.stdout)}
                rows.append(row)
                print(row)
    finally:
        path.unlink(missing_ok=True)
    return {"gigabytes": round(n_il * n_xl * (240 + 4 * n_samples) / 1e9, 2), "runs": rows}


def timed(path: Path) -> None:
    """Open a file, look at a section in each direction, and print the seconds and what the process grew by."""
    import psutil

    process = psutil.Process()
    before = process.memory_info().rss
    seconds: dict[str, float] = {}
    survey: xr.DataArray | None = None

    def measure(name: str, look: Callable[[], Any]) -> None:
        started = time.perf_counter()
        look()
        seconds[f"{name}_s"] = round(time.perf_counter() - started, 3)

    def open_it() -> None:
        nonlocal survey
        survey = surveys.open(path)

    measure("open", open_it)
    assert survey is not None
    found = survey
    measure("inline", lambda: np.asarray(found[found.shape[0] // 2]))
    measure("crossline", lambda: np.asarray(found[:, found.shape[1] // 2]))
    grown = process.memory_info().rss - before
    print(json.dumps({**seconds, "first_section_s": round(seconds["open_s"] + seconds["inline_s"], 3),
                      "shape": list(found.shape), "grown_mb": round(grown / 1e6)}))  # fmt: skip


def _write_large(path: Path, n_il: int, n_xl: int, n_samples: int) -> None:
    head = bytearray("C 1 LARGE".ljust(3200).encode("cp037") + bytes(400))
    for byte, kind, value in ((3217, "h", 4000), (3221, "H", n_samples), (3225, "h", 1)):
        struct.pack_into(">" + kind, head, byte - 1, value)
    trace = np.dtype([("header", ">i4", (60,)), ("samples", ">u4", (n_samples,))])
    line = np.zeros(n_xl, dtype=trace)
    line["samples"] = factory.to_ibm(np.random.default_rng(0).normal(size=(n_xl, n_samples)))
    line["header"][:, 48], line["header"][:, 46] = 2000 + np.arange(n_xl), 6_000_000 + 12 * np.arange(n_xl)
    with path.open("wb") as file:
        file.write(head)
        for i in range(n_il):
            line["header"][:, 47], line["header"][:, 45] = 1000 + i, 500_000 + 25 * i
            line.tofile(file)
        file.flush()
        os.fsync(file.fileno())


def _forget_pages(path: Path) -> None:
    if hasattr(os, "posix_fadvise"):
        with path.open("rb") as file:
            os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)


def _read_through(path: Path) -> None:
    with path.open("rb", buffering=0) as file:
        while file.read(2**22):
            pass


# Words and records


def _say(name: str, row: dict[str, Any]) -> None:
    if row["opened"]:
        shape = " x ".join(map(str, row["shape"]))
        what = f"{shape}, {row['numbers']}, values {'equal' if row['right'] else 'DIFFER'}"
    else:
        what = ("" if row["right"] else "WRONGLY ") + "refused: " + row["refused"][:90]
    print(f"{name:45} {what}")


def _totals(rows: list[dict[str, Any]]) -> dict[str, Any]:
    opened = [row for row in rows if row["opened"]]
    return {
        "all": len(rows), "opened": len(opened), "refused": len(rows) - len(opened),
        "values_equal": sum(row["right"] for row in opened), "wrong": sum(not row["right"] for row in rows),
        "numbers_found": dict(sorted(Counter(row["numbers"] for row in opened).items())),
    }  # fmt: skip


def _total(name: str, rows: list[dict[str, Any]]) -> None:
    print(f"{name}: {_totals(rows)}\n")


def _record(path: Path, part: dict[str, Any]) -> None:
    """Keep a part of the results beside the others, with where and when it was measured."""
    entry = {"machine": machine(), "date": datetime.date.today().isoformat()}
    found = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    for name, value in part.items():
        if value.get("rows") != []:
            found[name] = {**value, **entry}
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(found, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=ROOT.parent / "shared" / "data" / "segy", metavar="DIR")
    parser.add_argument("--mutations", type=int, default=0, metavar="N", help="open so many damaged files instead")
    parser.add_argument("--seed", type=int, default=0, metavar="N")
    parser.add_argument("--large", type=float, default=0, metavar="GB", help="time a file of so many GB instead")
    parser.add_argument("--scratch", type=Path, metavar="DIR", help="where the large file is written for a while")
    parser.add_argument("--output", type=Path, default=ROOT / "benchmarks" / "results" / "segy.json", metavar="FILE")
    return parser.parse_args()


if __name__ == "__main__":
    if sys.argv[1:2] == ["--timed"]:
        timed(Path(sys.argv[2]))
        sys.exit(0)
    sys.exit(main())
