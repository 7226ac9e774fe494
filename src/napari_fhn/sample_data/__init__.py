"""Bundled samples: a seismic survey with wells and a time-lapse hyperspectral pair, each with withheld truth.

Paths and small tables only; nothing here opens a survey, so importing it costs nothing.
``make samples`` in a checkout makes the files again: ``scripts/samples`` made them, and is part of no installation.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

__all__ = [
    "HYPERSPECTRAL",
    "SEISMIC",
    "HyperspectralSample",
    "SampleClass",
    "SeismicSample",
    "hyperspectral_truth",
    "read_classes",
    "seismic_truth",
]

FOLDER = Path(__file__).parent


@dataclass(frozen=True)
class SampleClass:
    """One row of a ``classes.csv``: label value (0 is never used), name, and colour as ``#rrggbb``."""

    value: int
    name: str
    color: str


@dataclass(frozen=True)
class SeismicSample:
    """Files of the seismic sample.

    Attributes
    ----------
    survey : Path
        SEG-Y, 128 inlines x 192 crosslines x 160 samples, 4 ms two-way time from 400 ms.
    classes : Path
        CSV: value, name, color.
    wells : Path
        CSV: well, inline, crossline (survey numbers, not array indices), x and y (m), total_twt_ms.
    tops : Path
        CSV: well, top_twt_ms, base_twt_ms, class (its name). A sample at time t lies in ``top <= t < base``;
        the last base is one sample interval below the last sample.
    logs : tuple of Path
        Six LAS 2.0 files, indexed by depth (m): TWT (ms), DT (us/m), RHOB (g/cc), CLASS.
    truth : Path
        NPZ with ``classes``; see :func:`seismic_truth`.
    """

    survey: Path
    classes: Path
    wells: Path
    tops: Path
    logs: tuple[Path, ...]
    truth: Path


@dataclass(frozen=True)
class HyperspectralSample:
    """Files of the hyperspectral pair.

    Attributes
    ----------
    dates : tuple of Path
        ENVI data files (``.img``; the ``.hdr`` lies beside each), earlier date first. Reflectance times 10000
        as int16, 64 bands x 112 rows x 128 columns of 30 m; -32768 would mean no data.
    classes : Path
        CSV: value, name, color (1 unchanged, 2 changed).
    labels : Path
        CSV: row, col, class (its name): the labelled pixels.
    truth : Path
        NPZ with ``change``; see :func:`hyperspectral_truth`.
    """

    dates: tuple[Path, Path]
    classes: Path
    labels: Path
    truth: Path


SEISMIC = SeismicSample(
    survey=FOLDER / "seismic" / "fold_and_fault.sgy",
    classes=FOLDER / "seismic" / "classes.csv",
    wells=FOLDER / "seismic" / "wells.csv",
    tops=FOLDER / "seismic" / "tops.csv",
    logs=tuple(FOLDER / "seismic" / f"W-{number}.las" for number in range(1, 7)),
    truth=FOLDER / "seismic" / "truth.npz",
)

HYPERSPECTRAL = HyperspectralSample(
    dates=(FOLDER / "hyperspectral" / "date1.img", FOLDER / "hyperspectral" / "date2.img"),
    classes=FOLDER / "hyperspectral" / "classes.csv",
    labels=FOLDER / "hyperspectral" / "labels.csv",
    truth=FOLDER / "hyperspectral" / "truth.npz",
)


def read_classes(path: Path) -> tuple[SampleClass, ...]:
    """Read a sample's ``classes.csv``, in the order of the file."""
    with path.open(newline="", encoding="utf-8") as file:
        return tuple(SampleClass(int(row["value"]), row["name"], row["color"]) for row in csv.DictReader(file))


def seismic_truth() -> NDArray[np.uint8]:
    """True class of every sample of the survey, shape (inline, crossline, sample), values 1 to 7.

    It is there to score a prediction with, never to train on.
    """
    with np.load(SEISMIC.truth) as file:
        return np.asarray(file["classes"], dtype=np.uint8)


def hyperspectral_truth() -> NDArray[np.uint8]:
    """True change map, shape (y, x): 1 unchanged, 2 changed. For scoring only."""
    with np.load(HYPERSPECTRAL.truth) as file:
        return np.asarray(file["change"], dtype=np.uint8)
