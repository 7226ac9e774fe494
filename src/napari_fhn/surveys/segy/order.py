"""The order of the traces in a SEG-Y file: as told, by the best guess, by coordinates, or as a line."""

from __future__ import annotations

import numpy as np

from napari_fhn.sentence import counted
from napari_fhn.surveys.errors import SurveyError
from napari_fhn.surveys.segy.coordinates import (
    Floats,
    Places,
    bin_coordinates,
    grid_by_position,
    looked_at,
    scaled,
)
from napari_fhn.surveys.segy.grid import (
    Arrangement,
    Grid,
    Line,
    Order,
    TraceMap,
    arrange,
    axis_of,
    place_keys,
)
from napari_fhn.surveys.segy.guess import STANDARD, GridGuess, ranked
from napari_fhn.surveys.segy.headers import Ints
from napari_fhn.surveys.segy.reading import Reading
from napari_fhn.surveys.segy.rows import grid_of_rows, regular_rows
from napari_fhn.surveys.segy.text import decode_text
from napari_fhn.surveys.segy.unsuitable import NoGridError, no_grid, refuse_gathers, refuse_repeats

_SCALAR = 71
#: A grid found from coordinates must be filled to this share, or it is a crooked line.
_FILLED = 0.25


def find_order(reading: Reading) -> tuple[Order, GridGuess]:
    """Find the order of the traces: as told, by the best guess, by coordinates, or as a line.

    Parameters
    ----------
    reading : Reading
        The file; what is worth saying is added to its notes.

    Returns
    -------
    order : Grid, TraceMap or Line
        Which trace lies where.
    guess : GridGuess
        How that was found.

    Raises
    ------
    SurveyError
        For gathers, and for traces that lie on no grid and no line.
    """
    n = reading.layout.n_traces
    if reading.options.line:
        return Line(n), in_file_order("asked for")
    if reading.by_coordinates:
        found = _by_coordinates(reading)
        if found is None:
            raise SurveyError(reading.path, "its coordinates make no grid", "Give the bytes with x_byte and y_byte")
        return found
    if reading.pair is not None:
        return _by_numbers(reading, reading.judged(reading.pair))
    found_guesses = ranked(reading.headers, reading.places, reading.hints)
    best = next((guess for guess in found_guesses if guess.accepted), None)
    standard = next(guess for guess in found_guesses if (guess.inline_byte, guess.crossline_byte) == STANDARD)
    if best is not None:
        _say_where(reading, best)
        _say_other(reading, best, found_guesses)
        return _by_numbers(reading, best)
    told = next((guess for guess in found_guesses if guess.how in ("layout", "standard", "text")
                 and guess.kind == "line"), None)  # fmt: skip
    senseless: NoGridError | None = None
    if told is None:
        if any(np.ptp(reading.headers.look(byte)) > 0 for byte in STANDARD):
            try:
                return _by_numbers(reading, standard)
            except NoGridError as error:
                # Numbers that repeat are gathers; numbers that make no sense are no reason to give up yet.
                senseless = error
        else:
            _refuse_unnumbered(reading, found_guesses)
    found = _by_coordinates(reading, least_rows=2 if told is None else 3)
    if found is not None:
        return found
    if told is not None:
        return _by_numbers(reading, told)
    if senseless is not None:
        raise senseless
    return Line(n), in_file_order("the headers hold no survey numbers, and coordinates make no grid")


def _refuse_unnumbered(reading: Reading, found: list[GridGuess]) -> None:
    """Refuse traces without numbers where a layout says why, or where they are gathers."""
    if reading.odd_layout:
        raise SurveyError(
            reading.path,
            reading.odd_layout,
            "Export it with whole numbers of 4 bytes, or say where they are: inline_byte=",
        )
    # Not good enough to be taken, but worth naming.
    volumes = (guess for guess in found if guess.kind == "volume" and guess.how != "standard")
    suggestion = next(((guess.inline_byte, guess.crossline_byte) for guess in volumes), None)
    refuse_gathers(reading.headers, STANDARD, reading.offset_byte, suggestion)


def in_file_order(because: str) -> GridGuess:
    """Return the last resort, a line in the order of the file, with its reason."""
    return GridGuess(0, 0, "order", 0.05, (f"{because[0].upper()}{because[1:]}.",), "line")


def _say_where(reading: Reading, best: GridGuess) -> None:
    """Note where numbers were found that do not stand where the standard puts them."""
    if (best.inline_byte, best.crossline_byte) == STANDARD:
        return
    words = {"layout": "by the file's own layout", "text": "by the text header"}.get(
        best.how, "by looking at the traces"
    )
    reading.notes.append(
        f"Inline and crossline numbers were found at bytes {best.inline_byte} and {best.crossline_byte} {words}: "
        f"{' '.join(best.evidence)} If that is wrong, open it with inline_byte= and crossline_byte=."
    )


def _say_other(reading: Reading, best: GridGuess, found: list[GridGuess]) -> None:
    """Note that the file's own text puts other numbers elsewhere, which make a volume too."""
    look = reading.headers.look
    for guess in found:
        if guess.how not in ("text", "layout") or guess is best or not guess.accepted:
            continue
        pairs = ((best.inline_byte, guess.inline_byte), (best.crossline_byte, guess.crossline_byte))
        if not all(np.array_equal(look(a), look(b)) for a, b in pairs):
            reading.notes.append(
                f"{guess.evidence[0]} Those hold other numbers than bytes {best.inline_byte} and "
                f"{best.crossline_byte}, which were taken; for them open it with inline_byte={guess.inline_byte}, "
                f"crossline_byte={guess.crossline_byte}."
            )


def _by_numbers(reading: Reading, guess: GridGuess) -> tuple[Order, GridGuess]:
    """Arrange the traces by their survey numbers."""
    pair = guess.inline_byte, guess.crossline_byte
    headers, n = reading.headers, reading.layout.n_traces
    il, xl = headers.look(pair[0]), headers.look(pair[1])
    if not headers.complete:
        rows = regular_rows(
            lambda traces: np.stack(headers.of(traces, *pair), axis=1).astype(np.float64),
            n,
            headers.traces,
            np.stack([il, xl], axis=1).astype(np.float64),
        )
        grid = grid_of_rows(rows) if rows is not None else None
        if grid is not None:
            return grid, guess
        n_most = axis_of(il).size * axis_of(xl).size
        place = place_keys(il, xl)
        if n >= 1.5 * n_most > 1.5:
            # Far more traces than places: said at once, without looking at each of them.
            refuse_repeats(headers, n_most, n - n_most, place, pair, reading.offset_byte, decode_text(reading.text))
        all_il, all_xl = headers.all(*pair, progress=reading.progress)
    else:
        all_il, all_xl = il, xl
    if not (all_il.any() or all_xl.any()):
        return Line(n), guess
    found = arrange(all_il, all_xl)
    refuse_repeats(
        headers,
        found.n_places,
        found.repeats.size,
        place_keys(il, xl),
        pair,
        reading.offset_byte,
        decode_text(reading.text),
    )
    if found.order is None:
        raise no_grid(reading.path, found, n, pair)
    _say_gaps(reading, found, f"bytes {pair[0]} and {pair[1]}")
    return found.order, guess


def _say_gaps(reading: Reading, found: Arrangement, where: str) -> None:
    """Note traces that are missing, left out or written twice."""
    order, n = found.order, reading.layout.n_traces
    of = f"of {n:,} traces"
    if isinstance(order, Line):
        return
    if found.unnumbered.size:
        reading.notes.append(
            f"{counted(found.unnumbered.size, f'{of} have', f'{of} has')} no numbers ({where} are both 0), the "
            "first of them trace "
            f"{found.unnumbered[0] + 1}; they are left out as padding."
        )
    if found.strays.size:
        reading.notes.append(
            f"{counted(found.strays.size, f'{of} have', f'{of} has')} numbers far off the rest ({where}), the "
            "first of them trace "
            f"{found.strays[0] + 1}; they are left out as damaged."
        )
    if found.repeats.size:
        reading.notes.append(
            f"{counted(found.repeats.size, f'{of} repeat', f'{of} repeats')} the place of another ({where}), "
            "the first of them trace "
            f"{found.repeats[0] + 1}; the first trace of each place was taken."
        )
    if isinstance(order, TraceMap) and not order.full:
        size = order.numbers.size
        gaps = size - found.n_places
        reading.notes.append(
            f"{counted(gaps, f'of {size:,} places have', f'of {size:,} places has')} no trace "
            f"({100 * gaps / size:.1f} %); {'it is' if gaps == 1 else 'they are'} read as missing."
        )


def _by_coordinates(reading: Reading, least_rows: int = 2) -> tuple[Order, GridGuess] | None:
    """Arrange the traces by their coordinates alone; None where those make no grid of so many rows."""
    headers, places = reading.headers, reading.places
    if not places.x_byte or places.angles:
        return None
    regular = rows_by_position(reading, least_rows)
    if regular is not None:
        _say_position(reading, regular[1])
        return regular
    if headers.complete:
        x, y = looked_at(headers, places)
    else:
        all_x, all_y, scalar = headers.all(places.x_byte, places.y_byte, _SCALAR, progress=reading.progress)
        x, y = scaled(all_x, scalar, places.scalar), scaled(all_y, scalar, places.scalar)
    binned = bin_all(reading, x, y, least_rows)
    if binned is None:
        return None
    found, guess = binned
    _say_position(reading, guess)
    _say_gaps(reading, found, f"coordinates at bytes {places.x_byte} and {places.y_byte}")
    assert found.order is not None
    return found.order, guess


def rows_by_position(reading: Reading, least_rows: int = 2) -> tuple[Grid, GridGuess] | None:
    """Show by the coordinates of a few traces that a large file lies on a regular grid; None where it does not."""
    headers, places = reading.headers, reading.places
    if headers.complete or not places.x_byte or places.angles:
        return None

    def at(traces: Ints) -> Floats:
        x, y, scalar = headers.of(traces, places.x_byte, places.y_byte, _SCALAR)
        return np.stack([scaled(x, scalar, places.scalar), scaled(y, scalar, places.scalar)], axis=1)

    known = np.stack(looked_at(headers, places), axis=1)
    rows = regular_rows(at, reading.layout.n_traces, headers.traces, known, tolerance=0.3)
    grid = grid_by_position(rows) if rows is not None else None
    if grid is None or min(grid.shape) < least_rows:
        return None
    return grid, _position_guess(places, grid.shape, reading.layout.n_traces, "each trace looked at lies on it")


def bin_all(reading: Reading, x: Floats, y: Floats, least_rows: int = 2) -> tuple[Arrangement, GridGuess] | None:
    """Find a grid by coordinates of all traces, well filled and with one trace per place."""
    binned = bin_coordinates(x, y)
    if binned is None:
        return None
    found = arrange(binned.i + 1, binned.j + 1)
    if not isinstance(found.order, Grid | TraceMap) or min(found.order.shape) < least_rows:
        return None
    size = found.inlines.size * found.crosslines.size
    if found.n_places < _FILLED * size or found.repeats.size > 0.1 * x.size or found.strays.size:
        return None
    words = f"no trace lies more than {binned.worst:.2f} bins off, bins are {binned.bins[0]:.4g} x {binned.bins[1]:.4g}"
    return found, _position_guess(
        reading.places, found.order.shape, reading.layout.n_traces, words, found.n_places / size
    )


def _position_guess(places: Places, shape: tuple[int, int], n: int, words: str, fill: float = 1.0) -> GridGuess:
    evidence = (
        f"The coordinates (bytes {places.x_byte} and {places.y_byte}) of {n} traces make "
        f"{counted(shape[0], 'rows')} of "
        f"{counted(shape[1], 'places')}.",
        f"{words[0].upper()}{words[1:]}.",
    )
    return GridGuess(0, 0, "coordinates", round(0.5 * fill**0.5, 3), evidence, "volume", places.x_byte, places.y_byte)


def _say_position(reading: Reading, guess: GridGuess) -> None:
    reading.notes.append(
        "The headers hold no usable survey numbers, so traces were placed by their coordinates and inlines and "
        f"crosslines are counted from 1: {' '.join(guess.evidence)}"
    )
