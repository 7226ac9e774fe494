"""The report of a run: everything gathered, and poured into one HTML file that needs nothing beside it."""

from __future__ import annotations

import contextlib
import datetime
import shlex
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from importlib import resources
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_fhn import __version__, record
from napari_fhn.network.architecture import Architecture
from napari_fhn.network.counting import in_words
from napari_fhn.network.table import table
from napari_fhn.project.runs.run import is_run, read_run
from napari_fhn.report import left_out
from napari_fhn.report.evaluation import Evaluation, body_name, on_held_out, on_truth, vertical_axis
from napari_fhn.report.windows import colors_of
from napari_fhn.sentence import made_of
from napari_fhn.training.data.volume import cell_of, open_array
from napari_fhn.training.files import log
from napari_fhn.training.job import Job, JobError
from napari_fhn.training.plan import plan_of
from napari_fhn.training.updates import Done, Note, Progress

_FORMS: dict[str, Callable[[Any], str]] = {"number": "{:.3f}".format, "small": "{:.1e}".format, "bytes": in_words}
"""How the template writes numbers."""


def write(
    folder: str | Path,
    output: str | Path | None = None,
    truth: NDArray[np.uint8] | None = None,
    *,
    name: str = "",
    made: Sequence[str] = (),
    doubts: Sequence[str] = (),
) -> Path:
    """Write the report of a run.

    Parameters
    ----------
    folder : path-like
        Of the run: its ``job.json`` says what was trained on what.
    output : path-like, optional
        The file; ``report.html`` in that folder when absent.
    truth : ndarray of uint8, optional
        On the grid of the labels; 0 where it is not known.
    name : str, optional
        Heads the report; the name of the folder when empty.
    made : sequence of str
        What made the prediction.
    doubts : sequence of str
        Why it is not to be taken for the whole, and what has changed since.

    Returns
    -------
    Path
        The file.

    Raises
    ------
    JobError
        When the folder has no job, nothing was trained in it, or what draws and writes reports is not installed.
    """
    folder = Path(folder)
    job = read_run(folder).job() if is_run(folder) else Job.load(folder / "job.json")
    if not (Path(job.model) / "model.json").exists():
        raise JobError(f"nothing was trained in {folder} yet: train first, the report says what came out")
    if not Path(job.prediction).exists():
        raise JobError(f"nothing was predicted in {folder} yet: predict first, the report shows the prediction")
    try:
        import jinja2

        from napari_fhn.report import figures, sections
    except ImportError as error:
        raise JobError(f"a report needs {error.name}: pip install 'napari-fhn[report]'") from error
    evaluations = [on_held_out(job)] if job.held_out else []
    if truth is not None:
        evaluations.append(on_truth(job, truth))
    runs = log.read(job.model)
    colors, what = colors_of(job), cell_of(job)
    content = {
        "name": name or folder.absolute().name,
        "made": tuple(made),
        "doubts": tuple(made_of(doubt, what) for doubt in doubts),
        "written": datetime.datetime.now(datetime.UTC).strftime("%Y-%m-%d %H:%M UTC"),
        "job": job,
        "classes": _classes(job, colors),
        "surveys": [_survey(item.name, item.path) for item in job.inputs],
        "held_out": [body_name(box, job.axes, vertical_axis(job)) for box in job.held_out],
        "cell": what,
        "reference": "nearest pixel" if vertical_axis(job) is None else "nearest column",
        "network": table(job.network, job.schedule.block) if isinstance(job.network, Architecture) else None,
        "schedule": _flat(asdict(job.schedule)),
        "curves": figures.curves(log.training(runs)),
        "evaluations": [(found, *_drawn(found)) for found in evaluations],
        "left_out": left_out.kept(folder),
        "cuts": sections.cuts(job, colors, truth),
        "runs": runs,
        "told": [made_of(one.message, what) for one in log.training(runs) if isinstance(one, Note | Done)],
        "memory": _memory(job, runs),
        "error": _inverted(runs),
        "again": f"napari-fhn train --job {shlex.quote(str(_kept(folder, job)))}",
        "threads": next((run.threads for run in runs if run.task == "train"), None),
        "typed": next((run.command for run in runs if run.command), ""),
        "versions": {"napari-fhn": __version__, **(runs[-1].versions if runs else {})},
    }
    environment = jinja2.Environment(
        autoescape=True, trim_blocks=True, lstrip_blocks=True, undefined=jinja2.StrictUndefined
    )
    environment.filters["number"] = lambda value: "–" if value is None else f"{value:.3f}"
    environment.filters["estimate"] = lambda value: "–" if value is None else value.words
    environment.filters["small"] = lambda value: "–" if value is None else f"{value:.1e}"
    environment.filters["bytes"] = lambda value: "–" if value is None else in_words(value)
    template = resources.files("napari_fhn.report").joinpath("report.html.jinja").read_text(encoding="utf-8")
    page = environment.from_string(template).render(content)
    path = folder / "report.html" if output is None else Path(output)
    record.write_text(path, page)
    return path


def _kept(folder: Path, job: Job) -> Path:
    """Return the job that lies with the network, with what the machine decided when it was trained."""
    trained = Path(job.model) / "job.json"
    return trained if trained.is_file() else folder / "job.json"


def _classes(job: Job, colors: tuple[str, ...]) -> list[tuple[str, str, int, int]]:
    """Name, colour, and voxels that were trained on and held out, of each class."""
    known = open_array(job.labels)
    count = len(job.classes)
    # Slab by slab: labels may be larger than memory.
    every = np.sum([np.bincount(plane.ravel(), minlength=count + 1) for plane in known], axis=0)
    held_out = np.zeros_like(every)
    for box in job.held_out:
        held_out = held_out + np.bincount(known[box.slices].ravel(), minlength=count + 1)
    trained = every - held_out
    return [
        (name, color, int(trained[value]), int(held_out[value]))
        for value, (name, color) in enumerate(zip(job.classes, colors, strict=True), 1)
    ]


def _survey(name: str, path: str) -> tuple[str, list[str]]:
    """What the survey was, as it was noted when it was copied into the session."""
    noted = Path(path).with_suffix(".txt")
    with contextlib.suppress(OSError):
        return name, noted.read_text(encoding="utf-8", errors="replace").splitlines()
    array = open_array(str(path))
    return name, [f"{' x '.join(map(str, array.shape))} values of type {array.dtype}"]


def _flat(settings: Mapping[str, Any], before: str = "") -> list[tuple[str, str]]:
    rows: list[tuple[str, str]] = []
    for key, value in settings.items():
        name = f"{before}{key.replace('_', ' ')}"
        if isinstance(value, dict):
            rows += _flat(value, f"{name}: ")
        elif isinstance(value, tuple):
            rows.append((name, ", ".join(map(str, value)) or "none"))
        else:
            rows.append((name, "default" if value is None else str(value)))
    return rows


def _drawn(found: Evaluation) -> tuple[Any, Any]:
    from napari_fhn.report import figures

    confusion = figures.confusion_matrix(found.network, found.classes)
    trust = None if found.trust is None else figures.reliability(found.trust.measured, found.trust.tempered)
    return confusion, trust


def _memory(job: Job, runs: tuple[log.Run, ...]) -> dict[str, int | None] | None:
    """Bytes of a training step, forecast in four ways and measured; None for a network that is not forecast."""
    if not isinstance(job.network, Architecture):
        return None
    planned = plan_of(job)
    measured = [run.memory for run in runs if run.task == "train" and run.memory is not None]
    return {
        "forecast": planned.needs().total,
        "measured": max(measured, default=None),
        "every state kept": planned.needs(invertible=False).total,
        "kernels of full rank": planned.needs(block_low_rank=False).total,
        "both": planned.needs(invertible=False, block_low_rank=False).total,
    }


def _inverted(runs: tuple[log.Run, ...]) -> tuple[float, float] | None:
    """The last and the largest invertibility error of the training steps."""
    errors = [
        update.invertibility_error
        for update in log.training(runs)
        if isinstance(update, Progress) and update.invertibility_error is not None
    ]
    return (errors[-1], max(errors)) if errors else None
