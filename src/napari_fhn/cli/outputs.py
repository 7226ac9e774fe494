"""What a command writes is nothing that it reads, no part of a session, and changes nothing of somebody else."""

from __future__ import annotations

import argparse
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from napari_fhn.cli.options import UsageError
from napari_fhn.cli.saying import may_be_log
from napari_fhn.regular import as_typed, is_address

#: Options that name a file which is written.
WRITTEN = ("output", "target", "log_file")
#: Options in which no file stands.
_WORDS = ("command", "typed", "what", "name", "run_name")


def check(options: argparse.Namespace) -> None:
    """Refuse a command that would write over a file which it reads, a part of a session, or what is somebody else's.

    Parameters
    ----------
    options : argparse.Namespace
        Of any command.

    Raises
    ------
    UsageError, ProjectError
        With the file.
    """
    said = vars(options)
    written = {name: str(said[name]) for name in WRITTEN if said.get(name) is not None}
    for name, path in written.items():
        if is_address(path):
            continue
        # A copy that is gone on with is a folder that is there; what is not there is read by nobody.
        if os.path.exists(path):
            others = {key: value for key, value in said.items() if key != name and key not in _WORDS}
            if any(_same(path, other) for other in _texts(list(others.values()))):
                raise UsageError(
                    f"{as_typed(path)}: the command reads or writes this file already, and it would be written over: "
                    "choose another name"
                )
        # Here and not above: most commands write nothing, and are answered before this is imported.
        from napari_fhn.project.exporting.export_checks import check_no_part

        check_no_part(path)
        if name == "log_file" and not may_be_log(path):
            raise UsageError(f"{as_typed(path)}: it is no log, and lines would be added to it: choose another name")
        if name != "log_file":  # to which lines are added, wherever it lies
            from napari_fhn.project.exporting import own_files

            own_files.check_links([Path(path)])
        # What exports does it itself, for it knows what else it writes; `predict` may go on with a store.
        if options.command not in ("predict", "export") and name == "output" and said.get("overwrite") is False:
            own_files.check(own_files.with_companions(path))


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str | Path):
        yield str(value)
    elif isinstance(value, list | tuple):
        for one in value:
            yield from _texts(one)


def _same(one: str, other: str) -> bool:
    try:
        return os.path.samefile(one, other)
    except (OSError, ValueError):
        return False
