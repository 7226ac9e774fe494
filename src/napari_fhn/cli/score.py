"""``napari-fhn score``: how good a prediction is, on labels held out, on a truth, or on each well left out in turn."""

from __future__ import annotations

import argparse
import json
from dataclasses import asdict
from typing import TYPE_CHECKING

from napari_fhn.cli import passed_over
from napari_fhn.cli.exits import INTERRUPTED, OK
from napari_fhn.cli.options import (
    Commands,
    UsageError,
    add_json,
    add_machine,
    add_partial,
    add_session,
    add_take_over,
    on_machine,
)
from napari_fhn.cli.saying import busy, say, worded
from napari_fhn.cli.score_stores import add_stores
from napari_fhn.cli.score_stores import run as of_a_store
from napari_fhn.cli.sessions import Asked, asked, opened
from napari_fhn.cli.tables import aligned, number
from napari_fhn.sentence import counted
from napari_fhn.training.job import Job, JobError
from napari_fhn.training.updates import Note

if TYPE_CHECKING:
    from napari_fhn.report.evaluation import Evaluation
    from napari_fhn.report.left_out import LeftOut
    from napari_fhn.training.scores.leave_one_out import Fold
    from napari_fhn.training.scores.score import Scores
    from napari_fhn.training.updates import Update


def add(commands: Commands) -> None:
    """Describe the command."""
    parser = commands.add_parser("score", help="score a prediction on labels held out, on a truth, or well by well")
    add_session(parser)
    parser.add_argument(
        "--truth", metavar="FILE", help="true classes on the survey's grid, scored where nothing was labelled"
    )
    parser.add_argument(
        "--margin",
        type=int,
        metavar="N",
        help="leave out what lies within N traces or pixels of a label of training (default: as far as the network "
        "sees, as long as half of every body held out is left; 0 on a truth)",
    )
    parser.add_argument(
        "--drawn",
        choices=("place", "class"),
        help="how the labels held out were chosen: where they happened to lie, or so many of each class (default: "
        "bodies of one class each were chosen by class)",
    )
    parser.add_argument(
        "--leave-one-out",
        action="store_true",
        help="train again without some wells or patches in turn, and score on them; the run stays as it is",
    )
    parser.add_argument(
        "--folds",
        type=int,
        metavar="N",
        help="leave them out in N folds, each a training of its own (default: 8, or as many as there are wells or "
        "patches); as many as there are leaves out one at a time",
    )
    parser.add_argument("--blocks", type=int, metavar="N", help="leave out blocks of N x N traces or pixels instead")
    parser.add_argument("--steps", type=int, metavar="N", help="training steps of each fold (default: the job's)")
    add_partial(parser)
    add_stores(parser)
    add_machine(parser)
    add_take_over(parser)
    add_json(parser)
    parser.set_defaults(run=run, described=passed_over.described(parser))


def run(options: argparse.Namespace) -> int:
    """Score, and say how good it is."""
    if options.prediction is not None:
        passed_over.check(options, ("device", "memory"), "a prediction in a store is counted, on no device")
        return of_a_store(options)
    if any(getattr(options, name) is not None for name in ("task", "cluster", "workers", "output")):
        raise UsageError("--task, --cluster, --workers and --output go with a --prediction in a store")
    if not options.leave_one_out:
        words = "a prediction that is there is scored, and nothing is computed on a device"
        passed_over.check(options, ("device", "memory"), words, ", or train again with --leave-one-out")
    found = asked(options)
    job = on_machine(found.job, options)
    if options.leave_one_out:
        if options.truth is not None or options.drawn is not None:
            raise JobError("--leave-one-out scores on labels, all of them: leave --truth and --drawn out")
        return _leave_one_out(found, job, options)
    if options.blocks is not None or options.steps is not None or options.folds is not None:
        raise JobError("--blocks, --folds and --steps go with --leave-one-out")
    if not job.held_out and options.truth is None:
        raise JobError(
            "there is nothing to score on: hold labels out with train --hold-out, name a --truth, or --leave-one-out"
        )
    from napari_fhn.report import runs

    how = {"margin": options.margin, "drawn": options.drawn, "partial": options.partial}
    with busy("Scoring"):
        if found.session is None or found.run is None:
            scored = runs.evaluate_job(job, options.truth, **how)
        else:
            scored = runs.evaluate(opened(found.session, found.run), found.run, options.truth, **how)
    say(scored.notes)
    for one in scored.evaluations:
        tell(one, job, options.json)
    return OK


def tell(found: Evaluation, job: Job, as_json: bool) -> None:
    """Print an evaluation.

    Parameters
    ----------
    found : Evaluation
        What came out.
    job : Job
        Of what.
    as_json : bool
        As a line of JSON in place of tables.
    """
    if as_json:
        print(json.dumps({"kind": "Evaluation", **asdict(found), "words": list(map(worded, found.sentences))}))
        return
    where = "on labels held out" if found.on == "held out" else "where nothing was labelled"
    print(worded(f"Scores {where} ({counted(found.network.voxels, 'voxels')})"))
    print(_by_class(found, "nearest pixel" if job.vertical_axis is None else "nearest column"))
    print(
        f"accuracy {number(found.network.accuracy)}, kappa {number(found.network.kappa)}; "
        f"mean IoU within {worded('two voxels')} of a boundary {number(found.boundaries.mean_iou)}"
    )
    if found.network.unpredicted:
        of, what = worded("of the voxels"), "not predicted yet and"
        print(
            f"{counted(found.network.unpredicted, f'{of} are {what} count', f'{of} is {what} counts')} as wrong: "
            "predict the whole survey first"
        )
    print(_whole(found))
    for sentence in found.sentences:
        print(worded(sentence))
    if found.trust is not None:
        measured, tempered = found.trust.measured, found.trust.tempered
        line = f"expected calibration error {measured.expected_error:.3f}, log loss {measured.log_loss:.3f}"
        if tempered is not None:
            line += f"; at the temperature of other labels {tempered.expected_error:.3f} and {tempered.log_loss:.3f}"
        print(line)
    if len(found.bodies) > 1:
        rows = [["held out", worded("voxels"), "accuracy", "mean IoU"]]
        rows += [
            [body.name, f"{body.scores.voxels:,}", number(body.scores.accuracy), number(body.scores.mean_iou)]
            for body in found.bodies
        ]
        print(aligned(rows))


def _by_class(found: Evaluation, reference: str) -> str:
    network, nearest, carried = found.network, found.nearest, found.carried
    rows = [["", worded("voxels"), "IoU", "precision", "recall", "F1", f"IoU of the {reference}"]]
    for k, name in enumerate(found.classes):
        values = (network.iou[k], network.precision[k], network.recall[k], network.f1[k], nearest.iou[k])
        rows.append([name, f"{network.support[k]:,}", *map(number, values)])
    rows.append(["mean", "", number(network.mean_iou), "", "", number(network.mean_f1), number(nearest.mean_iou)])
    if carried is not None:
        along = ["IoU carried along the reflectors", *map(number, (*carried.iou, carried.mean_iou))]
        rows = [[*row, cell] for row, cell in zip(rows, along, strict=True)]
    return aligned(rows)


def _whole(found: Evaluation) -> str:
    """The scores in the whole survey, each with its confidence interval."""
    whole = found.estimates
    rows = [["in the whole survey", "bodies", "IoU", "precision", "recall", "F1", "share of the survey"]]
    for k, name in enumerate(found.classes):
        values = (whole.iou[k], whole.precision[k], whole.recall[k], whole.f1[k], whole.areas[k])
        rows.append([name, str(whole.with_class[k]), *("-" if one is None else one.words for one in values)])
    return aligned(rows)


def _leave_one_out(found: Asked, job: Job, options: argparse.Namespace) -> int:
    """Train a job again without some bodies of labels in turn; in a session nobody else may write meanwhile."""
    if found.session is None:
        return _folds(job, options)
    with found.session.writing("napari-fhn score", take_over=options.take_over):
        return _folds(job, options)


def _folds(job: Job, options: argparse.Namespace) -> int:
    from napari_fhn.cli.running import display, interruptible
    from napari_fhn.report import left_out
    from napari_fhn.training.scores.leave_one_out import Fold

    job = left_out.shortened(job, options.steps)
    planned = left_out.plan(job, blocks=options.blocks, most=options.folds, margin=options.margin)
    with interruptible() as control, display("train", job, options.json) as shown:

        def tell(news: Update | Fold) -> None:
            if not isinstance(news, Fold):
                shown.show(news)
                return
            name = left_out.name_of(news, job)
            if options.json:
                print(json.dumps({"kind": "Fold", "name": name, **asdict(news)}), flush=True)
            else:
                shown.show(Note(f"{name}: mean IoU {number(news.scores.mean_iou)}"))

        found = left_out.carried_out(job, planned, tell, control)
    if found is None:
        return INTERRUPTED
    _tell_folds(found, options.json)
    return OK


def _tell_folds(found: LeftOut, as_json: bool) -> None:
    whole = found.spread
    if as_json:
        print(json.dumps({"kind": "Spread", **asdict(whole), "words": list(map(worded, found.sentences))}))
        return
    rows = [["left out", worded("voxels"), "accuracy", "kappa", "mean IoU"]]
    rows += [_row(name, fold.scores) for name, fold in zip(found.names, found.folds, strict=True)]
    rows.append(_row("all of them as one", whole.pooled))
    print(aligned(rows))
    print(
        f"mean IoU {whole.mean:.3f} over {counted(len(found.folds), 'folds')}, deviation {whole.deviation:.3f}, "
        f"worst {whole.worst:.3f}"
    )
    for sentence in found.sentences:
        print(worded(sentence))


def _row(name: str, scores: Scores) -> list[str]:
    return [name, f"{scores.voxels:,}", number(scores.accuracy), number(scores.kappa), number(scores.mean_iou)]
