"""The same jobs without a viewer: ``napari-fhn info``, ``train``, ``predict``, ``export`` and more.

``main`` reads the command line. Surveys, labels and torch are imported only by the command that needs them.
"""

import sys
from collections.abc import Sequence

from napari_fhn.cli import pipes
from napari_fhn.cli.exits import INTERRUPTED

__all__ = ["main"]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command; see :func:`napari_fhn.cli.commands.main`."""
    if arguments is None:  # where it is a program, and not a part of one
        pipes.forgive()
    try:
        # Here and not above: Ctrl-C may come while it is imported, too.
        from napari_fhn.cli.commands import main as run

        return run(arguments)
    except KeyboardInterrupt:
        print("napari-fhn: stopped; nothing was begun.", file=sys.stderr)
        return INTERRUPTED
