"""What opens of rasters, cubes and arrays, as what, and whether its values are right: real files and made ones.

    python benchmarks/raster_table.py
    python benchmarks/raster_table.py --mutations 10000

The first line goes over the rasters of ``../shared/data`` beside the checkout (or ``--data``) and over the matrix of
``tests/surveys/survey_files/rasters``. Values are compared, by checksum, with a second read that shares nothing with
the package (`raster_reads.py`), and those of the matrix with what was written as well. ``--mutations`` opens so many
damaged files and counts what comes of it. Each kind of run keeps its own part of the result file.
"""

from __future__ import annotations

import argparse
import datetime
import hashlib
import json
import logging
import random
import shutil
import sys
import tempfile
import time
import traceback
import warnings
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from machine import machine
from napari_fhn import surveys
from napari_fhn.surveys.axes import AmbiguousAxes
from raster_reads import independent

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "tests" / "surveys"))
from survey_files import rasters as factory  # noqa: E402

#: The real files: everything of these folders that is a raster or a box of arrays.
REAL = (
    "taizhou/*TM",
    "taizhou/*.npz",
    "potsdam/*/*.tif",
    "hysu/*.npz",
    "lapland/*.tif",
    "sirsam/*.tif",
    "penobscot/*.npz",
)
#: Kinds of which each damaged file costs a process of its own: a smaller share of the mutations.
SLOW = ("NetCDF 4", "MATLAB 7.3", "HDF5")


def main() -> int:
    options = _options()
    # GDAL and zarr warn of what is in the files; here it is counted.
    warnings.simplefilter("ignore")
    for name in ("rasterio", "tifffile"):
        logging.getLogger(name).setLevel(logging.CRITICAL + 1)
    with tempfile.TemporaryDirectory() as scratch:
        if options.mutations:
            part = {"mutations": mutations(Path(scratch), options.mutations, options.seed)}
        else:
            part = {"files": files(options.data), "variants": variants(Path(scratch))}
    _record(options.output, part)
    bad = [row for rows in part.values() for row in rows.get("rows", ()) if not row["right"]]
    return 1 if bad or part.get("mutations", {}).get("crashes") else 0


def files(folder: Path) -> dict[str, Any]:
    """Every real raster."""
    if not folder.is_dir():
        print(f"No rasters in {folder}: say where they are with --data.")
        return {"totals": _totals([]), "rows": []}
    rows = []
    for path in sorted(path for pattern in REAL for path in folder.glob(pattern)):
        row = {"file": path.relative_to(folder).as_posix(), **_row(path, {})}
        rows.append(row)
        _say(row["file"], row)
    print(_totals(rows))
    return {"totals": _totals(rows), "rows": rows}


def variants(scratch: Path) -> dict[str, Any]:
    """The matrix: everything the factory writes."""
    rows = []
    for number, variant in enumerate(factory.variants()):
        folder = scratch / str(number)
        folder.mkdir()
        row = {"variant": variant.name, **_row(variant.write(folder), variant.options, variant)}
        rows.append(row)
        _say(variant.name, row)
        shutil.rmtree(folder)
    print(_totals(rows))
    return {"totals": _totals(rows), "rows": rows}


def _row(path: Path, options: dict[str, Any], variant: Any = None) -> dict[str, Any]:
    """What came of one file."""
    started = time.perf_counter()
    try:
        survey = surveys.open(path, **options)
    except AmbiguousAxes as error:
        # A question with choices is an answer, where the file does not say.
        asked = [choice.words for choice in error.choices]
        return {"opened": False, "right": bool(asked), "asked": str(error).partition(": ")[2], "choices": asked}
    except surveys.SurveyError as error:
        return {"opened": False, "right": False, "refused": str(error).partition(": ")[2]}
    seconds = time.perf_counter() - started
    values = np.asarray(survey)
    theirs, reader = independent(path, survey, options)
    ours = checksum(values)
    right = ours == checksum(theirs)
    row = {**_described(survey), "sha256": ours[:16], "independent": checksum(theirs)[:16], "reader": reader}
    if variant is not None:
        row["written"] = checksum(variant.values)[:16]
        right = right and row["written"] == row["sha256"] and _as_written(survey, variant)
    return {"opened": True, "right": right, **row, "seconds": round(seconds, 4)}


def _as_written(survey: xr.DataArray, variant: Any) -> bool:
    """Whether band coordinates, CRS and place are those that were written."""
    for name, expected in variant.bands.items():
        found = np.asarray(survey[name]) if name in survey.coords else np.array([])
        if found.shape != (len(expected),):
            return False
        if found.dtype.kind == "f" and not np.allclose(found, expected, rtol=1e-6):
            return False
        if found.dtype.kind != "f" and found.tolist() != expected:
            return False
    crs = survey.rio.crs
    placed = variant.x is None or np.allclose([survey["x"][0], survey["x"][-1]], variant.x)
    return placed and (crs.to_string() if crs else None) == variant.crs


def _described(survey: xr.DataArray) -> dict[str, Any]:
    """How a survey was understood."""
    crs = survey.rio.crs if {"y", "x"} <= set(survey.dims) else None
    waves = np.asarray(survey["wavelength"]) if "wavelength" in survey.coords else np.array([])
    return {
        "dims": list(map(str, survey.dims)),
        "shape": list(survey.shape),
        "type": str(survey.dtype),
        "kind": survey.attrs["kind"],
        "format": survey.attrs["format"],
        "crs": crs.to_string() if crs else None,
        "nodata": None if survey.attrs["nodata"] is None else str(survey.attrs["nodata"]),
        "wavelengths_nm": [round(float(waves.min()), 2), round(float(waves.max()), 2)] if waves.size else None,
        "bad_bands": int((~np.asarray(survey["good"])).sum()) if "good" in survey.coords else None,
        "notes": list(survey.attrs["notes"]),
    }


def checksum(values: NDArray[Any]) -> str:
    """SHA-256 of values as little-endian float64, every NaN alike."""
    plain = np.ascontiguousarray(values, dtype="<f8")
    return hashlib.sha256(np.where(np.isnan(plain), np.nan, plain).tobytes()).hexdigest()


# Damaged files


def mutations(scratch: Path, count: int, seed: int) -> dict[str, Any]:
    """Damage the files of the matrix, open and read them, and count what comes of it."""
    rng = random.Random(seed)
    originals = {}
    for number, variant in enumerate(factory.variants()):
        folder = scratch / str(number)
        folder.mkdir()
        originals[variant.name] = (variant, folder, variant.write(folder))
    fast = [name for name in originals if not name.startswith(SLOW)]
    slow = [name for name in originals if name.startswith(SLOW)]
    outcome: Counter[str] = Counter()
    crashes: list[str] = []
    slowest, slowest_of = 0.0, ""
    for number in range(count):
        name = rng.choice(slow if number % 20 == 0 else fast)
        variant, folder, path = originals[name]
        copy = scratch / "damaged"
        shutil.copytree(folder, copy)
        _damage(copy, rng)
        before = {p: p.read_bytes() for p in copy.rglob("*") if p.is_file()}
        started = time.perf_counter()
        try:
            survey = surveys.open(copy / path.relative_to(folder), **variant.options)
            if survey.size < 1e7:
                np.asarray(survey)
            outcome["opened"] += 1
        except surveys.SurveyError:
            outcome["refused"] += 1
        except Exception:
            outcome["crashed"] += 1
            crashes.append(f"{name}: {traceback.format_exc(limit=-1).splitlines()[-1]}")
        seconds = time.perf_counter() - started
        if seconds > slowest:
            slowest, slowest_of = seconds, name
        outcome["changed"] += {p: p.read_bytes() for p in copy.rglob("*") if p.is_file()} != before
        shutil.rmtree(copy)
    total = sum(outcome[key] for key in ("opened", "refused", "crashed"))
    print(f"{total} damaged files: {dict(outcome)}; the slowest took {slowest:.2f} s ({slowest_of})")
    return {
        "files": total, "opened": outcome["opened"], "refused": outcome["refused"], "crashed": outcome["crashed"],
        "changed": outcome["changed"], "crashes": crashes[:20], "slowest_s": round(slowest, 2),
        "slowest_of": slowest_of, "seed": seed,
    }  # fmt: skip


def _damage(folder: Path, rng: random.Random) -> None:
    """Change a few bytes of one file: of a header or metadata four times in five, where there are such."""
    every = sorted(path for path in folder.rglob("*") if path.is_file())
    told = [p for p in every if p.suffix.lower() in (".hdr", ".json", ".ers", ".vrt") or p.name.startswith(".z")]
    path = rng.choice(told if told and rng.random() < 0.8 else every)
    data = bytearray(path.read_bytes())
    for _ in range(rng.choice((1, 1, 1, 2, 4))):
        if not data:
            break
        at = rng.randrange(len(data) if rng.random() < 0.5 else min(len(data), 600))
        what = rng.random()
        if what < 0.5:
            data[at] = rng.choice((0, 255, 127, 128, rng.randrange(256), data[at] ^ (1 << rng.randrange(8))))
        elif what < 0.6:
            del data[at:]
        elif what < 0.7:
            data[at : at + 4] = rng.choice((b"\xff" * 4, b"\x7f\xff\xff\xff", b"\xff\xff\xff\x7f", bytes(4)))
        elif what < 0.8:
            del data[at : at + rng.randrange(1, 20)]
        elif what < 0.9:
            data[at:at] = rng.randbytes(rng.randrange(1, 9))
        else:
            start, length = rng.randrange(len(data)), rng.randrange(1, 16)
            data[at : at + length] = data[start : start + length]
    path.write_bytes(data)


# Words and records


def _say(name: str, row: dict[str, Any]) -> None:
    if row["opened"]:
        shape = " x ".join(map(str, row["shape"]))
        what = f"{shape} {row['type']}, {row['kind']}, values {'equal' if row['right'] else 'DIFFER'} ({row['reader']})"
    else:
        what = f"asked: {row['asked'][:80]}" if "asked" in row else f"WRONGLY refused: {row['refused'][:80]}"
    print(f"{name:50} {what}")


def _totals(rows: list[dict[str, Any]]) -> dict[str, int]:
    return {
        "all": len(rows),
        "opened": sum(row["opened"] for row in rows),
        "asked": sum("asked" in row for row in rows),
        "refused": sum("refused" in row for row in rows),
        "values_equal": sum(row["opened"] and row["right"] for row in rows),
        "wrong": sum(not row["right"] for row in rows),
    }


def _record(path: Path, part: dict[str, Any]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    kept = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    kept |= part
    kept |= {"machine": machine(), "date": datetime.date.today().isoformat()}
    path.write_text(json.dumps(kept, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    print(f"Recorded in {path}")


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=ROOT.parent / "shared" / "data", metavar="DIR")
    parser.add_argument("--mutations", type=int, default=0, metavar="N", help="open so many damaged files instead")
    parser.add_argument("--seed", type=int, default=0, metavar="N")
    parser.add_argument("--output", type=Path, default=ROOT / "benchmarks" / "results" / "rasters.json", metavar="FILE")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
