"""The same jobs without a viewer: ``napari-fhn info``, ``train``, ``predict``, ``export`` and more.

``main`` reads the command line. Surveys, labels and torch are imported only by the command that needs them.
"""

from napari_fhn.cli.commands import main

__all__ = ["main"]
