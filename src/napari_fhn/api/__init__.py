"""Python: from a file, or an array, to a prediction that is exported, in a few lines.

The words are those of the command line, and everything goes through `napari_fhn.project`: what is begun here goes on
in the dock and on the command line, and the other way round.
"""

from napari_fhn.api.fitted import FittedNetwork, fit, load
from napari_fhn.api.opening import open
from napari_fhn.api.training import Training
from napari_fhn.api.work import Work

__all__ = ["FittedNetwork", "Training", "Work", "fit", "load", "open"]
