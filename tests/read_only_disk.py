"""What can be done with a session that lies where nobody can write: run as a program there, a word for each thing.

``python read_only_disk.py FOLDER`` works beside a folder that holds the session ``work``. Each line says what was tried
and how it ended: ``done``, or the sentence that a person sees.
"""

from __future__ import annotations

import contextlib
import io
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np

import napari_fhn as fhn
from napari_fhn.cli import main

WORK = Path(sys.argv[1] if len(sys.argv) > 1 else ".") / "work"


def typed(*words: str) -> None:
    """Run a command; what it says of a failure is raised."""
    wrong = io.StringIO()
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(wrong):
        code = main([words[0], *words[1:], "--session", str(WORK)])
    if code:
        raise SystemExit(wrong.getvalue().strip())


def opened() -> None:
    with fhn.open(session=WORK) as work:
        (note,) = [one for one in work.notes if "can be written" in one]
        assert "opened to look at only" in note, note
        assert work.labels.values.any()
        work.save("python.npy")


def changed() -> None:
    with fhn.open(session=WORK) as work:
        work.label(np.ones(work.shape, np.uint8), replace_labels=True)


def renamed() -> None:
    with fhn.open(session=WORK) as work:
        work.runs.rename(work.runs.all()[0], "another name")


def reported() -> None:
    with fhn.open(session=WORK) as work:
        work.report()


TRIED: dict[str, Callable[[], None]] = {
    "info": lambda: typed("info"),
    "runs": lambda: typed("runs"),
    "history": lambda: typed("history"),
    "export": lambda: typed("export", "classes", "typed.npy"),
    "Python": opened,
    "history undo": lambda: typed("history", "undo"),
    "report in place": lambda: typed("report"),
    "rename": lambda: typed("runs", "rename", "1", "another"),
    "Python changes": changed,
    "Python renames": renamed,
    "Python reports": reported,
}


if __name__ == "__main__":
    for name, act in TRIED.items():
        try:
            act()
        except SystemExit as error:
            print(f"{name}: {error}")
        except ValueError as error:
            print(f"{name}: {type(error).__name__}: {error}")
        else:
            print(f"{name}: done")
