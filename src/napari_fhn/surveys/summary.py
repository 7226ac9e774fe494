"""What a survey is, in the few lines a person reads before working with it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import xarray as xr

from napari_fhn.sentence import counted
from napari_fhn.surveys.geometry import SurveyGeometry
from napari_fhn.surveys.rio import rio

#: Sections looked at for the range of values.
N_SECTIONS = 3
#: Values looked at per section, at most about.
N_VALUES = 2**20


def summary(survey: xr.DataArray) -> list[str]:
    """Describe a survey.

    Parameters
    ----------
    survey : xarray.DataArray
        As `napari_fhn.surveys.open` gives it. A few sections are read for the range of values, not the whole.

    Returns
    -------
    list of str
        One line each: file, kind, axes with ranges and steps, geometry, values, notes.

    Examples
    --------
    >>> from napari_fhn import sample_data, surveys
    >>> for line in surveys.summary(surveys.open(sample_data.SEISMIC.survey))[2:5]:
    ...     print(line)
    inline: 128, 1001 to 1128 step 1
    crossline: 192, 2001 to 2383 step 2
    twt: 160, 400 to 1036 step 4 ms
    """
    attrs = survey.attrs
    source = Path(str(attrs.get("source", "")))
    size = f", {_bytes(source.stat().st_size)}" if source.is_file() else ""
    lines = [f"{source.name or survey.name}: {attrs.get('kind', 'array')}, {attrs.get('format', survey.dtype)}{size}"]
    if "sorting" in attrs:
        lines.append(f"sorting: by {attrs['sorting']}" if attrs["sorting"] != "line" else "a 2D line")
    lines += [_axis(survey, str(dim)) for dim in survey.dims]
    if "wavelength" in survey.coords:
        wavelength = np.asarray(survey["wavelength"])
        bad = int((~np.asarray(survey["good"])).sum()) if "good" in survey.coords else 0
        lines.append(
            f"wavelength: {wavelength.min():g} to {wavelength.max():g} nm"
            + (f", {counted(bad, 'bands')} marked bad" if bad else "")
        )
    geometry = attrs.get("geometry")
    if isinstance(geometry, SurveyGeometry):
        inline_bin, crossline_bin = geometry.bin_size
        x, y = geometry.origin
        lines.append(
            f"bins: {inline_bin:.2f} m between inlines, {crossline_bin:.2f} m between crosslines; "
            f"inlines run {geometry.azimuth:.1f} degrees from north; first corner at x {x:.1f}, y {y:.1f} "
            f"{geometry.units}"
        )
    if {"y", "x"} <= set(survey.dims):
        crs = rio(survey).crs
        lines.append(f"CRS: {crs.to_string() if crs else 'none'}; nodata: {attrs.get('nodata')}")
    lines.append(_values(survey))
    lines += [f"note: {note}" for note in attrs.get("notes", ())]
    return lines


def _axis(survey: xr.DataArray, dim: str) -> str:
    n = survey.sizes[dim]
    if dim not in survey.coords:
        return f"{dim}: {n}"
    values = np.asarray(survey[dim], dtype=np.float64)
    units = survey[dim].attrs.get("units", "")
    text = f"{dim}: {n}, {values[0]:.10g} to {values[-1]:.10g}"
    if n > 1:
        text += f" step {(values[-1] - values[0]) / (n - 1):.6g}"
    return f"{text} {units}".rstrip()


def _values(survey: xr.DataArray) -> str:
    """Range of the values on a few sections along the first axis, thinned where they are large."""
    nodata = survey.attrs.get("nodata")
    low, high, missing, seen = np.inf, -np.inf, 0, 0
    for k in np.unique(np.linspace(0, len(survey) - 1, N_SECTIONS + 2).round().astype(int)[1:-1]):
        section = survey[int(k)]
        if section.ndim:
            thin = max(1, int(np.ceil(section.size / N_VALUES)))
            section = section[::thin]
        values = np.asarray(section)
        known = values[np.isfinite(values) & (values != nodata if nodata is not None else True)]
        missing += values.size - known.size
        seen += values.size
        if known.size:
            low, high = min(low, float(known.min())), max(high, float(known.max()))
    text = f"values: {survey.dtype}, {_bytes(survey.nbytes)} in memory"
    if low <= high:
        text += f"; {low:.6g} to {high:.6g} on sections looked at"
    return text + (f", {100 * missing / seen:.0f} % of them missing" if missing else "")


def _bytes(n: float) -> str:
    for unit in ("bytes", "kB", "MB", "GB"):
        if n < 1000 or unit == "GB":
            return f"{n:.0f} {unit}" if unit == "bytes" else f"{n:.1f} {unit}"
        n /= 1000
    raise AssertionError
