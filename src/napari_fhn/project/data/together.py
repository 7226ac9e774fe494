"""Surveys that are opened to be learnt from together: as they are, cut to what they share, or stacked as maps."""

from __future__ import annotations

import os
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import xarray as xr

from napari_fhn import surveys
from napari_fhn.project.data.staging import plain_options
from napari_fhn.project.data.surveyset import SurveySet
from napari_fhn.project.sessions import stamps
from napari_fhn.project.sessions.manifest import StackedMap, refer
from napari_fhn.project.sessions.stamps import stamp
from napari_fhn.surveys import Grid, SurveyError, idle, kinds
from napari_fhn.surveys.maps import Categories, polygons, read_polygons, stack
from napari_fhn.surveys.remote.addresses import path_of
from napari_fhn.surveys.remote.opening import at_hand

STACK = "maps"
"""What a stack of maps is called."""

_NAMELESS = "survey"


@dataclass(frozen=True)
class MapFile:
    """One file of a stack.

    Parameters
    ----------
    path : Path
        A raster, or polygons.
    read_as : mapping
        Options of `napari_fhn.surveys.open`.
    categorical : bool
        Whether its whole numbers are classes.
    field : str
        Field of polygons that is their class.
    """

    path: Path
    read_as: Mapping[str, Any]
    categorical: bool = False
    field: str = ""


@dataclass(frozen=True)
class Together:
    """Surveys that are learnt from together.

    Parameters
    ----------
    surveys : SurveySet
        Names, each once, and surveys.
    maps : tuple of MapFile
        The files of a stack; empty where nothing was stacked, or a map came from no file.
    words : tuple of str
        What was done to bring them together.
    """

    surveys: SurveySet
    maps: tuple[MapFile, ...] = ()
    words: tuple[str, ...] = ()

    def stacks(self, folder: Path) -> dict[str, tuple[StackedMap, ...]]:
        """Return the maps of the stack as the manifest of a session names them."""
        if not self.maps:
            return {}
        return {
            STACK: tuple(
                StackedMap(refer(one.path, folder, stamp(one.path)), one.read_as, one.categorical, one.field)
                for one in self.maps
            )
        }


def open_together(
    items: Sequence[str | Path | xr.DataArray],
    *,
    categorical: Sequence[str | Path] = (),
    map_field: str | None = None,
    reading: Mapping[str, Any] | None = None,
    heeded: Collection[str] = (),
) -> Together:
    """Open surveys that are learnt from together.

    Parameters
    ----------
    items : sequence of path-like or xarray.DataArray
        Survey files, polygons (GeoPackage, shapefile, GeoJSON) with a class, or surveys that were opened already.
    categorical : sequence of path-like
        Rasters whose whole numbers are classes: a channel for each.
    map_field : str, optional
        Field of the polygons that is their class.
    reading : mapping, optional
        Options of `napari_fhn.surveys.open` for the files: each takes those that mean something to it.
    heeded : collection of str
        Those that what is no file has been opened with.

    Returns
    -------
    Together
        Each survey as it is, the part that volumes have in common, or one stack of all maps.

    Raises
    ------
    SurveyError
        When one cannot be opened, they do not go together, or an option means nothing to any of the files.

    Examples
    --------
    >>> from napari_fhn import sample_data
    >>> open_together(sample_data.HYPERSPECTRAL.dates).surveys.names
    ('date1', 'date2')
    """
    given = [one if isinstance(one, xr.DataArray) else path_of(one) for one in items]
    twice = [path_of(one) for one in categorical if any(_same_file(path_of(one), other) for other in given)]
    given = [one for one in given if not any(_same_file(path, one) for path in twice)]
    words = tuple(f"{path.name} is named as a survey and as classes: it counts once, as classes." for path in twice)
    drawn = [one for one in given if isinstance(one, Path) and polygons.can_read(one)]
    if map_field is not None and not drawn and items:
        what = "--map-field is the field of polygons among the surveys, and none of them is a file of polygons"
        raise SurveyError(str(items[0].name if isinstance(items[0], xr.DataArray) else items[0]), what, "Leave it out")
    opened: list[tuple[Path, xr.DataArray]] = []
    files = [one for one in given if isinstance(one, Path) and one not in drawn]
    options = idle.OfSeveral(surveys.open, reading or {}, len(files), heeded)
    for one in given:
        if isinstance(one, xr.DataArray):
            opened.append((Path(str(one.attrs.get("source", "") or "")), one))
        elif one not in drawn:
            opened.append((one, options.open(one)))
    options.check(next((str(one.name or _NAMELESS) for one in given if isinstance(one, xr.DataArray)), _NAMELESS))
    names = _names(opened)
    classes = [(path_of(path), surveys.open(path)) for path in categorical]
    other = next((name for name, (_, one) in zip(names, opened, strict=True) if not _is_map(one)), None)
    if other is not None and (drawn or classes):
        raise SurveyError(other, "polygons and categories go with maps, and it is none", "Leave them out")
    unlike = other is None and any(Grid.of(opened[0][1]).apart(Grid.of(one)) for _, one in opened[1:])
    if not (unlike or drawn or classes):
        shown = [path.name or name for name, (path, _) in zip(names, opened, strict=True)]
        found = surveys.together([one for _, one in opened], shown) if opened else None
        return Together(
            SurveySet.of(list(zip(names, () if found is None else found.surveys, strict=True))),
            words=(*words, *(() if found is None else found.words)),
        )
    shapes = [read_polygons(at_hand(path, whole=True), map_field) for path in drawn]
    stacked = stack([*(survey for _, survey in opened), *(Categories(one) for _, one in classes), *shapes])
    maps = [MapFile(path, plain_options(one)) for path, one in opened]
    maps += [MapFile(path, plain_options(one), True) for path, one in classes]
    maps += [MapFile(path, {}, field=one.field) for path, one in zip(drawn, shapes, strict=True)]
    from_files = all(stamps.is_kept(str(one.path)) and one.path.name for one in maps)
    return Together(
        SurveySet.of({STACK: stacked}), tuple(maps) if from_files else (), (*words, *stacked.attrs.get("notes", ()))
    )


def _same_file(path: Path, other: Path | xr.DataArray) -> bool:
    """Whether a survey is, or came from, a file or what lies at an address."""
    if isinstance(other, xr.DataArray):
        other = Path(str(other.attrs.get("source", "") or ""))
    try:
        return path == other or (path.exists() and other.name != "" and os.path.samefile(path, other))
    except OSError:
        return False


def _is_map(survey: xr.DataArray) -> bool:
    return set(kinds.spatial_dims(survey)) == {"y", "x"}


def _names(opened: Sequence[tuple[Path, xr.DataArray]]) -> list[str]:
    """Return what surveys are called, each name once: after their files, or as arrays are."""
    names: list[str] = []
    for path, survey in opened:
        name = path.stem or str(survey.name or "") or _NAMELESS
        names.append(name if name not in names else f"{name} ({len(names) + 1})")
    return names
