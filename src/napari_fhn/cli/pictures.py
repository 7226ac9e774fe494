"""The picture that ``train`` and ``predict`` leave beside their numbers."""

from __future__ import annotations

import argparse
import contextlib
from pathlib import Path
from typing import TYPE_CHECKING

from napari_fhn.cli.saying import busy, say

if TYPE_CHECKING:
    from napari_fhn.training.job import Job


def add_picture(parser: argparse.ArgumentParser) -> None:
    """Add ``--no-picture``."""
    parser.add_argument("--no-picture", action="store_true", help="leave no picture of labels and prediction")


def leave_picture(options: argparse.Namespace, job: Job, path: Path) -> None:
    """Draw labels and prediction into a file, and say where; what keeps it from being drawn costs nothing else.

    Parameters
    ----------
    options : argparse.Namespace
        With ``no_picture`` and ``json``.
    job : Job
        Whose they are.
    path : Path
        A PNG file.
    """
    if options.no_picture:
        return
    try:
        from napari_fhn.report.picture import save_picture

        with busy(f"Drawing {path.name}"), _replacing(options, path):
            save_picture(path, job, [options.typed])
    except (ImportError, OSError, ValueError) as error:
        # A machine with torch and numpy alone, a full disk, an array that is gone: the network is there all the same.
        say([f"no picture was drawn ({error})"])
        return
    if options.json:
        # Lines of JSON on standard output are the updates of the work, and nothing else.
        say([f"Picture: {path}"])
    else:
        print(f"Picture: {path}")


def _replacing(options: argparse.Namespace, path: Path) -> contextlib.AbstractContextManager[None]:
    """Keep a picture beside a file that a person named from replacing another's; those of runs are the program's."""
    output: Path | None = getattr(options, "output", None)
    if output is None or path != beside(output):
        return contextlib.nullcontext()
    from napari_fhn.project.exporting.own_files import writing

    return writing(path, overwrite=options.overwrite)


def beside(output: Path) -> Path:
    """Return the name of the picture that lies beside a file."""
    return output.with_name(output.name + ".png")
