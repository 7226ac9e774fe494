"""The surveys of a command: opened, and brought onto one grid where they are maps of unlike grids or kinds."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from napari_fhn.cli.reading import reading
from napari_fhn.cli.saying import say, speak_of
from napari_fhn.sentence import cell

if TYPE_CHECKING:
    from napari_fhn.project.data.together import Together


def add_maps(parser: argparse.ArgumentParser) -> None:
    """Add the options for maps that are stacked."""
    maps = parser.add_argument_group(
        "maps",
        "unlike ones are brought onto the finest grid; polygons among the surveys become a channel for each class",
    )
    maps.add_argument(
        "--categorical",
        type=Path,
        action="append",
        default=[],
        metavar="FILE",
        help="a raster whose whole numbers are classes, such as a geological map: a channel for each; may be repeated",
    )
    maps.add_argument("--map-field", metavar="NAME", help="field of polygons among the surveys that is their class")


def open_together(files: Sequence[Path], options: argparse.Namespace) -> Together:
    """Open surveys that are learnt from together.

    Parameters
    ----------
    files : sequence of Path
        Surveys, and polygons (GeoPackage, shapefile, GeoJSON) with a class.
    options : argparse.Namespace
        With what :func:`add_maps` and :func:`~napari_fhn.cli.reading.add_reading` add.

    Returns
    -------
    Together
        Each survey as it is, the part that volumes have in common, or one stack of all maps. What was done to each is
        said on standard error.

    Raises
    ------
    SurveyError
        When one cannot be opened, or they do not go together.
    """
    # Here and not above: --help waits for no reader.
    from napari_fhn.project.data import together

    found = together.open_together(
        files, categorical=options.categorical, map_field=options.map_field, reading=reading(options)
    )
    vertical = getattr(options, "vertical_axis", None)
    found.surveys.check_vertical(vertical)
    speak_of(cell(len(found.surveys.shape), found.surveys.vertical(vertical)))
    say(found.words)
    return found
