"""What can be exported, as what kinds of file, and what is asked for and written."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import xarray as xr

from napari_fhn.sentence import counted
from napari_fhn.surveys.out import SUFFIXES, meshes, polygons, trace_maps
from napari_fhn.surveys.out.horizons import VSET

What = Literal[
    "classes",
    "probabilities",
    "entropy",
    "margin",
    "labels",
    "horizon",
    "thickness",
    "bodies",
    "mesh",
    "polygons",
    "table",
]
Told = Callable[[float], None]

HORIZONS = trace_maps.SUFFIXES
CONTACTS = (*HORIZONS, *VSET)
MESHES = meshes.SUFFIXES
POLYGONS = polygons.SUFFIXES
TABLES = (".csv", ".qml")

DIALOG = {
    "seismic": "SEG-Y (*.sgy *.segy);;Seismic Unix (*.su)",
    "map": "GeoTIFF (*.tif);;ENVI (*.img)",
    "any": "NetCDF (*.nc);;Zarr (*.zarr);;NumPy array (*.npy)",
    "horizon": "XYZ (*.xyz);;Irap classic (*.irap);;ZMAP+ (*.zmap);;GOCAD VSet (*.vs);;GeoTIFF (*.tif);;CSV (*.csv);;"
    "Text (*.dat *.txt)",
    "thickness": "GeoTIFF (*.tif);;Irap classic (*.irap);;ZMAP+ (*.zmap);;CSV (*.csv);;XYZ (*.xyz);;Text (*.dat *.txt)",
    "line horizon": "XYZ (*.xyz);;CSV (*.csv);;GOCAD VSet (*.vs);;Text (*.dat *.txt)",
    "line thickness": "CSV (*.csv);;XYZ (*.xyz);;Text (*.dat *.txt)",
    "mesh": "Wavefront mesh (*.obj);;GOCAD TSurf (*.ts)",
    "polygons": "GeoPackage (*.gpkg);;GeoJSON (*.geojson)",
    "table": "CSV (*.csv);;QGIS style (*.qml)",
}


@dataclass(frozen=True)
class Offer:
    """Something that can be exported.

    Parameters
    ----------
    what : str
        For the program.
    title : str
        For people.
    words : str
        What it is, in a sentence.
    suffixes : tuple of str
        Kinds of file that it may become.
    of : {"none", "one", "any", "two"}
        How many classes it is about: none, one or more, all unless one is named, or those above and those below.
    predicted : bool
        Whether it comes out of a prediction, so that it matters whether that is whole.
    """

    what: What
    title: str
    words: str
    suffixes: tuple[str, ...] = SUFFIXES
    of: Literal["none", "one", "any", "two"] = "none"
    predicted: bool = True


OFFERS: dict[str, Offer] = {
    offer.what: offer
    for offer in (
        Offer("classes", "Classes", "The predicted class of every voxel."),
        Offer(
            "probabilities", "Probabilities", "How sure the network is of a class, or of each, from 0 to 1.", of="any"
        ),
        Offer("entropy", "Entropy", "How undecided the network is between the classes, from 0 to 1."),
        Offer("margin", "Margin", "How far the likeliest class is ahead of the second, from 0 to 1."),
        Offer("labels", "Labels", "What is labelled, as classes; 0 elsewhere.", predicted=False),
        Offer("horizon", "Horizon", "Where one class first lies below another: points, or a surface.", CONTACTS, "two"),
        Offer(
            "thickness", "Thickness", "How thick a class is on each trace, from its top to its base.", HORIZONS, "one"
        ),
        Offer("bodies", "Bodies", "Connected bodies of a class, numbered from the largest.", of="one"),
        Offer("mesh", "Mesh", "The surface of a class in map coordinates.", MESHES, "one"),
        Offer("polygons", "Polygons", "The areas of the predicted classes, with code, name and colour.", POLYGONS),
        Offer("table", "Class table", "Value, name and colour of each class.", TABLES, predicted=False),
    )
}


def file_name(survey: xr.DataArray | None, what: What, suffix: str) -> str:
    """Return what a file of an export could be called: after the file of the survey, where there is one."""
    source = "" if survey is None else str(survey.attrs.get("source", ""))
    return f"{Path(source).stem or 'survey'}-{OFFERS[what].title.lower().replace(' ', '-')}{suffix}"


@dataclass(frozen=True)
class Request:
    """What to write where.

    Parameters
    ----------
    what : str
        Of one of :data:`OFFERS`.
    path : Path
        The file; its suffix decides what kind of file it becomes.
    of : tuple of int
        Values of the classes; for ``"probabilities"`` empty for all, or one.
    above, below : tuple of int
        Values of the classes above and below a horizon.
    at_least : int
        Voxels of the smallest body, or cells of the smallest polygon.
    velocity : float or None
        Metres a second, by which a thickness in two-way time becomes one in metres.
    net : bool
        A thickness counts the samples of the class alone, without what lies between them.
    corners : bool
        Voxels of a body may hang together by edges and corners.
    partial : bool
        A prediction that is not whole, or stale, is meant to be written as it is.
    stac : bool
        A GeoTIFF of classes gets an item for catalogues beside it.
    overwrite : bool
        Files may be replaced that this program has not written, or that were changed since.
    asked : bool
        The file itself may, as a dialog has asked, and none that is written beside it.
    """

    what: What
    path: Path
    of: tuple[int, ...] = ()
    above: tuple[int, ...] = ()
    below: tuple[int, ...] = ()
    at_least: int = 1
    velocity: float | None = None
    net: bool = False
    corners: bool = False
    partial: bool = False
    stac: bool = False
    overwrite: bool = False
    asked: bool = False

    @property
    def offer(self) -> Offer:
        """What there is to know about such an export."""
        return OFFERS[self.what]


@dataclass(frozen=True)
class Written:
    """What was written.

    Parameters
    ----------
    paths : tuple of Path
        The files.
    counts : mapping of str to int
        Of traces, bodies, triangles or polygons.
    made : tuple of str
        What made it, as the files say it.
    notes : tuple of str
        What was done to bring it onto the grid of the survey.
    """

    paths: tuple[Path, ...]
    counts: Mapping[str, int] = field(default_factory=dict)
    made: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def words(self) -> str:
        """Say it in a sentence; what lies beside the first file is told by its name."""
        folder = self.paths[0].parent
        rest = [path.name if path.parent == folder else str(path) for path in self.paths[1:]]
        of_each = "".join(f", {counted(value, name)}" for name, value in self.counts.items())
        return f"Written: {', '.join([str(self.paths[0]), *rest])}{of_each}"
