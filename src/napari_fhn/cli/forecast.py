"""``napari-fhn forecast``: the memory of a training before it begins, with and without the paper's two savings."""

from __future__ import annotations

import argparse
import json
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any

from napari_fhn.cli.exits import OK
from napari_fhn.cli.networks import Chosen, add_network, chosen, names_none, of_recipe, sizes
from napari_fhn.cli.options import Commands, UsageError, add_json, add_machine
from napari_fhn.cli.reading import add_reading, reading
from napari_fhn.cli.saying import speak_of, worded
from napari_fhn.cli.tables import aligned
from napari_fhn.network.architecture import Architecture
from napari_fhn.network.comparison import map_axis
from napari_fhn.network.counting import in_words
from napari_fhn.network.forecast import PORTABLE, WORKING_SET
from napari_fhn.sentence import cell, counted
from napari_fhn.training.plan import Plan, left_beside, plan, plan_of
from napari_fhn.training.prediction.shard_size import outlook
from napari_fhn.training.recipes import check_fits, fitting
from napari_fhn.training.steps.sizing import shared

if TYPE_CHECKING:
    from napari_fhn.project.data.in_place import Price
    from napari_fhn.project.data.surveyset import SurveySet

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
    parser.add_argument(
        "--vertical-axis", type=int, metavar="N", help="axis of time or depth of a SURVEY without names"
    )
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
    data, why = _data(options), ""
    if data is not None and names_none(options):
        found, why = _proposed(data, options)
    else:
        found = chosen(options)
    if data is not None and options.recipe is not None:
        cubes = data.surveys is None or data.surveys.cube is not None
        check_fits(options.recipe, len(data.shape), vertical=data.vertical is not None, cubes=cubes)
    schedule = found.schedule
    if options.block is not None:
        if len(options.block) != found.network.dimensions:
            raise UsageError(
                f"the network has {counted(found.network.dimensions, 'axes')} and the block {len(options.block)}"
            )
        schedule = replace(schedule, block=options.block)
    if options.batch is not None:
        schedule = replace(schedule, batch=options.batch)
    if options.accumulate is not None:
        schedule = replace(schedule, accumulate=options.accumulate)
    if options.ranks < 1:
        raise UsageError(f"--ranks says how many processes train, at least one: got {options.ranks}")
    planned = _plan(options, data, replace(found, schedule=shared(schedule, options.ranks)))
    from napari_fhn.training.machine.memory import free_bytes, taken_device

    device = options.device or (found.job.device if found.job is not None else "auto")
    if options.memory is None or device == "auto":
        device = taken_device(device)  # else it may be another machine's
    budget = free_bytes(device) if options.memory is None else options.memory
    if options.memory is None and device == "cpu":
        budget //= options.ranks  # they share it, if they are on this machine
    if why and not options.json:
        print(why)
    _tell(planned, budget, device, options.json, {"recipe": found.name, "why": why} if why else {})
    _tell_shards(planned, options.json)
    price = None if data is None else _priced(data)
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


@dataclass(frozen=True)
class _Data:
    """What would be trained on, as it lies there or as somebody described it.

    Parameters
    ----------
    shape : tuple of int
        Along the axes of space.
    channels, bands : int
        Of all that is stacked, and of the survey that has the most.
    vertical : int or None
        Axis of time or depth; None where there is none, or nobody knows.
    surveys : SurveySet or None
        Opened; None where nothing is there yet.
    """

    shape: tuple[int, ...]
    channels: int
    bands: int
    vertical: int | None
    surveys: SurveySet | None = None


def _data(options: argparse.Namespace) -> _Data | None:
    """Return what would be trained on; None where a session or a job has it."""
    if options.session or options.job:
        if options.survey or options.shape or options.channels is not None:
            raise UsageError("the session has its survey: leave SURVEY, --shape and --channels out")
        return None
    if (options.survey is None) == (options.shape is None):
        raise UsageError("say what to train on: one of SURVEY and --shape")
    if options.shape is not None:
        channels = 1 if options.channels is None else options.channels
        # A volume that is only thought of is a seismic one; of two axes, those of a recipe for sections are a line.
        line = len(options.shape) == 2 and options.recipe in fitting(2, vertical=True)
        chosen = options.vertical_axis
        if chosen is None and (line or len(options.shape) == 3):
            chosen = -1
        if chosen is not None and not -len(options.shape) <= chosen < len(options.shape):
            raise UsageError(f"--shape has {counted(len(options.shape), 'axes')} and no axis {chosen} to be vertical")
        return _Data(options.shape, channels, channels, None if chosen is None else chosen % len(options.shape))
    from napari_fhn.project.data.samples import survey_files
    from napari_fhn.project.data.surveyset import SurveySet
    from napari_fhn.surveys import open
    from napari_fhn.surveys.idle import OfSeveral

    files = survey_files([options.survey])
    read = OfSeveral(open, reading(options), len(files))
    opened = SurveySet.of([(path.stem, read.open(path)) for path in files])
    read.check()
    opened.check_vertical(options.vertical_axis)
    channels = opened.channels if options.channels is None else options.channels
    return _Data(opened.shape, channels, opened.bands, opened.vertical(options.vertical_axis), opened)


def _proposed(data: _Data, options: argparse.Namespace) -> tuple[Chosen, str]:
    """Return the recipe that a session of such data begins with, and why."""
    from napari_fhn.project.runs.planning import recipe_before_labels

    device, classes = options.device or "auto", options.class_count
    choice, otherwise = recipe_before_labels(
        data.shape,
        data.channels,
        vertical_axis=data.vertical,
        bands=data.bands,
        classes=classes,
        device=device,
        memory=options.memory,
    )
    return of_recipe(choice.name), " ".join(filter(None, (f"Recipe {choice.name!r}. {choice.why}", otherwise)))


def _priced(data: _Data) -> Price | None:
    """What reading a survey where it lies costs; None for what is copied in any case, or is not there yet."""
    if data.surveys is None:
        return None
    from napari_fhn.project.data.in_place import may_stay, priced

    survey = data.surveys.first
    return priced(survey) if may_stay(survey) else None


def _plan(options: argparse.Namespace, data: _Data | None, found: Chosen) -> Plan:
    if data is None:
        assert found.job is not None
        return plan_of(replace(found.job, schedule=found.schedule), anew=options.job is not None)
    axis = map_axis(found.network)
    shape, channels, vertical = data.shape, data.channels, data.vertical
    if axis is not None and data.surveys is not None:
        from napari_fhn.project.runs.fitting import staged_as

        shape, channels = staged_as(found.network, data.surveys)
    elif axis is not None:
        vertical = None  # a volume that is only thought of is a cube here
    return plan(
        found.network,
        found.schedule,
        shape,
        channels=channels,
        classes=8 if options.class_count is None else options.class_count,
        vertical_axis=vertical,
        position=found.position,
        map_axis=axis,
        neighbours=found.neighbours,
    )


def _tell(planned: Plan, budget: int, device: str, as_json: bool, proposed: dict[str, str]) -> None:
    # The block of a network that reads cubes has an axis of bands: it is made neither of pixels nor of voxels.
    reads_cubes = map_axis(planned.network) is not None
    speak_of("value" if reads_cubes else cell(len(planned.shape), planned.vertical_axis))
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
        what = {**proposed, "block": planned.block, "batch": planned.batch, "input_channels": planned.input_channels}
        where = {"device": device, "budget": budget, "fits": needs <= room}
        beside = {"bytes_of_dips": planned.dips, "bytes_of_features": planned.features}
        print(json.dumps({"kind": "Forecast", **what, **where, **beside, "networks": told}))
        return
    together = "" if planned.at_once == planned.batch else f", {planned.at_once} at a time"
    size = worded(f"{planned.batch} x {_times(planned.block)} voxels{together}")
    print(f"{size}, {counted(planned.input_channels, 'channels')}, {counted(planned.classes, 'classes')}")
    print(aligned(rows))
    if planned.dips:
        whose = "" if device == "cpu" else " of the machine's memory"
        print(f"The dips of the survey, found beside the first steps, take {in_words(planned.dips)}{whose} more.")
    if planned.features:
        most = f"take up to {in_words(planned.features)}{'' if device == 'cpu' else ' of both memories'} more"
        print(f"Features that were learnt beforehand, of which the prediction is made too, {most}.")
    print(f"There are {in_words(budget)} on {device}: {_verdict(needs, room, told[0]['largest_block'])}.")


def _verdict(needs: int, budget: int, largest: Any) -> str:
    """Say whether a step fits, and what would where it does not."""
    if needs <= budget:
        return "it fits"
    if largest is None:
        return "it does not fit: take a smaller block or batch, or fewer channels and smaller block ranks"
    return worded(
        f"it does not fit: blocks of up to {_times(largest)} voxels do, shown one at a time (--accumulate). The same "
        "network learns from smaller blocks of as large a survey, so no network has to be cut over several devices"
    )


def _times(block: tuple[int, ...] | None) -> str:
    return "none" if block is None else " x ".join(map(str, block))
