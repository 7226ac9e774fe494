"""Answers about files of what is known that are about none of the files at hand, or mean nothing to the survey."""

from __future__ import annotations

from collections.abc import Collection, Sequence

import xarray as xr

from napari_fhn.labels import LabelError, Source
from napari_fhn.labels.fitting import means_something, seen_as
from napari_fhn.labels.options import OPTIONS

#: The option that an answer of all files is, by the name of the answer.
ANSWERS = {
    "decimal": "decimal",
    "kb": "kb_m",
    "datum": "datum_m",
    "z": "z",
    "way": "way",
    "las_curve": "curve",
    "las_unit": "index_unit",
    "class_field": "field",
    "layer": "layer",
    "crs": "crs",
    "survey_crs": "survey_crs",
    "slices": "window",
    "zones": "zones",
    "band": "thickness",
    "fall_off": "fall_off",
    "off_line": "off_line_m",
    "radius": "radius",
    "point_radius": "radius",
}
#: Kinds of file that an answer is about, where it is not about all that have the option.
_ABOUT = {"radius": ("wells", "tops", "las"), "point_radius": ("points",)}


def check(answers: Collection[str], files: Sequence[Source], survey: xr.DataArray | None) -> None:
    """Refuse answers that would be passed over.

    Parameters
    ----------
    answers : collection of str
        The names of those that were given, out of `ANSWERS`.
    files : sequence of Source
        With what was said about each.
    survey : xarray.DataArray or None
        That is labelled.

    Raises
    ------
    LabelError
        For the first of them.
    """
    for name in answers:
        option, typed = OPTIONS[ANSWERS[name]], f"--{name.replace('_', '-')}"
        about = _ABOUT.get(name, option.kinds)
        # A layer is said of shapes, where there are any, else of whatever has layers.
        found = [one for one in files if one.kind in about and (name != "layer" or "layer" in one.options)]
        if not found:
            kinds = ", ".join(about[:-1]) + " or " * (len(about) > 1) + about[-1]
            what = f"{typed} is about files of {kinds}, and none is given" if name != "layer" else _NO_LAYERS
            raise LabelError(what, "Leave it out")
        if survey is not None and not means_something(option.name, survey):
            raise LabelError(f"{typed} is {option.words}: it means nothing to {seen_as(survey)}", "Leave it out")


_NO_LAYERS = "--layer is about files of a GIS, in which there are layers, and none is given"
