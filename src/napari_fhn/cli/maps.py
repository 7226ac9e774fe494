"""The surveys of a command: opened, and brought onto one grid where they are maps of unlike grids or kinds."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from napari_fhn.cli.reading import reading
from napari_fhn.cli.sessions import say

if TYPE_CHECKING:
    import xarray as xr

    from napari_fhn.project.manifest import StackedMap


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


@dataclass(frozen=True)
class Together:
    """Surveys that are learnt from together.

    Parameters
    ----------
    surveys : tuple of (str, xarray.DataArray)
        Names, each once, and surveys.
    maps : tuple of (Path, dict, bool, str)
        Of a stack: each file, how it was read, whether it holds classes, and which field of polygons is theirs.
    """

    surveys: tuple[tuple[str, xr.DataArray], ...]
    maps: tuple[tuple[Path, dict[str, object], bool, str], ...] = ()

    def stacks(self, folder: Path) -> dict[str, tuple[StackedMap, ...]]:
        """Return the maps of the stack as the manifest of a session names them."""
        if not self.maps:
            return {}
        from napari_fhn.project.manifest import StackedMap, refer
        from napari_fhn.project.stamps import stamp

        ((name, _),) = self.surveys
        return {
            name: tuple(
                StackedMap(refer(path, folder, stamp(path)), read_as, categorical, field)
                for path, read_as, categorical, field in self.maps
            )
        }


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
    from napari_fhn import surveys
    from napari_fhn.project.staging import plain_options
    from napari_fhn.surveys import Grid, SurveyError, kinds
    from napari_fhn.surveys.maps import Categories, polygons, read_polygons, stack

    drawn = [path for path in files if polygons.can_read(path)]
    opened = [(path, surveys.open(path, **reading(options))) for path in files if path not in drawn]
    classes = [(path, surveys.open(path)) for path in options.categorical]
    other = next((path for path, one in opened if set(kinds.spatial_dims(one)) != {"y", "x"}), None)
    if other is not None and (drawn or classes):
        raise SurveyError(other, "polygons and categories go with maps, and it is none", "Leave them out")
    unlike = other is None and any(Grid.of(opened[0][1]).apart(Grid.of(one)) for _, one in opened[1:])
    if not (unlike or drawn or classes):
        found = surveys.together([one for _, one in opened], [path.name for path, _ in opened])
        say(found.words)
        names: list[str] = []
        for path, _ in opened:
            names.append(path.stem if path.stem not in names else f"{path.stem} ({len(names) + 1})")
        return Together(tuple(zip(names, found.surveys, strict=True)))
    shapes = [read_polygons(path, options.map_field) for path in drawn]
    stacked = stack([*(survey for _, survey in opened), *(Categories(one) for _, one in classes), *shapes])
    say(stacked.attrs["notes"])
    maps = [(path, plain_options(one), False, "") for path, one in opened]
    maps += [(path, plain_options(one), True, "") for path, one in classes]
    maps += [(one.path, {}, False, one.field) for one in shapes]
    return Together((("maps", stacked),), tuple(maps))
