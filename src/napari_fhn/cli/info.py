"""``napari-fhn info``: what survey files hold, or what a session is about."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from napari_fhn.cli import saying
from napari_fhn.cli.exits import OK, WRONG
from napari_fhn.cli.options import Commands, UsageError, add_json
from napari_fhn.cli.reading import add_reading, as_options, reading
from napari_fhn.cli.runs import listed, row_of, table
from napari_fhn.cli.sessions import say
from napari_fhn.cli.typed import here

if TYPE_CHECKING:
    from napari_fhn.project import Session, SurveyEntry


def add(commands: Commands) -> None:
    """Describe the command."""
    parser = commands.add_parser("info", help="say what a survey file, or a session, holds")
    parser.add_argument("surveys", nargs="*", metavar="FILE", help="SEG-Y, ENVI, GeoTIFF, .npy, or sample:seismic")
    parser.add_argument(
        "--session", type=here, metavar="DIR", help="a session: its surveys, labels, runs, and who works in it"
    )
    add_reading(parser)
    add_json(parser)
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Print a summary of each file; one that cannot be read does not keep the others from being told."""
    if options.session is not None:
        if options.surveys:
            raise UsageError("a session has its surveys: name files or --session")
        return _of_session(options)
    if not options.surveys:
        raise UsageError("name a survey file, or a session with --session")
    from napari_fhn.project.data.samples import survey_files
    from napari_fhn.surveys import SurveyError, open, summary
    from napari_fhn.surveys.idle import OfSeveral

    code = OK
    named: list[list[Path]] = []
    for name in options.surveys:
        try:
            named.append(survey_files([name]))
        except SurveyError as error:
            code = WRONG
            saying.fail(str(error), code)
    read = OfSeveral(open, reading(options), sum(map(len, named)))
    for number, files in enumerate(named):
        if number and not options.json:
            print()
        try:
            for path in files:
                lines = [as_options(line) for line in summary(read.open(path))]
                if options.json:
                    print(json.dumps({"kind": "Survey", "path": str(path), "summary": lines}))
                else:
                    print("\n".join(lines))
        except SurveyError as error:
            code = WRONG
            saying.fail(str(error), code)
    if code == OK:  # else an option may mean something to what could not be opened
        read.check()
    return code


def _of_session(options: argparse.Namespace) -> int:
    """Say what a session holds; nothing of it is changed, whoever works in it."""
    from napari_fhn.project import Session
    from napari_fhn.project.sessions import damage

    session = Session.existing(options.session)
    damaged = damage.found(session.folder)
    manifest, holder = session.manifest, session.holder()
    labelled = _labelled(session)
    runs = listed(session)
    if options.json:
        told: dict[str, Any] = {
            "path": str(session.folder),
            "data": manifest.kind,
            "surveys": [_survey(session, entry) for entry in manifest.surveys],
            "vertical_axis": manifest.vertical_axis,
            "classes": [{"value": one.code, "name": one.name, "color": one.color} for one in manifest.table or ()],
            "labelled": labelled,
            "knowledge": [{"file": one.file.name, "kind": one.kind} for one in manifest.knowledge],
            "runs": [row_of(one) for one in runs],
            "bytes": session.disk_used(),
            "held_by": "" if holder is None else holder.words(),
            "damaged": damaged,
        }
        print(json.dumps({"kind": "Session", **told}))
        return OK
    from napari_fhn.network.counting import in_words

    kind = manifest.kind or ("data of a kind that is not known" if manifest.surveys else "no survey yet")
    print(f"{session.folder}: {kind}, {in_words(session.disk_used())}")
    for entry in manifest.surveys:
        found = _survey(session, entry)
        where = found["file"] if found["found"] else found["gone"]
        answers = "".join(f", {name} {value}" for name, value in found["read_as"].items())
        print(f"survey {entry.name}: {where}{answers}{'' if entry.role == 'input' else ', only looked at'}")
    print("labels: " + (", ".join(f"{count:,} {name}" for name, count in labelled.items()) or "none yet"))
    for one in manifest.knowledge:
        print(f"known: {one.file.name} ({one.kind})")
    print(table(runs) if runs else "runs: none yet")
    if holder is not None:
        print(f"in use: {holder.words()}")
    say(damaged)
    return OK


def _survey(session: Session, entry: SurveyEntry) -> dict[str, Any]:
    """What the manifest says of a survey, and whether its files are there."""
    from napari_fhn.project.data import standing_in
    from napari_fhn.project.data.opening import Finder

    files = [entry.file] if entry.file is not None else [one.file for one in entry.stack]
    finder = Finder(session.folder)
    places = [finder.find(file) for file in files]
    return {
        "name": entry.name,
        "file": ", ".join(file.name for file in files) or ("a copy in the session" if entry.staged else "an array"),
        "found": all(place is not None for place in places),
        "gone": standing_in.gone(file for file, place in zip(files, places, strict=True) if place is None),
        "paths": [str(place) for place in places if place is not None],
        "kind": entry.kind,
        "role": entry.role,
        "channels": entry.channels,
        "read_as": dict(entry.read_as),
    }


def _labelled(session: Session) -> dict[str, int]:
    """Labelled voxels by the name of their class."""
    from napari_fhn.labels.volumes import volume

    if not session.has_labels:
        return {}
    names = {} if session.classes is None else dict(zip(session.classes.values, session.classes.names, strict=True))
    return {names.get(value, f"class {value}"): count for value, count in volume.count(session.known()).items()}
