"""The bundled samples by name, so that a session made on one machine finds them on another."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from napari_fhn import sample_data
from napari_fhn.surveys import SurveyError
from napari_fhn.surveys.remote.addresses import path_of

PREFIX = "sample:"


@dataclass(frozen=True)
class Sample:
    """A bundled piece of work.

    Parameters
    ----------
    surveys : tuple of Path
        Its files.
    truth, classes : Path
        What a score is made on, and the class table.
    wells, tops, points : Path or None
        What is known of it.
    """

    surveys: tuple[Path, ...]
    truth: Path
    classes: Path
    wells: Path | None = None
    tops: Path | None = None
    points: Path | None = None


def _all() -> dict[str, Sample]:
    seismic, spectra = sample_data.SEISMIC, sample_data.HYPERSPECTRAL
    return {
        "sample:seismic": Sample((seismic.survey,), seismic.truth, seismic.classes, seismic.wells, seismic.tops),
        "sample:hyperspectral": Sample(tuple(spectra.dates), spectra.truth, spectra.classes, points=spectra.labels),
    }


SAMPLES = _all()
"""Those that ship with the program."""


def is_sample(name: str | Path) -> bool:
    """Whether a name is meant to be that of a sample."""
    return str(name).startswith(PREFIX)


def sample(name: str | Path) -> Sample:
    """Return a sample by its name.

    Raises
    ------
    SurveyError
        When there is no such sample; the message lists those that there are.
    """
    try:
        return SAMPLES[str(name)]
    except KeyError:
        raise SurveyError(str(name), "there is no such sample", f"The samples are {' and '.join(SAMPLES)}") from None


def survey_files(names: Sequence[str | Path]) -> list[Path]:
    """Return the files that a person named; a sample's name stands for its files.

    Raises
    ------
    SurveyError
        When there is no such sample.
    """
    files: list[Path] = []
    for name in names:
        files += sample(name).surveys if is_sample(name) else (path_of(name),)
    return files


def name_of(file: Path) -> str:
    """Return how a bundled file is referred to on any machine; empty for a file that is none."""
    for name, one in SAMPLES.items():
        for known in (*one.surveys, one.truth, one.classes, one.wells, one.tops, one.points):
            if known is not None and known == file:
                return f"{name}/{file.name}"
    return ""


def find(reference: str) -> Path | None:
    """Return the bundled file of :func:`name_of`; None where it is none."""
    name, _, file = reference.partition("/")
    one = SAMPLES.get(name)
    if one is None:
        return None
    known = (*one.surveys, one.truth, one.classes, one.wells, one.tops, one.points)
    return next((path for path in known if path is not None and path.name == file), None)
