"""SEG-Y, post-stack: from bytes, over headers and the order of the traces, to a lazy array.

`open` and `can_open` make it one of the openers; `inspect`, `guesses` and `preview` tell what a file is
before it is opened.
"""

from napari_fhn.surveys.segy.guess import GridGuess
from napari_fhn.surveys.segy.opening import SUFFIXES, can_open, open
from napari_fhn.surveys.segy.previews import Preview, guesses, preview
from napari_fhn.surveys.segy.survey import SegySurvey, inspect

__all__ = ["SUFFIXES", "GridGuess", "Preview", "SegySurvey", "can_open", "guesses", "inspect", "open", "preview"]
