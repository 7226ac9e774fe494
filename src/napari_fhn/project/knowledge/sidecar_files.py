"""What is known already and lies beside a survey: the bundled samples have it, and so may a project's folder."""

from __future__ import annotations

from pathlib import Path

import xarray as xr

from napari_fhn.surveys.kinds import is_seismic

_WELLS, _TOPS, _POINTS, _CLASSES = "wells.csv", "tops.csv", "labels.csv", "classes.csv"


def sidecar_files(survey: xr.DataArray) -> tuple[Path, ...]:
    """Return the files beside a survey: ``wells.csv`` with ``tops.csv``, or ``labels.csv``; none without.

    A ``classes.csv`` beside them comes first, for it gives names and colours to what the others hold.
    """
    source = str(survey.attrs.get("source", ""))
    if not source:
        return ()
    folder = Path(source).parent
    found = (folder / _WELLS, folder / _TOPS) if is_for_wells(survey) else (folder / _POINTS,)
    if not all(path.is_file() for path in found):
        return ()
    classes = folder / _CLASSES
    return (classes, *found) if classes.is_file() else found


def is_for_wells(survey: xr.DataArray) -> bool:
    """Whether wells are what labels such a survey; else it is points."""
    return is_seismic(survey)
