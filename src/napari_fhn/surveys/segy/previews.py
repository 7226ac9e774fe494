"""Before a SEG-Y file is opened: guesses where its survey numbers stand, and where its traces lie by them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_fhn.surveys.segy.coordinates import Floats, beside, looked_at
from napari_fhn.surveys.segy.guess import GridGuess, ranked
from napari_fhn.surveys.segy.headers import Ints
from napari_fhn.surveys.segy.order import bin_all, in_file_order, rows_by_position
from napari_fhn.surveys.segy.reading import Options, Reading
from napari_fhn.surveys.segy.values import NO_TRACE

_IDENTITY = 29


@dataclass(frozen=True)
class Preview:
    """Where some traces of a file lie, to draw a map before anything is decided.

    Attributes
    ----------
    traces : ndarray of int64, shape (n,)
        Trace numbers from 0: all of a small file, a choice of a large one.
    inline, crossline : ndarray of int64, shape (n,)
        Survey numbers by the guess; zeros where it takes none.
    x, y : ndarray of float64, shape (n,)
        Map coordinates, scalar applied; zeros where there are none.
    dead : ndarray of bool, shape (n,)
        Marked dead or dummy (byte 29).
    guess : GridGuess
        The guess shown.
    """

    traces: Ints
    inline: Ints
    crossline: Ints
    x: Floats
    y: Floats
    dead: NDArray[np.bool_]
    guess: GridGuess


def guesses(path: str | Path, **options: Any) -> list[GridGuess]:
    """Rank guesses where the survey numbers of a SEG-Y file stand, each with its evidence.

    Parameters
    ----------
    path : str or Path
        The file; a choice of trace headers is read.
    **options
        As in `inspect`.

    Returns
    -------
    list of GridGuess
        Best first; the last resorts, coordinates and the order of the file, included.

    Raises
    ------
    SurveyError
        When it is no SEG-Y reading.
    """
    reading = Reading(Path(path), Options(**options))
    found = ranked(reading.headers, reading.places, reading.hints, everything=True)
    if reading.headers.complete and reading.places.x_byte and not reading.places.angles:
        binned = bin_all(reading, *looked_at(reading.headers, reading.places))
        if binned is not None:
            found.append(binned[1])
    regular = rows_by_position(reading)
    if regular is not None:
        found.append(regular[1])
    found.append(in_file_order("the traces as they come, as a line"))
    return sorted(found, key=lambda guess: -guess.score)


def judged(path: str | Path, guess: GridGuess, **options: Any) -> GridGuess:
    """Return a guess as it is with the bytes that a person has given; itself where these say nothing of numbers.

    Parameters
    ----------
    path : str or Path
        The file; a choice of trace headers is read.
    guess : GridGuess
        The one that was chosen.
    **options
        As in `inspect`.

    Returns
    -------
    GridGuess

    Raises
    ------
    SurveyError
        When it is no SEG-Y reading, or the options cannot be.
    """
    reading = Reading(Path(path), Options(**options))
    return guess if reading.pair is None else reading.judged(reading.pair)


def preview(path: str | Path, guess: GridGuess | None = None, **options: Any) -> Preview:
    """Say where some traces of a SEG-Y file lie, by a guess.

    Parameters
    ----------
    path : str or Path
        The file; a choice of trace headers is read.
    guess : GridGuess, optional
        One of `guesses`; the best without it.
    **options
        As in `inspect`.

    Returns
    -------
    Preview

    Raises
    ------
    SurveyError
        When it is no SEG-Y reading.
    """
    guess = guess or guesses(path, **options)[0]
    reading = Reading(Path(path), Options(**options))
    headers = reading.headers
    nothing = np.zeros(headers.traces.size, dtype=np.int64)
    numbered = guess.inline_byte > 0 and guess.crossline_byte > 0
    numbers = (guess.inline_byte, guess.crossline_byte) if numbered else ()
    x, y = looked_at(headers, beside(headers, reading.places, numbers))
    return Preview(
        traces=headers.traces,
        inline=headers.look(guess.inline_byte) if numbered else nothing,
        crossline=headers.look(guess.crossline_byte) if numbered else nothing,
        x=x,
        y=y,
        dead=np.isin(headers.look(_IDENTITY), NO_TRACE),
        guess=guess,
    )
