"""The surveys of a command: opened, and brought onto one grid where they are maps of unlike grids or kinds."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from napari_fhn.cli.reading import reading

if TYPE_CHECKING:
    import xarray as xr


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


def open_together(files: Sequence[Path], options: argparse.Namespace) -> list[tuple[str, xr.DataArray]]:
    """Open surveys that are learnt from together.

    Parameters
    ----------
    files : sequence of Path
        Surveys, and polygons (GeoPackage, shapefile, GeoJSON) with a class.
    options : argparse.Namespace
        With what :func:`add_maps` and :func:`~napari_fhn.cli.reading.add_reading` add.

    Returns
    -------
    list of (str, xarray.DataArray)
        Names and surveys of one shape: each as it is, or one stack of all. What was done to each map is said on
        standard error.

    Raises
    ------
    SurveyError
        When one cannot be opened, or they do not go together.
    """
    # Here and not above: --help waits for no reader.
    from napari_fhn import surveys
    from napari_fhn.surveys import SurveyError
    from napari_fhn.surveys.kinds import spatial_shape
    from napari_fhn.surveys.maps import Categories, apart, polygons, read_polygons, stack

    drawn = [path for path in files if polygons.can_read(path)]
    plain = [path for path in files if path not in drawn]
    opened = [(path, surveys.open(path, **reading(options))) for path in plain]
    categories = [Categories(surveys.open(path)) for path in options.categorical]
    first = opened[0] if opened else None
    volume = next(((path, one) for path, one in opened if set(one.dims) - {"band"} != {"y", "x"}), None)
    if volume is not None:
        path, survey = volume
        if drawn or categories:
            raise SurveyError(path, "polygons and categories go with maps, and it is none", "Leave them out")
        shape = spatial_shape(survey)
        for other, one in opened:
            if spatial_shape(one) != shape:
                what = f"its grid is {spatial_shape(one)} and that of {path.name} is {shape}"
                raise SurveyError(other, what, "Use one grid")
    unlike = volume is None and first is not None and any(apart(first[1], one) for _, one in opened[1:])
    if not (unlike or drawn or categories):
        return [(path.stem, survey) for path, survey in opened]
    stacked = stack(
        [*(survey for _, survey in opened), *categories, *(read_polygons(path, options.map_field) for path in drawn)]
    )
    for note in stacked.attrs["notes"]:
        print(note, file=sys.stderr)
    return [("maps", stacked)]
