"""``napari-fhn predict``: a trained network fills a whole survey, and the result becomes a file."""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path

from napari_fhn.cli.exits import INTERRUPTED, OK
from napari_fhn.cli.options import Commands, add_json, add_machine, add_session, load_job, on_machine
from napari_fhn.cli.reading import add_reading, reading


def add(commands: Commands) -> None:
    """Describe the command."""
    parser = commands.add_parser("predict", help="predict a whole survey with a trained network, and export it")
    add_session(parser)
    parser.add_argument("--output", type=Path, metavar="FILE", help="export to .sgy, .tif, .img, .nc, .zarr or .npy")
    parser.add_argument("--like", metavar="SURVEY", help="survey whose headers or map the export takes over")
    parser.add_argument(
        "--outputs",
        type=outputs,
        metavar="NAMES",
        help="what is predicted beside classes, with commas: probabilities, entropy, margin",
    )
    parser.add_argument(
        "--flips", action="store_true", help="average over horizontal flips of the data: several times the work"
    )
    add_reading(parser)
    add_machine(parser)
    add_json(parser)
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Predict, and export where an output is named."""
    from napari_fhn.cli.running import prepare_prediction, work

    job = on_machine(load_job(options), options)
    if options.outputs is not None:
        job = replace(job, outputs=options.outputs)
    if options.flips:
        job = replace(job, flips=True)
    if options.output is not None:
        from napari_fhn.cli.exporting import check_output, check_place, export

        # Before the work and not after it: a wrong name must not cost the prediction.
        like = check_output(options.output, options.like, reading(options))
        check_place(job, like)
    prepare_prediction(job)
    if not work("predict", job, options.json, options.typed):
        return INTERRUPTED
    if options.output is not None:
        export(job, options.output, like)
        if not options.json:
            print(f"Written: {options.output}")
    return OK


def outputs(text: str) -> tuple[str, ...]:
    """Read names with commas between them; the job says which there are."""
    return tuple(name.strip() for name in text.split(","))
