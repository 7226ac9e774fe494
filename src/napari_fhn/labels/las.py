"""A well from a LAS 2.0 log whose curves are two-way time and class."""

from __future__ import annotations

import re
from pathlib import Path

import lasio
import numpy as np

from napari_fhn.labels.classes import ClassTable
from napari_fhn.labels.errors import LabelError
from napari_fhn.labels.wells import Interval, Well

_INLINE, _CROSSLINE = ("INLINE", "ILINE", "IL"), ("CROSSLINE", "XLINE", "XL", "CRSLINE")


def read_las(path: str | Path, table: ClassTable | None = None) -> Well:
    """Read a well from a LAS file.

    Parameters
    ----------
    path : str or Path
        LAS 2.0 with a curve ``TWT`` (ms, or s where its unit says so), a curve ``CLASS`` (label values or
        names) and the items ``INLINE`` and ``CROSSLINE`` in the well or parameter section (or "inline 1019,
        crossline 2057" as ``LOC``). Each sample stands for the time from its own to the next; null values and
        class 0 are gaps.
    table : ClassTable, optional
        Names for the values; without it the values themselves, in digits, are the names.

    Returns
    -------
    Well

    Raises
    ------
    LabelError
        With the file and what is missing.
    """
    path = Path(path)
    try:
        # lasio's own sniffing of encodings needs another library; LAS is ASCII, and UTF-8 reads that.
        las = lasio.read(str(path), autodetect_encoding=False, encoding="utf-8", encoding_errors="replace")
    except OSError as error:
        raise LabelError(f"it cannot be read: {error.strerror or error}", "Check the path", path=path) from error
    except Exception as error:  # lasio raises whatever its parsing stumbles over
        raise LabelError(f"it is no readable LAS file ({error})", "Export it as LAS 2.0", path=path) from error
    curves = {curve.mnemonic.upper(): curve for curve in las.curves}
    for name in ("TWT", "CLASS"):
        if name not in curves:
            raise LabelError(
                f"there is no curve {name}; the curves are {', '.join(curves) or 'none'}",
                "Export two-way time as TWT and the class as CLASS",
                path=path,
            )
    try:
        times = np.asarray(curves["TWT"].data, dtype=np.float64)
    except ValueError as error:
        raise LabelError(f"its TWT curve holds no numbers ({error})", "Correct it", path=path) from error
    unit = str(curves["TWT"].unit).strip().lower()
    if unit not in ("ms", "msec", "s", "sec", ""):
        raise LabelError(f"its TWT curve is in '{unit}'", "Export it in ms", path=path)
    times = times * (1000.0 if unit in ("s", "sec") else 1.0)
    if times.size < 2 or not (np.diff(times) > 0).all():
        raise LabelError("its TWT curve does not increase from sample to sample", "Sort it by time", path=path)
    names = [_class_name(value, table, path) for value in curves["CLASS"].data]
    edges = np.append(times, 2 * times[-1] - times[-2])
    intervals: list[Interval] = []
    start = 0
    for k in range(1, len(names) + 1):
        if k == len(names) or names[k] != names[start]:
            if names[start]:
                intervals.append(Interval(float(edges[start]), float(edges[k]), names[start]))
            start = k
    title = las.well["WELL"].value if "WELL" in las.well else ""
    return Well(str(title).strip() or path.stem, *_place(las, path), tuple(intervals))


def _class_name(value: object, table: ClassTable | None, path: Path) -> str:
    """Name of a sample's class, empty for a gap."""
    text = str(value).strip()
    try:
        number = float(text)
    except ValueError:
        return text
    if not np.isfinite(number) or number == 0:
        return ""
    if number != int(number) or number < 0:
        raise LabelError(f"its CLASS curve holds {text}, which is no label value", "Correct it", path=path)
    digits = str(int(number))
    if table is None:
        return digits
    found = {c.value: c.name for c in table}
    if int(number) not in found:
        raise LabelError(f"its CLASS curve holds {digits}, which is no class", "Add it to the classes", path=path)
    return found[int(number)]


def _place(las: lasio.LASFile, path: Path) -> tuple[float, float]:
    """Inline and crossline: items of their own, or written out in the location ``LOC``."""
    found = []
    location = str(las.well["LOC"].value) if "LOC" in las.well else ""
    for names in (_INLINE, _CROSSLINE):
        texts = [str(item.value) for section in (las.well, las.params) for item in section
                 if item.mnemonic.upper() in names]  # fmt: skip
        texts += re.findall(rf"\b(?:{'|'.join(names)})\b\W*([-+.\d]+)", location, re.IGNORECASE)
        if not texts:
            raise LabelError(f"its header has no {names[0]}", f"Add the item {names[0]} to the well section", path=path)
        try:
            found.append(float(texts[0].strip(".")))
        except ValueError as error:
            what = f"its {names[0]} says '{texts[0]}', which is no number"
            raise LabelError(what, "Correct it", path=path) from error
    return found[0], found[1]
