"""Directions, angles and places in degrees as people write them: ``N45E``, ``123°15'30"``, ``52.5°N``."""

from __future__ import annotations

import math
import re

_MARK = r"\s*(?:°|º|˚|deg(?:rees)?|d|:)\s*"
_ANGLE = re.compile(
    rf"(\d+(?:[.,]\d+)?)(?:{_MARK}(?:(\d+(?:[.,]\d+)?)\s*(?:['′’m:]\s*)?(?:(\d+(?:[.,]\d+)?)\s*(?:[\"″”s]|''))?)?)?",
    re.IGNORECASE,
)
_QUADRANT = re.compile(r"([NS])\s*(?:(\d.*?)\s*([EW]))?|([EW])", re.IGNORECASE)
_COORDINATE = re.compile(r"([NSEW])?\s*(\d.*?)\s*([NSEW])?", re.IGNORECASE)
#: Degrees and minutes, maybe seconds, with nothing but blanks between them, as receivers write them.
_BLANKS = re.compile(r"(\d{1,3})\s+(\d{1,2}(?:[.,]\d+)?)(?:\s+(\d{1,2}(?:[.,]\d+)?))?\s*")
_HAS_MARK = re.compile(r"[°º˚]")
_QUARTER, _HALF, _WHOLE = 90.0, 180.0, 360.0


def bearing(text: str) -> float:
    """Return a direction, or an angle, in degrees; NaN where it is none.

    Parameters
    ----------
    text : str
        A quadrant (from north or south towards east or west), a point of the compass (N, E, S, W), degrees with minutes
        and seconds, or degrees alone.

    Examples
    --------
    >>> bearing("N45E"), bearing("S 30 W"), bearing("S10°30'E"), bearing("W"), bearing("12°15'"), bearing("N95E")
    (45.0, 210.0, 169.5, 270.0, 12.25, nan)
    """
    found = _QUADRANT.fullmatch(text.strip())
    if found is None:
        return _angle(text.strip())
    if found[4]:
        return _QUARTER if found[4].upper() == "E" else _WHOLE - _QUARTER
    angle = 0.0 if found[2] is None else _angle(found[2])
    if not angle <= _QUARTER:
        return math.nan
    east = (found[3] or "E").upper() == "E"
    if found[1].upper() == "N":
        return angle if east else (_WHOLE - angle) % _WHOLE
    return _HALF - angle if east else _HALF + angle


def coordinate(text: str) -> float:
    r"""Return a longitude or latitude with its hemisphere, or degrees with a mark; NaN for all else, numbers too.

    Examples
    --------
    >>> coordinate("52°30'36\"N"), coordinate("W 10 15"), coordinate("13,5° E"), coordinate("52.5")
    (52.51, -10.25, 13.5, nan)
    """
    found = _COORDINATE.fullmatch(text.strip())
    if found is None or (bool(found[1]) == bool(found[3]) and not _HAS_MARK.search(text)):
        return math.nan
    side = (found[1] or found[3] or "").upper()
    size = math.nan if found[1] and found[3] else _angle(found[2].strip())
    if side and math.isnan(size) and (parts := _BLANKS.fullmatch(found[2])):
        size = _angle(f"{parts[1]}°{parts[2]}'" + (f'{parts[3]}"' if parts[3] else ""))
    return size * (-1 if side in ("S", "W") else 1) if size <= _HALF else math.nan


def is_bearing(text: str) -> bool:
    """Whether a cell is a direction or an angle that is more than a plain number."""
    return not math.isnan(bearing(text)) and re.fullmatch(r"[\d.,\s]+", text) is None


def _angle(text: str) -> float:
    found = _ANGLE.fullmatch(text)
    if found is None:
        return math.nan
    whole, minutes, seconds = (float((part or "0").replace(",", ".")) for part in found.groups())
    return whole + minutes / 60 + seconds / 3600 if minutes < 60 and seconds < 60 else math.nan
