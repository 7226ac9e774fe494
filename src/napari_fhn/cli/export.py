"""``napari-fhn export``: what was predicted, in the files that a team's other programs read."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from napari_fhn.cli.exits import OK
from napari_fhn.cli.options import Commands, UsageError, add_json, add_overwrite, add_partial, add_session, add_stac
from napari_fhn.cli.reading import add_reading, reading
from napari_fhn.cli.sessions import existing, opened, place, say, speak_of_job, told

if TYPE_CHECKING:
    from napari_fhn.project.exporting.exporter import Exporter, Request

_GRIDS = ".sgy, .su, .tif, .img, .nc, .zarr or .npy"
_TRACES = ".tif, .irap, .zmap, .vs (a horizon), .csv, .xyz, .dat or .txt"
_CLASSES: dict[str, Any] = {"action": "append", "metavar": "CLASS", "default": []}


def add(commands: Commands) -> None:
    """Describe the command, and what it can write."""
    parser = commands.add_parser(
        "export", help="write predictions, uncertainty, horizons, bodies and polygons to files"
    )
    kinds = parser.add_subparsers(dest="what", required=True, metavar="WHAT")
    _kind(kinds, "classes", "the predicted classes", _GRIDS)
    probabilities = _kind(
        kinds, "probabilities", "a layer for each class, or that of one; in SEG-Y a file for each class", _GRIDS
    )
    probabilities.add_argument("--of", **_CLASSES, help="only the probability of this class")
    _kind(kinds, "entropy", "how undecided the network is, from 0 to 1", _GRIDS)
    _kind(kinds, "margin", "by how much the likeliest class leads, from 0 to 1", _GRIDS)
    _kind(kinds, "labels", "what is labelled, as classes", _GRIDS)
    _kind(kinds, "table", "the classes: value, name and colour", ".csv, or .qml as a style for QGIS")
    horizon = _kind(kinds, "horizon", "where one class turns into another on the way down", _TRACES)
    for name in ("above", "below"):
        horizon.add_argument(f"--{name}", **_CLASSES, required=True, help=f"class {name} it; may be repeated")
    thick = _kind(kinds, "thickness", "how thick a class is on each trace, from its top to its base", _TRACES)
    thick.add_argument("--of", **_CLASSES, required=True, help="the class; repeated, they count as one")
    thick.add_argument("--net", action="store_true", help="count its samples alone, without what lies between them")
    thick.add_argument("--velocity", type=float, metavar="M/S", help="in metres, by this velocity (default: in ms)")
    body = _kind(kinds, "bodies", "connected bodies of a class, numbered by falling size", _GRIDS)
    body.add_argument("--of", **_CLASSES, required=True, help="the class; repeated, they count as one")
    body.add_argument("--at-least", type=int, default=1, metavar="N", help="voxels of the smallest body (default 1)")
    body.add_argument(
        "--corners", action="store_true", help="voxels that share an edge or a corner belong together too"
    )
    shape = _kind(kinds, "mesh", "the surfaces of classes, in map coordinates", ".obj or .ts")
    shape.add_argument("--of", **_CLASSES, required=True, help="the class; repeated, each gets a surface")
    areas = _kind(kinds, "polygons", "the areas of the classes of a map", ".gpkg or .geojson")
    areas.add_argument("--at-least", type=int, default=1, metavar="N", help="cells of the smallest area (default 1)")


def _kind(kinds: Any, name: str, what: str, files: str) -> argparse.ArgumentParser:
    parser: argparse.ArgumentParser = kinds.add_parser(name, help=what, description=f"Write {what}.")
    parser.add_argument("output", type=Path, metavar="FILE", help=files)
    add_session(parser)
    parser.add_argument("--prediction", metavar="FILE", help="file of classes, where there is no session")
    parser.add_argument(
        "--classes", type=Path, metavar="CSV", help="columns value, name, color (default: the session's)"
    )
    parser.add_argument(
        "--like",
        metavar="SURVEY",
        help="survey that was predicted: gives headers, map and axes (default: the session's own)",
    )
    add_partial(parser)
    add_stac(parser)
    add_overwrite(parser)
    add_reading(parser)
    add_json(parser)
    parser.set_defaults(run=run)
    return parser


def run(options: argparse.Namespace) -> int:
    """Write one file, or one for each class, and say which."""
    from napari_fhn.project.exporting.exporter import Request

    exporter = _exporter(options)
    named: dict[str, Any] = {name: exporter.values(getattr(options, name, ())) for name in ("of", "above", "below")}
    request = Request(
        options.what,
        options.output,
        **named,
        at_least=getattr(options, "at_least", 1),
        velocity=getattr(options, "velocity", None),
        net=getattr(options, "net", False),
        corners=getattr(options, "corners", False),
        partial=options.partial,
        stac=options.stac,
        overwrite=options.overwrite,
    )
    write(exporter, request, options.json)
    return OK


def asked(options: argparse.Namespace) -> Request:
    """Return what the ``--output`` of a prediction asks for."""
    from napari_fhn.project.exporting.exporter import Request

    return Request("classes", options.output, partial=options.partial, stac=options.stac, overwrite=options.overwrite)


def write(exporter: Exporter, request: Request, as_json: bool) -> None:
    """Export, and say what was written.

    Parameters
    ----------
    exporter : Exporter
        Of what.
    request : Request
        What, and where to.
    as_json : bool
        As a line of JSON in place of a sentence.
    """
    written = exporter.write(request, told(f"Writing {request.path.name}"))
    say(written.notes)
    if as_json:
        paths = [str(path) for path in written.paths]
        what = {"kind": "Export", "what": request.what, "paths": paths, **written.counts}
        print(json.dumps({**what, "made": list(written.made)}))
    else:
        print(written.words)


def _exporter(options: argparse.Namespace) -> Exporter:
    """Return what exports what ``--session``, ``--job`` or ``--prediction`` names."""
    from napari_fhn import surveys
    from napari_fhn.cli.known import legend
    from napari_fhn.project.data import samples
    from napari_fhn.project.exporting.exporter import Exporter
    from napari_fhn.training.job import Job

    in_a_session = options.session is not None or options.job is not None
    if in_a_session == (options.prediction is not None):
        raise UsageError("say what to export: one of --session (or --job) and --prediction")
    table = legend(options)
    like = None
    if options.like is not None:
        like = surveys.open(samples.survey_files([options.like])[0], **reading(options))
    if options.prediction is not None:
        (path,) = samples.survey_files([options.prediction])
        # What says how --like is read says nothing about this file, unless they are one.
        return Exporter.of_file(path, like=like, table=table, **({} if like is not None else reading(options)))
    if like is None and reading(options):
        raise UsageError("how a survey is read goes with --like: the session knows how its own is")
    folder, name = place(options)
    if folder is None:
        job = Job.load(options.job, trusted=True)
        speak_of_job(job)
        return Exporter.of_job(job, like=like, table=table)
    session = existing(folder, "napari-fhn export")
    other = session.holder()
    if other is not None:
        say([f"{other.words()} is working in the session: what it writes meanwhile may be in the file or not."])
    run = None if name is None else session.runs.get(name)
    return Exporter.of_run(opened(session, run), run, like=like, table=table)
