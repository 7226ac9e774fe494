"""The same jobs without a viewer: ``napari-fhn info``, ``napari-fhn train``, ``napari-fhn predict``.

``main`` reads the command line. Surveys, labels and torch are imported only by the command that needs them.
"""

from napari_fhn.cli.commands import main

__all__ = ["main"]
