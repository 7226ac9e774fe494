"""The wells of a session as JSON beside its labels: where they are, what is known in them, and how they were burnt."""

from __future__ import annotations

import json
import math
import os
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from napari_fhn.labels import DeviatedWell, Interval, LabelError, Well
from napari_fhn.labels.wells import Stretch

FILE = "wells.json"
_FORMAT = "napari-fhn wells 1"
_PATH = ("md_m", "dx_m", "dy_m", "vertical")


class Kept(NamedTuple):
    """What the file holds; see :class:`~napari_fhn.widgets.labelling.wells.WellState`."""

    wells: tuple[Well | DeviatedWell, ...] = ()
    radius: float = 0.0
    fall_off: float | None = None


def save(folder: Path, kept: Kept) -> None:
    """Write the wells of a session; the file before stays whole until this one is.

    Raises
    ------
    OSError
        When it cannot be written.
    """
    data = {
        "format": _FORMAT,
        "radius": kept.radius,
        "fall_off": kept.fall_off,
        "wells": [_to_dict(well) for well in kept.wells],
    }
    part = folder / f"{FILE}.part"
    part.write_text(json.dumps(data, indent=1, allow_nan=False), encoding="utf-8")
    os.replace(part, folder / FILE)


def load(folder: Path) -> Kept:
    """Read the wells of a session; none where there is no file.

    Raises
    ------
    LabelError
        When the file is damaged or of another version.
    """
    path = folder / FILE
    try:
        data = json.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        return Kept()
    except (OSError, ValueError) as error:
        raise LabelError(f"it cannot be read ({error})", "The labels of the wells are whole", path=path) from error
    if not isinstance(data, dict) or data.get("format") != _FORMAT:
        raise LabelError("it is of another version", "The labels of the wells are whole", path=path)
    try:
        wells = tuple(_from_dict(item) for item in data["wells"])
        return Kept(wells, float(data["radius"]), None if data["fall_off"] is None else float(data["fall_off"]))
    except (KeyError, TypeError, ValueError) as error:
        raise LabelError(f"it is damaged ({error})", "The labels of the wells are whole", path=path) from error


def _to_dict(well: Well | DeviatedWell) -> dict[str, Any]:
    head: dict[str, Any] = {
        "name": well.name,
        "inline": _number(well.inline),
        "crossline": _number(well.crossline),
        "xy": None if well.xy is None else [float(one) for one in well.xy],
        "trace": None if well.trace is None else _number(well.trace),
    }
    if isinstance(well, DeviatedWell):
        head |= {name: [_number(v) for v in getattr(well, name)] for name in _PATH}
        head["intervals"] = [[one.top_m, one.base_m, one.class_name] for one in well.intervals]
    else:
        head["intervals"] = [[one.top_ms, one.base_ms, one.class_name] for one in well.intervals]
    return head


def _from_dict(data: dict[str, Any]) -> Well | DeviatedWell:
    xy = None if data["xy"] is None else (float(data["xy"][0]), float(data["xy"][1]))
    # A number that lies on no trace is kept as none, and as no number either.
    trace = None if data.get("trace") is None else float(data["trace"])
    place = (str(data["name"]), _or_nan(data["inline"]), _or_nan(data["crossline"]))
    if "md_m" not in data:
        return Well(*place, tuple(Interval(*one) for one in data["intervals"]), xy, trace)
    md, dx, dy, vertical = (np.array([_or_nan(v) for v in data[name]], np.float64) for name in _PATH)
    return DeviatedWell(*place, md, dx, dy, vertical, tuple(Stretch(*one) for one in data["intervals"]), xy, trace)


def _number(value: float) -> float | None:
    return None if math.isnan(value) else float(value)


def _or_nan(value: float | None) -> float:
    return math.nan if value is None else float(value)
