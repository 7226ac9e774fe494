"""The commands and their options."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from napari_fhn import __version__
from napari_fhn.training.job import Job, JobError
from napari_fhn.training.recipes import RECIPES

_OK, _WRONG, _INTERRUPTED = 0, 2, 130


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command.

    Parameters
    ----------
    arguments : sequence of str, optional
        Without the program's name; the process's own when absent.

    Returns
    -------
    int
        Exit code: 0 done, 2 when something about the files or options is wrong (one sentence on standard error says
        what), 130 when stopped with Ctrl-C.
    """
    options = _parser().parse_args(arguments)
    command = {"info": _info, "train": _train, "predict": _predict}[options.command]
    try:
        return command(options)
    except KeyboardInterrupt:
        return _INTERRUPTED
    except BrokenPipeError:
        # The reader of a pipe has seen enough; Python would complain once more when it flushes at the end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return _OK
    except (ValueError, OSError, MemoryError) as error:
        sentence = _sentence(error)
        if sentence is None:
            raise
        print(f"napari-fhn: {sentence}", file=sys.stderr)
        return _WRONG


def _sentence(error: ValueError | OSError | MemoryError) -> str | None:
    """What a person can act on; None for an error of the program itself."""
    # SurveyError, LabelError, JobError: told by their home, so that a machine with torch and numpy alone can train.
    if type(error).__module__.startswith("napari_fhn."):
        return str(error)
    if isinstance(error, OSError) and error.filename is not None:
        return f"{error.filename}: {error.strerror or error}"
    if isinstance(error, MemoryError):
        return "there is not enough memory: use a smaller survey, or close other programs"
    return None


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="napari-fhn",
        description="Segment seismic volumes, hyperspectral cubes and maps from sparse labels.",
    )
    parser.add_argument("--version", action="version", version=__version__)
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    info = commands.add_parser("info", help="say what a survey file holds")
    info.add_argument("surveys", nargs="+", metavar="FILE", help="SEG-Y, ENVI, GeoTIFF, .npy, or sample:seismic")
    _add_train(commands.add_parser("train", help="train a network on the labels of a survey"))
    predict = commands.add_parser("predict", help="predict a whole survey with a trained network, and export it")
    predict.add_argument("--session", type=Path, metavar="DIR", help="folder that train wrote")
    predict.add_argument("--job", type=Path, metavar="FILE", help="saved job (default: job.json of the session)")
    predict.add_argument("--output", type=Path, metavar="FILE", help="export to .sgy, .tif or .npy")
    predict.add_argument("--like", metavar="SURVEY", help="survey whose headers or map the export takes over")
    _add_common(predict)
    return parser


def _add_train(train: argparse.ArgumentParser) -> None:
    train.add_argument(
        "surveys",
        nargs="*",
        metavar="SURVEY",
        help="survey file; several (dates, attributes) are stacked as channels. sample:seismic and "
        "sample:hyperspectral are the bundled ones, with their labels and truth",
    )
    known = train.add_argument_group("what is known")
    known.add_argument(
        "--labels", type=Path, metavar="FILE", help="labels on the survey's grid: .npy, .npz, .tif, .sgy"
    )
    known.add_argument(
        "--wells", type=Path, metavar="TABLE", help="well with inline and crossline, or x and y; goes with --tops"
    )
    known.add_argument(
        "--tops",
        type=Path,
        metavar="TABLE",
        help="well, top, base, class; or well, marker and its md, tvd, tvdss or twt (units in the header)",
    )
    _add_picks(known)
    known.add_argument("--classes", type=Path, metavar="CSV", help="columns value, name, color")
    known.add_argument("--radius", type=float, default=3.0, metavar="TRACES", help="of a well's labels (default 3)")
    known.add_argument("--hold-out", type=int, default=0, metavar="N", help="wells or patches kept for the score")
    known.add_argument("--truth", type=Path, metavar="FILE", help="true classes: prints IoU where nothing was labelled")
    how = train.add_argument_group("how")
    how.add_argument("--recipe", choices=tuple(RECIPES), help="network and schedule (default: what suits the survey)")
    how.add_argument("--steps", type=int, metavar="N", help="training steps (default: the recipe's)")
    how.add_argument("--seed", type=int, metavar="N", help="of every random choice")
    how.add_argument("--device", default="auto", help="auto, cpu, cuda, cuda:1, mps (default auto)")
    how.add_argument("--vertical-axis", type=int, metavar="N", help="axis of time or depth where the file names none")
    how.add_argument("--session", type=Path, metavar="DIR", help="folder of work (default: SURVEY.fhn, made here)")
    how.add_argument("--job", type=Path, metavar="FILE", help="train a saved job again; no survey is given then")
    _add_common(train)


def _add_picks(known: argparse._ArgumentGroup) -> None:
    """Files of picks, and what they may not tell themselves."""
    several: dict[str, Any] = {"action": "append", "type": Path, "default": []}
    known.add_argument("--las", **several, metavar="FILE", help="well log with a curve of classes; may be repeated")
    known.add_argument(
        "--las-curve", metavar="NAME", help="the curve of classes (default: CLASS, or what is called so)"
    )
    known.add_argument("--las-unit", choices=("ms", "s", "m", "ft"), help="unit of the log's time or depth")
    known.add_argument(
        "--deviation",
        **several,
        metavar="TABLE",
        help="path of a well: md, inclination, azimuth; or md, tvd and x, y or dx, dy. May be repeated",
    )
    known.add_argument(
        "--checkshots",
        **several,
        metavar="TABLE",
        help="md, tvd or tvdss with twt or owt: brings depths to the time of the survey. May be repeated",
    )
    known.add_argument(
        "--horizon",
        **several,
        metavar="TABLE",
        help="picks by inline, crossline or x, y; Charisma, IESX. May be repeated, from top to bottom",
    )
    known.add_argument(
        "--zones",
        metavar="NAMES",
        help="classes above, between and below the horizons, with commas; an empty one stays unlabelled",
    )
    known.add_argument(
        "--band", type=float, metavar="MS", help="label a band of this thickness around each horizon instead"
    )
    known.add_argument("--z", choices=("down", "up"), help="which way the values of a horizon grow")
    known.add_argument(
        "--points", type=Path, metavar="TABLE", help="class with row, col or x, y on a map; with a time in a volume"
    )
    known.add_argument(
        "--polygons", type=Path, metavar="FILE", help="GeoPackage, shapefile or GeoJSON with a class field"
    )
    known.add_argument("--class-field", metavar="NAME", help="field of the polygons that is the class")
    known.add_argument("--layer", metavar="NAME", help="layer of the polygons, where there are several")
    known.add_argument("--slices", metavar="TOP,BASE", help="slices of a volume that the polygons label, in ms or m")
    known.add_argument(
        "--columns",
        action="append",
        default=[],
        metavar="KIND:ROLE=COLUMN[:UNIT],...",
        help="what columns of a table are, by name or number from 1, as in tops:well=1,marker=2,md=3:m; kinds are "
        "wells, tops, points, deviation, checkshots, horizon",
    )
    known.add_argument(
        "--decimal", choices=("point", "comma"), help="decimal mark of the tables, where it is not clear"
    )
    known.add_argument(
        "--kb", type=float, metavar="M", help="elevation of the wells' datum (kelly bushing) above sea level, in metres"
    )
    known.add_argument(
        "--datum", type=float, default=0.0, metavar="M", help="elevation of the zero of a depth survey (default 0)"
    )


def _add_common(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", help="print every update as a line of JSON")


def _info(options: argparse.Namespace) -> int:
    from napari_fhn.cli.given import survey_files
    from napari_fhn.surveys import SurveyError, open, summary

    code = _OK
    for number, name in enumerate(options.surveys):
        if number:
            print()
        try:
            for path in survey_files([name]):
                print("\n".join(summary(open(path))))
        except SurveyError as error:
            print(f"napari-fhn: {error}", file=sys.stderr)
            code = _WRONG
    return code


def _train(options: argparse.Namespace) -> int:
    from napari_fhn.cli.running import run

    truth_file, session = options.truth, options.session
    if options.job is not None:
        if options.surveys or options.session is not None:
            raise JobError("--job trains a saved job as it is: leave the surveys and --session out")
        job = Job.load(options.job)
        _prepare_prediction(job)
    else:
        if not options.surveys:
            raise JobError("name a survey to train on, or a saved job with --job")
        from napari_fhn.cli.given import prepare

        prepared = prepare(options)
        job, truth_file, session = prepared.job, prepared.truth, prepared.folder
    if not run("train", job, options.json):
        return _INTERRUPTED
    if truth_file is not None:
        from napari_fhn.cli.report import report

        # While training only the sections in view are predicted; the score is over all of the survey.
        if not run("predict", job, options.json):
            return _INTERRUPTED
        report(job, truth_file, options.json)
    elif session is not None and not options.json:
        print(f"Next: napari-fhn predict --session {session} --output FILE --like SURVEY")
    return _OK


def _prepare_prediction(job: Job) -> None:
    """A replayed job may have been copied without its prediction."""
    import numpy as np

    path = Path(job.prediction)
    if not path.exists():
        labels = Path(job.labels)
        if not labels.exists():
            raise JobError(f"{labels} does not exist: was it moved since the job was made?")
        shape = np.load(labels, mmap_mode="r", allow_pickle=False).shape
        np.lib.format.open_memmap(path, mode="w+", dtype=np.uint8, shape=shape).flush()


def _predict(options: argparse.Namespace) -> int:
    if options.session is None and options.job is None:
        raise JobError("name the session with --session, or a saved job with --job")
    if options.session is not None and not options.session.is_dir():
        raise JobError(f"there is no session in {options.session}: train one first")
    job = Job.load(options.job if options.job is not None else options.session / "job.json")
    if options.output is not None:
        from napari_fhn.cli.report import check_output, export

        # Before the work and not after it: a wrong name must not cost the prediction.
        like = check_output(options.output, options.like)
    _prepare_prediction(job)
    from napari_fhn.cli.running import run

    if not run("predict", job, options.json):
        return _INTERRUPTED
    if options.output is not None:
        export(job, options.output, like)
        if not options.json:
            print(f"Written: {options.output}")
    return _OK
