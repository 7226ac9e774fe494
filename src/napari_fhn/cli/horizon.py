"""``napari-fhn horizon``: a horizon tracked from a few picks, as a surface."""

from __future__ import annotations

import argparse
import json
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any

from napari_fhn.cli.exits import OK
from napari_fhn.cli.maps import add_maps, open_together
from napari_fhn.cli.misplaced import check_order
from napari_fhn.cli.options import Commands, UsageError, add_answers, add_json, add_overwrite
from napari_fhn.cli.reading import add_reading
from napari_fhn.cli.sessions import existing, opened, say, told
from napari_fhn.cli.typed import here
from napari_fhn.sentence import counted
from napari_fhn.what_it_is import what_it_is

if TYPE_CHECKING:
    import xarray as xr

    from napari_fhn.structure.marching import DipSource

_PROGRAM = "napari-fhn horizon"
_EVENTS = ("peak", "trough", "rising", "falling", "waveform")


def add(commands: Commands) -> None:
    """Describe the command."""
    parser = commands.add_parser("horizon", help="track a horizon from a few picks along the reflectors")
    parser.add_argument(
        "files",
        nargs="+",
        type=str,
        metavar="SURVEY PICKS",
        help="seismic volume or line (sample:seismic is the bundled one), then a file of picks: inline and crossline, "
        "or x and y, and time or depth; with --session the picks alone",
    )
    parser.add_argument(
        "--output",
        type=Path,
        required=True,
        metavar="FILE",
        help="where to: .irap, .zmap, .tif, .csv, .xyz, .dat or .txt; text and GeoTIFF have the quality too",
    )
    how = parser.add_argument_group("how")
    how.add_argument(
        "--snap",
        choices=_EVENTS,
        help="what it follows: a peak, a trough, a zero crossing, or the waveform (default: what most picks lie on)",
    )
    how.add_argument("--snap-picks", action="store_true", help="move the picks themselves to the nearest such event")
    how.add_argument(
        "--quality",
        type=float,
        metavar="SHARE",
        help="least quality, from 0 to 1, which falls with distance and across faults (default 0.5)",
    )
    how.add_argument("--reach", type=float, metavar="N", help="longest way in traces (default: any)")
    how.add_argument("--name", metavar="NAME", help="of the horizon, where the file of picks holds several")
    how.add_argument(
        "--z", choices=("down", "up"), help="which way the values of the picks grow, where it is not clear"
    )
    how.add_argument("--crs", metavar="CRS", help="of the picks' x and y, where it is not that of the survey")
    add_answers(how)
    how.add_argument(
        "--session", type=here, metavar="DIR", help="take its survey, and the dips that were found there already"
    )
    add_reading(parser)
    add_maps(parser)
    add_overwrite(parser)
    add_json(parser)
    parser.set_defaults(run=run, in_order=_in_order)


def run(options: argparse.Namespace) -> int:
    """Track, and write the surface."""
    wanted = 1 if options.session is not None else 2
    if len(options.files) != wanted:
        raise UsageError(
            "with --session name the picks alone" if wanted == 1 else "name a survey and a file of picks, in this order"
        )
    from napari_fhn import __version__
    from napari_fhn.labels import LabelWarning
    from napari_fhn.project.labelling import tracking

    least = tracking.QUALITY if options.quality is None else options.quality
    tracking.check(least, options.reach, options.snap)
    survey, data, dips = _survey(options)
    tracking.check_survey(survey)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", LabelWarning)
        picks = picked(options, survey)
    say(str(one.message) for one in caught if issubclass(one.category, LabelWarning))
    found = tracking.track_horizon(
        survey,
        data,
        picks,
        dips,
        event=options.snap,
        reach=options.reach,
        snap_picks=options.snap_picks,
        progress=told("Tracking"),
    )
    made = [f"napari-fhn {__version__}", f"picks in {Path(options.files[-1]).name}"]
    count = found.save(options.output, survey, least, made=made, overwrite=options.overwrite)
    if options.json:
        print(
            json.dumps(
                {
                    "kind": "Horizon",
                    "name": str(found.surface.name),
                    "path": str(options.output),
                    "event": found.event,
                    "picks": found.picks,
                    "traces": count,
                    "of": int(found.surface.size),
                }
            )
        )
    else:
        what = found.event if found.event in ("peak", "trough", "waveform") else f"{found.event} zero crossing"
        print(
            f"Written: {options.output}, {count:,} of {counted(found.surface.size, 'traces')}: the {what} "
            "followed from "
            f"{counted(found.picks, 'picks')}, quality {least:g} and more."
        )
    return OK


def _in_order(options: argparse.Namespace) -> None:
    if options.session is None and len(options.files) == 2:
        survey, picks = map(Path, options.files)
        check_order(survey, picks, ("a survey", "its picks"), _holds_voxels)


def _holds_voxels(path: Path) -> bool:
    """Whether a file is a survey by its own bytes, or the bundled one by its name."""
    found = what_it_is(path)
    return str(path).startswith("sample:") or (found is not None and found.use in ("voxels", "raster"))


def picked(options: argparse.Namespace, survey: xr.DataArray) -> xr.DataArray:
    """Return the horizon that is picked; what its file leaves open is asked with the option that answers it."""
    from napari_fhn.cli.known import answering
    from napari_fhn.labels import Question, read_picked
    from napari_fhn.project.knowledge.naming import Said, sources

    said = Said(
        horizon=options.files[-1],
        columns=options.columns,
        z=options.z,
        crs=options.crs,
        survey_crs=options.survey_crs,
        decimal=options.decimal,
    )
    (source,) = sources(said, survey)
    if options.name is not None:
        source = source.answered(name=options.name)
    try:
        return read_picked(source, survey)
    except Question as question:
        raise answering(question, (source,)) from question


def _survey(options: argparse.Namespace) -> tuple[xr.DataArray, Any, DipSource]:
    """Return the survey, its amplitudes, and its dips, which a session keeps."""
    from napari_fhn.project.data.samples import survey_files
    from napari_fhn.project.labelling import tracking
    from napari_fhn.structure.dips import DipField

    if options.session is None:
        survey = open_together(survey_files(options.files[:1]), options).surveys.first
        tracking.check_survey(survey)
        data = tracking.Lazily(survey)
        return survey, data, DipField.open(data)
    project = opened(existing(options.session, _PROGRAM))
    return project.needed("Name the survey instead").first, *tracking.amplitudes(project)
