"""What several commands have in common: how options are read, and what is said when they are wrong."""

from __future__ import annotations

import argparse
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any, NoReturn, get_args

from napari_fhn.cli.typed import here, number_of_bytes, task
from napari_fhn.structure.attributes import Attribute, bands, dates, maps, seismic
from napari_fhn.training.combination.settings import FACTORS, Choice
from napari_fhn.training.job import Job

#: What ``add_subparsers`` returns; a class of argparse that has no public name.
Commands = Any


class UsageError(ValueError):
    """Options that make no sense; the message is one sentence."""


class Parser(argparse.ArgumentParser):
    """A parser that says what is wrong in one sentence, and leaves it to ``main`` to end the program.

    Every command has what is asked of all of them: ``--verbose``, ``--log-file`` and ``--fetch``.
    """

    def __init__(self, *words: Any, **how: Any) -> None:
        super().__init__(*words, **how)
        # Without a default: those of a command would undo what was said before its name.
        self.add_argument(
            "-v", "--verbose", action="store_true", default=argparse.SUPPRESS, help="tell what happens, as it does"
        )
        self.add_argument(
            "--log-file",
            type=here,
            metavar="FILE",
            default=argparse.SUPPRESS,
            help="add all of that to a file, with what led to an error",
        )
        self.add_argument(
            "--fetch",
            action="store_true",
            default=argparse.SUPPRESS,
            help="fetch what lies at an address, and cannot be read there, however large it is",
        )

    def error(self, message: str) -> NoReturn:
        """Say what is wrong.

        Raises
        ------
        UsageError
            Always.
        """
        raise UsageError(f"{message} ('{self.prog} --help' lists what there is)")


def add_json(parser: argparse.ArgumentParser) -> None:
    """Add ``--json``."""
    parser.add_argument("--json", action="store_true", help="print what there is to say as lines of JSON")


def add_stac(parser: argparse.ArgumentParser) -> None:
    """Add ``--stac``."""
    parser.add_argument("--stac", action="store_true", help="write a STAC item for catalogues beside a GeoTIFF")


def add_overwrite(parser: argparse.ArgumentParser) -> None:
    """Add ``--overwrite``."""
    parser.add_argument(
        "--overwrite",
        action="store_true",
        help="replace a file that this program has not written, or that was changed since",
    )


def add_take_over(parser: argparse.ArgumentParser, **more: Any) -> None:
    """Add ``--take-over``."""
    parser.add_argument(
        "--take-over",
        action="store_true",
        help="write in the session even though another program does: that one finds out, and what it has not written "
        "by then is lost",
        **more,
    )


def add_machine(parser: argparse._ActionsContainer) -> None:
    """Add ``--device`` and ``--memory``; they are None where nobody said anything."""
    parser.add_argument("--device", help="auto, cpu, cuda, cuda:1, mps (default auto)")
    parser.add_argument(
        "--memory",
        type=number_of_bytes,
        metavar="SIZE",
        help="that may be used, such as 6GB; blocks and tiles are made to fit (default: what is free)",
    )


def add_place(parser: argparse._ActionsContainer) -> None:
    """Add ``--in-place`` and ``--copy``; ``stays`` is None where nobody said anything."""
    parser.add_argument(
        "--in-place",
        dest="stays",
        action="store_const",
        const=True,
        help="read surveys in blocks (bricks, Zarr, MDIO, OpenVDS) where they lie; those of 4 GB and more are anyway",
    )
    parser.add_argument(
        "--copy", dest="stays", action="store_const", const=False, help="copy surveys into the session, however large"
    )


def add_task(parser: argparse._ActionsContainer, what: str) -> None:
    """Add ``--task``; it is None where nobody said anything."""
    parser.add_argument(
        "--task",
        type=task,
        metavar="K/N",
        help=f"{what} the K-th of N parts only, which may run at once on as many machines: 1/128 to 128/128",
    )


def add_cluster(parser: argparse._ActionsContainer) -> None:
    """Add ``--cluster`` and ``--workers``."""
    parser.add_argument(
        "--cluster",
        nargs="?",
        const="local",
        metavar="ADDRESS",
        help="spread the work over the workers of a dask scheduler, such as tcp://host:8786; without an address over "
        "processes of this machine",
    )
    parser.add_argument("--workers", type=int, metavar="N", help="processes of this machine (default: one a processor)")


def check_task(options: argparse.Namespace) -> None:
    """Refuse a task beside a cluster, which does all of them, and workers of none.

    Raises
    ------
    UsageError
    """
    if options.cluster is not None and options.task is not None:
        raise UsageError("a cluster does all tasks: leave --task or --cluster out")
    if options.workers is not None and options.cluster != "local":
        raise UsageError("--workers says how many processes of this machine take part: it goes with --cluster alone")


def add_attributes(parser: argparse._ActionsContainer) -> None:
    """Add ``--attribute``; it is None where nobody said anything."""
    parser.add_argument(
        "--attribute",
        dest="attributes",
        action="append",
        metavar="NAME[:VALUES]",
        help="take an attribute of the survey as further channels; may be repeated. Of seismic data: "
        f"{_names(seismic.ATTRIBUTES)}; of maps: {_names(maps.ATTRIBUTES)}; of bands: {_names(bands.ATTRIBUTES)}; of "
        f"dates: {_names(dates.ATTRIBUTES)}. As in rms:40 (ms), spectral:15,30,45 (Hz), residual:5000 (m), pca:8, "
        "indices:ndvi,nbr. 'all' for all that fit, 'auto' for those that help on labels left out, 'none' for none (see "
        "'napari-fhn attributes')",
    )


def add_backbone(parser: argparse._ActionsContainer) -> None:
    """Add ``--backbone`` and ``--trust-backbone``."""
    parser.add_argument(
        "--backbone",
        action="append",
        type=here,
        default=[],
        metavar="FILE",
        help="take features of a network that somebody else trained as further channels: TorchScript (.pt) or ONNX "
        "(.onnx), with a file FILE.json beside it that says what it takes and gives",
    )
    add_trust(parser)


def add_trust(parser: argparse._ActionsContainer) -> None:
    """Add ``--trust-backbone``."""
    parser.add_argument(
        "--trust-backbone",
        action="store_true",
        help="load networks of TorchScript: that runs code that whoever made the file has put there",
    )


def _names(attributes: Iterable[type[Attribute]]) -> str:
    return ", ".join(one.name for one in attributes)


def add_combination(parser: argparse._ActionsContainer) -> None:
    """Add ``--factors`` and what :func:`add_finishes` adds; they are None where nobody said anything."""
    parser.add_argument(
        "--factors",
        metavar="NAMES",
        help=f"what a prediction is made of beside the network, with commas: {', '.join(FACTORS)}; none for the "
        "network alone (default: auto, all that go with the data, weighed on labels left out)",
    )
    add_finishes(parser)


def add_finishes(parser: argparse._ActionsContainer) -> None:
    """Add ``--smoothing``, ``--layer-order`` and ``--snapping``; they are None where nobody said anything."""
    parser.add_argument(
        "--smoothing",
        choices=get_args(Choice),
        help="average probabilities along reflectors, on maps where bands are alike (default auto: along reflectors, "
        "and on maps where labels left out are foretold better so)",
    )
    parser.add_argument(
        "--layer-order",
        choices=get_args(Choice),
        help="label columns in the order that labelled ones show (default auto: where they agree on one)",
    )
    parser.add_argument(
        "--snapping",
        choices=get_args(Choice),
        help="snap boundaries of classes to reflectors that look like them where they are labelled (default auto: as "
        "far as labels foretell each other so)",
    )


def on_machine(job: Job, options: argparse.Namespace) -> Job:
    """Return a job with the device and the memory that were said."""
    device = job.device if options.device is None else options.device
    memory = job.memory if options.memory is None else options.memory
    return replace(job, device=device, memory=memory)


def add_session(parser: argparse.ArgumentParser) -> None:
    """Add ``--session``, ``--run`` and ``--job``, which say what the command works on."""
    parser.add_argument("--session", type=here, metavar="DIR", help="folder that train, or the dock, wrote")
    add_run(parser)
    parser.add_argument("--job", type=here, metavar="FILE", help="saved job, of a run or of no session at all")
    add_trust_job(parser)


def add_trust_job(parser: argparse._ActionsContainer) -> None:
    """Add ``--trust-job``."""
    parser.add_argument(
        "--trust-job",
        action="store_true",
        help="let the saved job of --job write where it says, outside of its own folder too",
    )


def add_run(parser: argparse.ArgumentParser) -> None:
    """Add ``--run``."""
    parser.add_argument(
        "--run",
        dest="run_name",
        metavar="RUN",
        help="name or number of a run of the session (default: the current one)",
    )


def add_partial(parser: argparse.ArgumentParser) -> None:
    """Add ``--partial``."""
    parser.add_argument(
        "--partial",
        action="store_true",
        help="take the prediction as it is, though it is not whole, or its network or a survey has changed since",
    )


def with_numbers(job: Job, options: argparse.Namespace) -> Job:
    """Return a job with the steps and the seed that were given."""
    given = {name: value for name in ("steps", "seed") if (value := getattr(options, name)) is not None}
    return replace(job, schedule=replace(job.schedule, **given))


def add_answers(group: argparse._ActionsContainer) -> None:
    """Add what answers the questions that any table may leave open."""
    group.add_argument(
        "--survey-crs", metavar="CRS", help="CRS of the survey's own coordinates, where files come in another"
    )
    group.add_argument(
        "--columns",
        action="append",
        default=[],
        metavar="KIND|FILE:ROLE=COLUMN[:UNIT],...",
        help="what columns of a table are, by name or number from 1, as in tops:well=1,marker=2,md=3:m; a unit alone, "
        "as in horizon:z=:m; or any other answer, as in checkshots:way=twt; for all files of a kind (wells, tops, "
        "deviation, checkshots, las, horizon, points, polygons, labels) or for one file by its name, as in "
        "b.las:curve=FACIES",
    )
    group.add_argument(
        "--decimal", choices=("point", "comma"), help="decimal mark of the tables, where it is not clear"
    )


def add_known(parser: argparse.ArgumentParser) -> argparse._ArgumentGroup:
    """Add what says where labels come from: wells, logs, horizons, points, polygons, and how their tables are read."""
    known = parser.add_argument_group("what is known")
    several: dict[str, Any] = {"action": "append", "type": Path, "default": []}
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
        help="picks by inline, crossline or x, y; Charisma, IESX; surfaces in Irap, ZMap or CPS-3. May be "
        "repeated, from top to bottom",
    )
    known.add_argument(
        "--zones",
        metavar="NAMES",
        help="classes above, between and below the horizons, with commas; an empty one stays unlabelled",
    )
    known.add_argument(
        "--band", type=float, metavar="MS", help="label a band of this thickness around each horizon instead"
    )
    known.add_argument("--way", choices=("twt", "owt"), help="whether times of checkshots are two-way or one-way")
    known.add_argument(
        "--z", choices=("down", "up"), help="which way the values of a horizon, or the depths of points, grow"
    )
    known.add_argument(
        "--points", type=Path, metavar="TABLE", help="class with row, col or x, y on a map; with a time in a volume"
    )
    known.add_argument(
        "--polygons",
        type=Path,
        metavar="FILE",
        help="shapes with a class field: .gpkg, .shp, .zip, .geojson, .gml …",
    )
    known.add_argument(
        "--known", **several, metavar="FILE", help="any of these files; what it holds is told by looking into it"
    )
    known.add_argument("--class-field", metavar="NAME", help="field of the polygons that is the class")
    known.add_argument(
        "--layer", metavar="NAME", help="layer of the polygons, else of other files of a GIS, where there are several"
    )
    known.add_argument("--crs", help="CRS of the coordinates of files that do not say it, as in EPSG:32633")
    known.add_argument("--slices", metavar="TOP,BASE", help="slices of a volume that the polygons label, in ms or m")
    add_answers(known)
    known.add_argument(
        "--kb", type=float, metavar="M", help="elevation of the wells' datum (kelly bushing) above sea level, in metres"
    )
    known.add_argument(
        "--datum", type=float, default=0.0, metavar="M", help="elevation of the zero of a depth survey (default 0)"
    )
    known.add_argument(
        "--classes",
        type=Path,
        metavar="LEGEND",
        help="codes, names and colours: a table, a style of QGIS (.qml), a colour map, JSON",
    )
    known.add_argument("--radius", type=float, default=3.0, metavar="TRACES", help="of a well's labels (default 3)")
    known.add_argument(
        "--off-line",
        type=float,
        metavar="METRES",
        help="how far from a 2D line wells may lie to be projected onto it (default: --radius, at least one trace)",
    )
    known.add_argument(
        "--point-radius", type=float, default=0.0, metavar="PIXELS", help="of a point's labels (default 0: its pixel)"
    )
    known.add_argument(
        "--fall-off",
        type=float,
        metavar="TRACES",
        help="labels count less with the distance from their well or point: 61 %% at this many traces or pixels",
    )
    return known
