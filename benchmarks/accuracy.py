"""How well networks and humbler ways learn from few labels, on every labelled dataset at hand.

    python benchmarks/accuracy.py --only taizhou,hysu --methods nearest,forest,hyperbolic --budget 60
    python benchmarks/accuracy.py --table

Each run is a process of its own with ``--threads`` threads, so its CPU time and its peak of resident memory are its
own. The budget is CPU time of training, not wall time: other programs on the machine change the second and hardly the
first. Entries are added to the results as they come, and what is there already is not run again.
"""

from __future__ import annotations

import argparse
import datetime
import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import accuracy_foretold
import accuracy_kept
import accuracy_scores
from accuracy_answers import Settings
from accuracy_data import DATASETS, SHARED
from accuracy_methods import METHODS, WITHOUT_BUDGET, WITHOUT_PROBABILITIES, method_of
from machine import machine

DEFAULT_METHODS = ("nearest", "forest", "forest+position", "hyperbolic")
_THREAD_VARIABLES = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMEXPR_NUM_THREADS")


def main() -> int:
    options = _options()
    if options.one:
        shared, reports, keep = options.shared, options.reports, options.keep
        print(json.dumps(run_here(json.loads(options.one), shared, reports, keep, options.foretell)))
        return 0
    entries = accuracy_scores.read(options.output)
    if options.table:
        wanted = [e for e in entries.values() if e["dataset"] in options.only and _is_wanted(e, options)]
        for score in options.score.split(","):
            print(accuracy_scores.table(wanted, score) + "\n")
        told = [entry for entry in wanted if entry.get("foretold")]
        if told:
            print(accuracy_foretold.table(told, accuracy_scores.named, accuracy_scores.grouped))
        return 0
    return run_all(planned(options), options)


def run_all(wanted: Iterable[dict[str, Any]], options: argparse.Namespace) -> int:
    """Run the entries that are not there yet, one after the other, each in a process of its own.

    Parameters
    ----------
    wanted : iterable of dict
        Entries without their results, as :func:`planned` makes them.
    options : argparse.Namespace
        See :func:`running_options`.

    Returns
    -------
    int
        0, or 1 when some failed.
    """
    entries = accuracy_scores.read(options.output)
    described, made_with = machine(), commit()
    failures = 0
    for entry in wanted:
        words = f"{entry['dataset']} {entry['draw']} {accuracy_scores.named(entry)}"
        there = accuracy_scores.key(entry) in entries and (not options.keep or _is_kept(entry, options.keep))
        if there and not options.again:
            print(f"{words}: there already", flush=True)
            continue
        try:
            entry |= run_apart(entry, Path(__file__), options)
        except RuntimeError as error:
            failures += 1
            print(f"{words}: failed\n{error}", file=sys.stderr, flush=True)
            continue
        entry["machine"] = {**described, "threads": options.threads}
        entry["commit"] = made_with
        entry["date"] = datetime.date.today().isoformat()
        accuracy_scores.append(entry, options.output)
        spent = ", ".join(f"{what} {seconds['cpu']:.0f} s" for what, seconds in entry["seconds"].items())
        print(f"{words}: mean IoU {entry['score']['mean_iou']:.3f} ({spent}; {entry['peak_mb']} MB)", flush=True)
    return 1 if failures else 0


def planned(options: argparse.Namespace) -> Iterator[dict[str, Any]]:
    """Yield the entries asked for, without their results."""
    for name in options.only:
        dataset = DATASETS[name]
        if dataset.missing(options.shared):
            print(f"{name}: no {dataset.folder} in {options.shared}; left out")
            continue
        for draw in dataset.chosen(options.draws, options.seeds):
            for method in options.methods:
                plain = method in WITHOUT_BUDGET
                yield {
                    "dataset": name,
                    "draw": draw,
                    "method": method,
                    "budget": None if plain else options.budget,
                    "overrides": None if plain or not options.override else sorted(options.override),
                }


def run_apart(entry: dict[str, Any], script: Path, options: argparse.Namespace) -> dict[str, Any]:
    """Run one entry in a fresh process.

    Parameters
    ----------
    entry : dict
        What to run.
    script : Path
        That runs it, told ``--one`` and the entry, and prints its results as JSON.
    options : argparse.Namespace
        Threads, where the surveys lie, and where reports and probabilities go.

    Raises
    ------
    RuntimeError
        With what the process said, when it fails.
    """
    environment = {**os.environ, **dict.fromkeys(_THREAD_VARIABLES, str(options.threads))}
    python = options.convpaint_python if entry["method"] == "convpaint" else sys.executable
    command = [python, str(script.absolute()), "--one", json.dumps(entry), "--shared", str(options.shared)]
    for name in ("reports", "keep", "foretell"):
        if getattr(options, name, None):
            command += [f"--{name}", str(getattr(options, name))]
    done = subprocess.run(command, capture_output=True, text=True, env=environment, check=False)
    if done.returncode:
        raise RuntimeError(done.stderr[-3000:] or f"the process ended with {done.returncode}")
    result: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return result


def run_here(
    entry: dict[str, Any],
    shared: Path,
    reports: Path | None = None,
    keep: Path | None = None,
    foretell: int = 0,
) -> dict[str, Any]:
    """Run one entry in this process, which should be fresh; a network's report and probabilities go into folders.

    With ``foretell`` folds it is run again in each of them, without some of its labels: what they say of its score.
    """
    task = DATASETS[entry["dataset"]].task(entry["draw"], shared)
    report = None
    if reports is not None:
        reports.mkdir(parents=True, exist_ok=True)
        name = re.sub(r"\W+", "-", f"{entry['dataset']} {entry['draw']} {accuracy_scores.named(entry)}")
        report = str(reports / f"{name}.html")
    settings = Settings(entry["budget"] or 0.0, tuple(entry["overrides"] or ()), report, keep is not None)
    method = method_of(entry["method"])
    answer = method(task, settings)
    told = accuracy_foretold.foretold(task, method, settings, foretell) if foretell else None
    found = {
        **({"foretold": told} if told else {}),
        "score": accuracy_scores.scored(task, answer.prediction),
        "classes": task.classes,
        "seconds": answer.seconds,
        "process_cpu": round(time.process_time(), 1),
        "peak_mb": _peak_mb(),
        "details": answer.details,
    }
    if keep is not None:
        accuracy_kept.keep(entry | found, answer, keep)
    return found


def _is_kept(entry: dict[str, Any], folder: Path) -> bool:
    return entry["method"] in WITHOUT_PROBABILITIES or accuracy_kept.path_of(entry, folder).exists()


def commit() -> str | None:
    """Return the state of the checkout, with a plus where it was changed since; None outside of one."""
    command = ["git", "-C", str(Path(__file__).parent), "describe", "--always", "--dirty=+", "--exclude=*"]
    try:
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return None


def _peak_mb() -> int | None:
    try:
        found = re.search(r"VmHWM:\s+(\d+) kB", Path("/proc/self/status").read_text(encoding="ascii"))
    except OSError:
        return None
    return round(int(found[1]) / 1024) if found else None


def _is_wanted(entry: dict[str, Any], options: argparse.Namespace) -> bool:
    asked = options.methods == list(DEFAULT_METHODS) or entry["method"] in options.methods
    return asked and entry["draw"] in DATASETS[entry["dataset"]].chosen(options.draws, options.seeds)


def _names(known: tuple[str, ...]) -> Any:
    def parse(text: str) -> list[str]:
        names = text.split(",")
        unknown = [name for name in names if name not in known]
        if unknown:
            raise argparse.ArgumentTypeError(f"{', '.join(unknown)}: known are {', '.join(known)}")
        return names

    return parse


def running_options(parser: argparse.ArgumentParser, output: Path) -> None:
    """Add the options of :func:`run_all` and of the table."""
    parser.add_argument("--budget", type=float, default=60.0, metavar="SECONDS", help="CPU time of training")
    parser.add_argument("--threads", type=int, default=1, metavar="N")
    parser.add_argument("--again", action="store_true", help="run what is there already, too")
    parser.add_argument("--table", action="store_true", help="print what is there, and run nothing")
    parser.add_argument("--output", type=Path, default=output, metavar="FILE")
    parser.add_argument("--shared", type=Path, default=SHARED, metavar="DIR", help="where the real surveys lie")
    parser.add_argument("--convpaint-python", default=sys.executable, metavar="PYTHON", help="with napari-convpaint")
    parser.add_argument("--reports", type=Path, metavar="DIR", help="write the HTML report of each network's run there")
    parser.add_argument(
        "--keep",
        nargs="?",
        type=Path,
        const=accuracy_kept.FOLDER,
        metavar="DIR",
        help=f"keep the class probabilities of networks, see accuracy_kept.py (default: {accuracy_kept.FOLDER})",
    )
    parser.add_argument(
        "--foretell",
        type=int,
        default=0,
        metavar="FOLDS",
        help="also run each method without some of its labels in turn, to see whether they foretell its score",
    )
    parser.add_argument("--one", help=argparse.SUPPRESS)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", type=_names(tuple(DATASETS)), default=list(DATASETS), metavar="DATASET,...")
    parser.add_argument("--methods", type=_names(METHODS), default=list(DEFAULT_METHODS), metavar="METHOD,...")
    parser.add_argument("--seeds", type=int, metavar="N", help="the first seeds only (default: all)")
    parser.add_argument(
        "--draws",
        type=lambda t: t.split(","),
        default=["reporting"],
        metavar="WORD,...",
        help="tuning, reporting (default), all, or patterns such as wells4_.*",
    )
    parser.add_argument(
        "--override",
        action="append",
        default=[],
        metavar="PART=JSON",
        help="of the job, such as schedule.learning_rate=0.02, recipe=volume or held_out=1",
    )
    parser.add_argument("--score", default="mean_iou", help="of the table: mean_iou, accuracy, kappa, f1")
    running_options(parser, accuracy_scores.RESULTS)
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
