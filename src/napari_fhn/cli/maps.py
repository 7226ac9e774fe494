"""The surveys of a command: opened, and brought onto one grid where they are maps of unlike grids or kinds."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterable, Sequence
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
        Names and surveys on one grid: each as it is, the part that volumes have in common, or one stack of all maps.
        What was done to each is said on standard error.

    Raises
    ------
    SurveyError
        When one cannot be opened, or they do not go together.
    """
    # Here and not above: --help waits for no reader.
    from napari_fhn import surveys
    from napari_fhn.surveys import Grid, SurveyError
    from napari_fhn.surveys.maps import Categories, polygons, read_polygons, stack

    drawn = [path for path in files if polygons.can_read(path)]
    plain = [path for path in files if path not in drawn]
    opened = [(path, surveys.open(path, **reading(options))) for path in plain]
    categories = [Categories(surveys.open(path)) for path in options.categorical]
    volume = next((path for path, one in opened if set(one.dims) - {"band"} != {"y", "x"}), None)
    if volume is not None and (drawn or categories):
        raise SurveyError(volume, "polygons and categories go with maps, and it is none", "Leave them out")
    unlike = volume is None and any(Grid.of(opened[0][1]).apart(Grid.of(one)) for _, one in opened[1:])
    if not (unlike or drawn or categories):
        found = surveys.together([one for _, one in opened], [path.name for path, _ in opened])
        tell(found.words)
        return [(path.stem, one) for (path, _), one in zip(opened, found.surveys, strict=True)]
    stacked = stack(
        [*(survey for _, survey in opened), *categories, *(read_polygons(path, options.map_field) for path in drawn)]
    )
    tell(stacked.attrs["notes"])
    return [("maps", stacked)]


def tell(words: Iterable[str]) -> None:
    """Say on standard error what was done to bring files onto one grid; nothing where there is nothing to say."""
    for sentence in words:
        if sentence:
            print(f"napari-fhn: {sentence}", file=sys.stderr)
