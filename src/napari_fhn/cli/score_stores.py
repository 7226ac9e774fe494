"""``napari-fhn score --prediction STORE --truth FILE``: a prediction of any size, by one process or by many."""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator
from typing import TYPE_CHECKING

from napari_fhn.cli.exits import INTERRUPTED, OK
from napari_fhn.cli.options import UsageError, add_cluster, add_task, check_task
from napari_fhn.cli.saying import speak_of, told, worded
from napari_fhn.cli.tables import aligned, number
from napari_fhn.sentence import counted, counted_of

if TYPE_CHECKING:
    from napari_fhn.project.predictions.counting import Counted, Counting
    from napari_fhn.training.control import Control

_ALONE = ("session", "job", "run_name", "margin", "drawn", "folds", "blocks", "steps")


def add_stores(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    how = parser.add_argument_group("of a prediction in a store, which no session has")
    how.add_argument(
        "--prediction", metavar="STORE", help="classes that predict has written, such as s3://bucket/facies.zarr"
    )
    how.add_argument("--output", metavar="DIR", help="folder or address for what is counted, by all tasks")
    add_task(how, "count")
    add_cluster(how)


def run(options: argparse.Namespace) -> int:
    """Count, and say how good it is once all is counted."""
    from napari_fhn.cli.running import interruptible
    from napari_fhn.project.predictions.counting import Counting

    if options.truth is None or options.output is None:
        raise UsageError("a prediction in a store is held against a --truth, and its counts go into an --output")
    given = [name for name in _ALONE if getattr(options, name, None) is not None]
    if given or options.leave_one_out:
        raise UsageError("a prediction in a store has no session and no labels: name nothing but --truth and --output")
    check_task(options)
    counting, show, done = Counting(options.prediction, options.truth, options.output), told("Counting"), 0
    speak_of(counting.cell)
    with interruptible() as control:
        for done in _steps(counting, options, control):
            show(done / counting.shards.count)
    if done == counting.shards.count:
        tell(counting.collect(), as_json=options.json)
        return OK
    words = counted_of(done, counting.shards.count, "shards", "are counted", "is counted") + ": it goes on from there."
    print(json.dumps({"kind": "Counting", "done": done, "of": counting.shards.count}) if options.json else words)
    return INTERRUPTED if control.stop.is_set() else OK


def _steps(counting: Counting, options: argparse.Namespace, control: Control) -> Iterator[int]:
    if options.cluster is None:
        from napari_fhn.project.predictions.counting import count_shards

        return count_shards(counting, options.task, control.stop)
    from napari_fhn.project.predictions.cluster import score

    return score(
        options.prediction, options.truth, options.output, cluster=options.cluster, workers=options.workers,
        control=control,
    )  # fmt: skip


def tell(found: Counted, *, as_json: bool) -> None:
    """Print what came out."""
    from napari_fhn.project.predictions import counting

    if as_json:
        print(json.dumps(counting.told(found)))
        return
    whole = found.scores
    for note in found.notes:
        print(worded(note))
    print(worded(f"Scores on the truth ({counted(whole.voxels, 'voxels')})"))
    rows = [["", worded("voxels"), "IoU", "precision", "recall", "F1"]]
    for k, name in enumerate(found.classes):
        values = (whole.iou[k], whole.precision[k], whole.recall[k], whole.f1[k])
        rows.append([name, f"{whole.support[k]:,}", *map(number, values)])
    rows.append(["mean", "", number(whole.mean_iou), "", "", number(whole.mean_f1)])
    print(aligned(rows))
    print(
        f"accuracy {number(whole.accuracy)}, kappa {number(whole.kappa)}; "
        f"mean IoU within {worded('two voxels')} of a boundary {number(found.boundaries.mean_iou)}"
    )
    if whole.unpredicted:
        of, what = worded("of the voxels"), "not predicted, and"
        print(f"{counted(whole.unpredicted, f'{of} are {what} count', f'{of} is {what} counts')} as wrong.")
