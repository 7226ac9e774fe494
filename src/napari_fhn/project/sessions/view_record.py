"""How a session is looked at, ``desk.json``: looks of layers, place, camera. What it *is* stands in its manifest."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from napari_fhn import record

FILE = "desk.json"
_KIND = "desk"
_VERSION = 2


@dataclass(frozen=True)
class Looks:
    """How a layer is shown.

    Parameters
    ----------
    visible : bool
        Whether it is.
    opacity : float
        0 to 1.
    colormap : str
        Its name; empty for labels.
    contrast : tuple of float
        Values of the darkest and the lightest colour; empty for labels.
    drawn : str
        How values between voxels are drawn: ``"nearest"``, ``"linear"`` or ``"cubic"``; empty where nobody has said.
    """

    visible: bool = True
    opacity: float = 1.0
    colormap: str = ""
    contrast: tuple[float, ...] = ()
    drawn: str = ""


@dataclass(frozen=True)
class FurtherViews:
    """What is shown beside the canvas.

    Parameters
    ----------
    linked : bool
        Whether the other sections and the map are.
    map_shows : str
        What is drawn on the map: ``"all"``, ``"data"``, ``"classes"``, ``"horizon"`` or ``"outline"``.
    fence : tuple of (float, float)
        Corners of the fence, in voxels along the lateral axes.
    bodies : tuple of int
        Label values whose bodies are shown in 3D.
    ticks, scale, colours : bool
        Whether ticks, scale bar and north, and the bar of colours are drawn on the canvas.
    """

    linked: bool = False
    map_shows: str = "all"
    fence: tuple[tuple[float, float], ...] = ()
    bodies: tuple[int, ...] = ()
    ticks: bool = True
    scale: bool = True
    colours: bool = True


@dataclass(frozen=True)
class ViewRecord:
    """How everything is looked at.

    Parameters
    ----------
    surveys : mapping of str to Looks
        By the names of their layers, from the bottom of the layer list to its top.
    looks : mapping of str to Looks
        Of ``"labels"`` and ``"prediction"``.
    order, point : tuple
        Of the viewer's dims: which axes are shown, and where one stands along all, in world coordinates.
    ndisplay : int
        2 or 3.
    center, angles : tuple of float
        Of the camera.
    zoom : float
        Of the camera.
    further : FurtherViews
        What is shown beside the canvas.
    """

    surveys: Mapping[str, Looks] = field(default_factory=dict)
    looks: Mapping[str, Looks] = field(default_factory=dict)
    order: tuple[int, ...] = ()
    point: tuple[float, ...] = ()
    ndisplay: int = 2
    center: tuple[float, ...] = ()
    angles: tuple[float, ...] = ()
    zoom: float = 1.0
    further: FurtherViews = field(default_factory=FurtherViews)

    def save(self, folder: Path) -> None:
        """Write the record; the one before stays whole until this one is.

        Raises
        ------
        OSError, RecordError
            When it cannot be written.
        """
        record.write(folder / FILE, _KIND, _VERSION, record.encode(self))

    @classmethod
    def load(cls, folder: Path) -> ViewRecord:
        """Read the record of a session; an empty one where nobody has looked at it in the desk yet.

        Raises
        ------
        RecordError
            When it is damaged or of a later version.
        """
        path = folder / FILE
        if not path.exists():
            return cls()
        return record.decode(cls, record.read(path, _KIND, _VERSION, {1: _from_first}))


def _from_first(data: Mapping[str, Any]) -> Mapping[str, Any]:
    """Version 1 held surveys and settings as well, which stand in the manifest now."""
    kept = {key: data[key] for key in ("looks", "order", "point", "ndisplay", "center", "angles", "zoom")}
    return {**kept, "surveys": {one["name"]: one["looks"] for one in data["surveys"]}}
