"""Exports that cannot work, refused before any time is spent on them."""

from __future__ import annotations

from pathlib import Path

import xarray as xr

from napari_fhn.labels import ClassTable
from napari_fhn.project.errors import ProjectError
from napari_fhn.project.exporting.export_offers import Offer, Request
from napari_fhn.project.sessions import layout
from napari_fhn.surveys import SurveyError
from napari_fhn.surveys.out import SUFFIXES
from napari_fhn.surveys.out.fitting import is_raster, unfit
from napari_fhn.surveys.out.saving import ENVI, GEOTIFF, SEGY, SU
from napari_fhn.surveys.remote.addresses import check_here


def check(request: Request, survey: xr.DataArray | None, table: ClassTable | None) -> None:
    """Refuse an export that cannot work.

    Parameters
    ----------
    request : Request
        What, and where to.
    survey : xarray.DataArray or None
        On whose grid it is written.
    table : ClassTable or None
        The classes.

    Raises
    ------
    SurveyError
        For a suffix that cannot be, a folder that is not there, a survey that is missing or of the wrong kind.
    ProjectError
        For a file that is a part of a session, or a class table where there is none.
    """
    path, suffix = request.path, request.path.suffix.lower()
    way_out = f"Use {', '.join(suffixes_for(request.offer, survey))}"
    if suffix not in request.offer.suffixes:
        unknown = f"the suffix '{path.suffix}' is not known" if suffix else "there is no suffix that says the kind"
        raise SurveyError(path, unknown, way_out)
    check_here(path)
    check_no_part(path)
    if request.stac and suffix not in GEOTIFF:
        raise SurveyError(path, "a STAC item is written beside a GeoTIFF alone", "Name a .tif, or leave --stac out")
    if not path.absolute().parent.is_dir():
        raise SurveyError(path, f"there is no folder {path.absolute().parent}", "Make it first")
    if request.what == "table":
        if table is None:
            raise ProjectError("a prediction file has no class table", "Name one with --classes", path=path)
        return
    if request.velocity is not None:
        if not request.velocity > 0:
            raise ProjectError(f"a velocity of {request.velocity:g} m/s is none", "Give one above 0", path=path)
        if survey is not None and "twt" not in survey.dims:
            raise ProjectError(
                "a velocity turns two-way time into metres, and the survey has none", "Leave it out", path=path
            )
    wrong = None if survey is None else unfit(request.what, survey)
    if wrong is not None:
        raise SurveyError(path, *wrong)
    if survey is None and suffix != ".npy":
        raise SurveyError(path, "its headers come from a survey", "Name the survey with --like")
    if survey is None:
        return
    if request.offer.suffixes == SUFFIXES and (what := _why_not(suffix, survey)):
        raise SurveyError(path, what, way_out)


def suffixes_for(offer: Offer, survey: xr.DataArray | None) -> tuple[str, ...]:
    """Return the suffixes that an export may have, of those that the survey allows."""
    if survey is None or offer.suffixes != SUFFIXES:
        return offer.suffixes
    return tuple(suffix for suffix in SUFFIXES if not _why_not(suffix, survey))


def _why_not(suffix: str, survey: xr.DataArray) -> str:
    """Why values on a survey cannot be such a file; empty where they can."""
    if suffix in SEGY and not is_segy(survey):
        return "a SEG-Y file takes its headers from one, and the survey is none"
    if suffix in SU and not (is_segy(survey) or is_su(survey)):
        return "a file of Seismic Unix takes its trace headers from one, or from SEG-Y, and the survey is none"
    if suffix in GEOTIFF + ENVI and not is_raster(survey):
        kind = "a GeoTIFF" if suffix in GEOTIFF else "an ENVI image"
        return f"{kind} holds maps (y, x), not sections or volumes"
    return ""


def check_no_part(path: str | Path) -> None:
    """Refuse to write over a part of a session, such as its labels, or where one would be looked for.

    Raises
    ------
    ProjectError
        When it is one.
    """
    folder = layout.own(path)
    if folder is not None:
        raise ProjectError(
            f"this is a part of the session {folder}, and would be written over", "Choose another place", path=path
        )


def is_segy(survey: xr.DataArray) -> bool:
    """Whether a survey came out of a SEG-Y file."""
    return str(survey.attrs.get("format", "")).startswith("SEG-Y")


def is_su(survey: xr.DataArray) -> bool:
    """Whether a survey came out of a file of Seismic Unix."""
    return str(survey.attrs.get("format", "")).startswith("Seismic Unix")
