"""``napari-fhn forecast``: the memory of a training before it begins, with and without the paper's two savings."""

from __future__ import annotations

import argparse
import json
from dataclasses import asdict, replace
from typing import TYPE_CHECKING, Any

from napari_fhn.cli.exits import OK
from napari_fhn.cli.networks import Chosen, add_network, chosen, sizes
from napari_fhn.cli.options import Commands, UsageError, add_json, add_machine
from napari_fhn.cli.reading import add_reading, reading
from napari_fhn.cli.tables import aligned
from napari_fhn.network.architecture import Architecture
from napari_fhn.network.comparison import map_axis
from napari_fhn.network.counting import in_words
from napari_fhn.network.forecast import PORTABLE, WORKING_SET
from napari_fhn.training.plan import Plan, left_beside, plan, plan_of
from napari_fhn.training.prediction.shard_size import outlook
from napari_fhn.training.recipes import fitting
from napari_fhn.training.steps.sizing import shared

if TYPE_CHECKING:
    from napari_fhn.project.data.in_place import Price

_ROWS = (
    ("invertible, low block rank (this network)", True, True),
    ("every state kept", False, True),
    ("kernels of full rank", True, False),
    ("both: every state kept, full rank", False, False),
)
_RESNET = (("ResNet, low block rank, every state kept", False, True), ("kernels of full rank", False, False))


def add(commands: Commands) -> None:
    """Describe the command."""
    parser = commands.add_parser("forecast", help="say how much memory training takes, before it begins")
    parser.add_argument("survey", nargs="?", metavar="SURVEY", help="survey file, where no session is named")
    parser.add_argument("--shape", type=sizes, metavar="N,N,N", help="voxels of a survey that is not there yet")
    parser.add_argument("--channels", type=int, metavar="N", help="channels of the data (default 1, or the survey's)")
    parser.add_argument("--class-count", type=int, metavar="N", help="classes (default 8, or the session's)")
    add_network(parser)
    add_reading(parser)
    parser.add_argument("--block", type=sizes, metavar="N,N", help="block (default: the recipe's or the session's)")
    parser.add_argument("--batch", type=int, metavar="N", help="blocks in a step (default: the recipe's)")
    parser.add_argument("--accumulate", type=int, metavar="N", help="parts in which they are shown one after the other")
    parser.add_argument(
        "--ranks", type=int, default=1, metavar="N", help="processes that train together, started by torchrun"
    )
    add_machine(parser)
    add_json(parser)
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Forecast, and say whether it fits."""
    found = chosen(options)
    schedule = found.schedule
    if options.block is not None:
        if len(options.block) != found.network.dimensions:
            raise UsageError(f"the network has {found.network.dimensions} axes and the block {len(options.block)}")
        schedule = replace(schedule, block=options.block)
    if options.batch is not None:
        schedule = replace(schedule, batch=options.batch)
    if options.accumulate is not None:
        schedule = replace(schedule, accumulate=options.accumulate)
    if options.ranks < 1:
        raise UsageError(f"--ranks says how many processes train, at least one: got {options.ranks}")
    planned = _plan(options, replace(found, schedule=shared(schedule, options.ranks)))
    from napari_fhn.training.machine.memory import free_bytes, taken_device

    device = options.device or (found.job.device if found.job is not None else "auto")
    if options.memory is None or device == "auto":
        device = taken_device(device)  # else it may be another machine's
    budget = free_bytes(device) if options.memory is None else options.memory
    if options.memory is None and device == "cpu":
        budget //= options.ranks  # they share it, if they are on this machine
    _tell(planned, budget, device, options.json)
    _tell_shards(planned, options.json)
    price = _priced(options)
    if price is not None:
        told = {"kind": "Reading", "bytes_per_second": price.rate, "copy_bytes": price.copy_bytes}
        print(json.dumps(told) if options.json else price.words)
    return OK


def _tell_shards(planned: Plan, as_json: bool) -> None:
    """Say in which shards a large survey will be predicted."""
    sections = planned.network.dimensions < len(planned.shape) and planned.vertical_axis is not None
    radius = planned.network.receptive_radius
    ahead = outlook(planned.shape, radius, planned.vertical_axis, sections=sections)
    if ahead is not None:
        print(json.dumps({"kind": "Shards", **asdict(ahead)}) if as_json else ahead.words)


def _priced(options: argparse.Namespace) -> Price | None:
    """What reading a survey where it lies costs; None for what is copied in any case."""
    if options.survey is None:
        return None
    from napari_fhn.project.data.in_place import may_stay, priced
    from napari_fhn.project.data.samples import survey_files
    from napari_fhn.surveys import open

    survey = open(survey_files([options.survey])[0], **reading(options))
    return priced(survey) if may_stay(survey) else None


def _plan(options: argparse.Namespace, found: Chosen) -> Plan:
    if found.job is not None:
        if options.survey or options.shape or options.channels is not None:
            raise UsageError("the session has its survey: leave SURVEY, --shape and --channels out")
        return plan_of(replace(found.job, schedule=found.schedule))
    classes = 8 if options.class_count is None else options.class_count
    if (options.survey is None) == (options.shape is None):
        raise UsageError("say what to train on: one of SURVEY and --shape")
    if options.shape is not None:
        # What is forecast with a recipe for sections is upright, a line or a volume.
        upright = len(options.shape) == 3 or (found.name) in fitting(2, vertical=True)
        vertical = len(options.shape) - 1 if upright else None
        channels = 1 if options.channels is None else options.channels
        shape = options.shape
    else:
        from napari_fhn.project.data.samples import survey_files
        from napari_fhn.surveys import open
        from napari_fhn.surveys.kinds import spatial_shape, vertical_axis

        opened = [open(path, **reading(options)) for path in survey_files([options.survey])]
        shape, vertical = spatial_shape(opened[0]), vertical_axis(opened[0])
        channels = options.channels
        if channels is None:
            channels = sum(int(survey.sizes.get("band", 1)) for survey in opened)
    axis = map_axis(found.network)
    return plan(
        found.network,
        found.schedule,
        shape,
        channels=channels,
        classes=classes,
        vertical_axis=vertical if axis is None else None,
        position=found.position,
        map_axis=axis,
        neighbours=found.neighbours,
    )


def _tell(planned: Plan, budget: int, device: str, as_json: bool) -> None:
    working_set = WORKING_SET if device == "cpu" else PORTABLE
    room = left_beside(budget, planned.beside) if device == "cpu" else budget
    rows = [["", "a training step", "a prediction", "largest block that fits"]]
    told = []
    for name, invertible, low_rank in _ROWS if isinstance(planned.network, Architecture) else _RESNET:
        kind: dict[str, Any] = {"invertible": invertible, "block_low_rank": low_rank, "working_set": working_set}
        training = planned.needs(**kind, training=True)
        predicting = planned.needs(**kind, training=False)
        largest = planned.largest_block(room, **kind) if isinstance(planned.network, Architecture) else None
        told.append({
            "invertible": invertible, "block_low_rank": low_rank, "training": asdict(training), "bytes": training.total,
            "bytes_predicting": predicting.total, "largest_block": largest,
        })  # fmt: skip
        rows.append([name, in_words(training.total), in_words(predicting.total), _times(largest)])
    needs = told[0]["bytes"]
    assert isinstance(needs, int)
    if as_json:
        what = {"block": planned.block, "batch": planned.batch, "input_channels": planned.input_channels}
        where = {"device": device, "budget": budget, "fits": needs <= room}
        print(json.dumps({"kind": "Forecast", **what, **where, "bytes_of_dips": planned.beside, "networks": told}))
        return
    together = "" if planned.at_once == planned.batch else f", {planned.at_once} at a time"
    size = f"{planned.batch} x {_times(planned.block)} voxels{together}"
    print(f"{size}, {planned.input_channels} channels, {planned.classes} classes")
    print(aligned(rows))
    if planned.beside:
        whose = "" if device == "cpu" else " of the machine's memory"
        print(f"The dips of the survey, found beside the first steps, take {in_words(planned.beside)}{whose} more.")
    print(f"There are {in_words(budget)} on {device}: {_verdict(needs, room, told[0]['largest_block'])}.")


def _verdict(needs: int, budget: int, largest: Any) -> str:
    """Say whether a step fits, and what would where it does not."""
    if needs <= budget:
        return "it fits"
    if largest is None:
        return "it does not fit: take a smaller block or batch, or fewer channels and smaller block ranks"
    return (
        f"it does not fit: blocks of up to {_times(largest)} voxels do, shown one at a time (--accumulate). The same "
        "network learns from smaller blocks of as large a survey, so no network has to be cut over several devices"
    )


def _times(block: tuple[int, ...] | None) -> str:
    return "none" if block is None else " x ".join(map(str, block))
