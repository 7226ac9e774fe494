"""What the columns of a table may mean, with how sure that is and why.

`suggest` asks a list of small recognisers, one after the other; each returns guesses with their evidence in words, and
sees what those before it have found.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from napari_fhn.labels.errors import LabelError
from napari_fhn.labels.lateral import Traces
from napari_fhn.labels.tables.bearings import coordinate, is_bearing
from napari_fhn.labels.tables.columns import Table
from napari_fhn.labels.tables.text import is_null, is_number, to_number
from napari_fhn.labels.tables.units import unit as named_unit
from napari_fhn.labels.tables.vocabulary import ROLES, Meaning, meaning
from napari_fhn.surveys.kinds import is_line, is_seismic

#: A guess is taken without asking when it is this sure, and ahead of the next by this much.
SURE, AHEAD = 0.6, 0.15
#: Columns without telling names are paired up to this number of them.
_PAIRED = 12
_TEXT = ("well", "marker", "class")
#: Ways to say a place or a depth that a sentence names.
_WAYS = 6
#: What a column of units is called, and one of rock units.
_UNIT = ("unit", "einheit", "unidad")
_VERTICAL = ("z", "time", "twt", "owt", "depth", "md", "tvd", "tvdss")


@dataclass(frozen=True)
class Guess:
    """A column that may have a role.

    Attributes
    ----------
    role : str
        One of `napari_fhn.labels.tables.vocabulary.ROLES`.
    column : int
        Index of the column.
    name : str
        What the file calls it.
    confidence : float
        From 0 to 1; from `SURE` on it is taken without asking, if it is ahead of the next by `AHEAD`.
    reason : str
        Why, for people.
    unit : str
        Unit that the header gives, empty where it gives none.
    domain : str
        For ``top`` and ``base``: kind of depth or time, empty where it is not said.
    """

    role: str
    column: int
    name: str
    confidence: float
    reason: str
    unit: str = ""
    domain: str = ""


@dataclass(frozen=True)
class Suggestion:
    """What the columns of a table may mean.

    Attributes
    ----------
    table : Table
        The table.
    guesses : mapping of str to tuple of Guess
        For each role the columns that may have it, best first.
    """

    table: Table
    guesses: Mapping[str, tuple[Guess, ...]]

    def best(self, role: str) -> Guess | None:
        """The guess for a role that is sure enough to be taken without asking, or None."""
        found = self.guesses.get(role, ())
        if not found or found[0].confidence < SURE:
            return None
        return None if len(found) > 1 and found[1].confidence > found[0].confidence - AHEAD else found[0]

    @cached_property
    def mapping(self) -> dict[str, int]:
        """Index of the column for every role that is sure."""
        return {role: best.column for role in self.guesses if (best := self.best(role)) is not None}

    @property
    def reasons(self) -> tuple[str, ...]:
        """Why, for people: a sentence for each role, of the column that most likely has it."""
        return tuple(
            f"Column '{found[0].name}' may be the {ROLES[role]} ({100 * found[0].confidence:.0f} %): {found[0].reason}."
            for role, found in self.guesses.items()
            if found
        )

    @cached_property
    def ambiguous(self) -> dict[str, tuple[Guess, ...]]:
        """The guesses for every role that is not sure."""
        return {role: found for role, found in self.guesses.items() if self.best(role) is None}


class AmbiguousColumns(LabelError):
    """Columns of a table whose meaning cannot be told for sure, so that a person must say.

    Parameters
    ----------
    what, way_out, line
        As in `LabelError`.
    table : Table
        The table as it was sniffed; its path leads the message.
    candidates : mapping of str to tuple of Guess
        For each role that must be said the columns that may be it, best first; empty where none looks like it.
    groups : sequence of tuple of str, optional
        Roles that go together, of which one such group is enough; none where nobody says what is needed.
    """

    def __init__(
        self,
        what: str,
        way_out: str,
        table: Table,
        candidates: Mapping[str, tuple[Guess, ...]],
        *,
        groups: Sequence[tuple[str, ...]] = (),
        line: int | None = None,
    ) -> None:
        super().__init__(what, way_out, path=table.path, line=line)
        self.table = table
        self.candidates = dict(candidates)
        self.groups = tuple(groups)

    def lacking(self, known: Collection[str]) -> str:
        """Say which columns are needed beside those that are known; empty where none is.

        Parameters
        ----------
        known : collection of str
            Roles of which the column is known.

        Returns
        -------
        str
            Such as "well, and inline with crossline or x with y", or "twt or top with base and class".
        """
        ways = [tuple(role for role in group if role not in known) for group in self.groups]
        if not all(ways):
            return ""
        # Of two ways the one that needs more beside the same is none.
        least = [one for one in dict.fromkeys(ways) if not any(set(other) < set(one) for other in ways)]
        always = [role for role in least[0] if all(role in one for one in least)] if least else []
        others = [_together([role for role in one if role not in always]) for one in sorted(least, key=len)]
        either = f"{', '.join(others[:_WAYS][:-1])} or {others[:_WAYS][-1]}" if len(others) > 1 else ""
        return ", and ".join(one for one in (" and ".join(always), either) if one)


def _together(roles: Sequence[str]) -> str:
    return " with ".join(one for one in (roles[0], " and ".join(roles[1:])) if one) if roles else ""


def suggest(table: Table, survey: xr.DataArray | None = None) -> Suggestion:
    """Suggest what the columns of a table mean.

    Parameters
    ----------
    table : Table
        From `napari_fhn.labels.tables.sniffing.sniff`.
    survey : xarray.DataArray, optional
        A volume or a line: columns without telling names are held against its lines, its place on the map and its
        vertical axis.

    Returns
    -------
    Suggestion
    """
    clues = Clues(table, survey)
    for recogniser in RECOGNISERS:
        clues.add(recogniser(clues))
    guesses = {role: tuple(sorted(found, key=lambda one: -one.confidence)) for role, found in clues.found.items()}
    return Suggestion(table, guesses)


@dataclass
class Clues:
    """What recognisers look at: a table, a survey, and what those before them have found.

    Attributes
    ----------
    table : Table
        The table.
    survey : xarray.DataArray or None
        What columns without telling names are held against.
    found : dict of str to list of Guess
        Guesses so far, by role.
    used : set of int
        Columns whose values have told a place.
    """

    table: Table
    survey: xr.DataArray | None = None
    found: dict[str, list[Guess]] = field(default_factory=dict)
    used: set[int] = field(default_factory=set)

    def add(self, guesses: Sequence[Guess]) -> None:
        """Add guesses."""
        for guess in guesses:
            self.found.setdefault(guess.role, []).append(guess)

    @cached_property
    def named(self) -> frozenset[str]:
        """Roles that names have told; asked for once those are known."""
        return frozenset(self.found)

    @cached_property
    def free(self) -> tuple[int, ...]:
        """Columns whose names tell nothing; asked for once those that do are known."""
        taken = {guess.column for guesses in self.found.values() for guess in guesses}
        return tuple(k for k in range(len(self.table.names)) if k not in taken)

    @cached_property
    def values(self) -> dict[int, NDArray[np.float64]]:
        """Numbers of the columns that are free, by column; none where there are too many to pair."""
        if self.survey is None or not self.free or not is_seismic(self.survey):
            return {}
        read = {k: _numbers(self.table, k) for k in self.free if self.table.numeric[k]}
        read = {k: v for k, v in read.items() if np.isfinite(v).any()}
        return read if len(read) <= _PAIRED else {}

    @cached_property
    def traces(self) -> Traces:
        """Places of the survey's traces."""
        assert self.survey is not None
        return Traces.of(self.survey)


def by_name(clues: Clues) -> list[Guess]:
    """Guess by what columns are called, less surely where their cells speak against it."""
    table, guesses = clues.table, []
    on_line = clues.survey is not None and is_line(clues.survey)
    for k, name in enumerate(table.names if table.has_header else ()):
        said = meaning(name, on_line=on_line)
        if said is None or _holds_units(said, table, k):
            continue
        # "Top" above names is a surface, and above numbers the upper end of an interval.
        role = "marker" if said.role == "top" and not table.numeric[k] else said.role
        sure, but = said.confidence, ""
        for doubt in DOUBTS:
            factor, why = doubt(role, table, k)
            if factor < 1:
                sure, but = sure * factor, f", but {why}"
                break
        reason = f"its name is '{name}'{but}"
        guesses.append(Guess(role, k, name, round(sure, 3), reason, table.units[k], said.domain))
    return guesses


def by_map(clues: Clues) -> list[Guess]:
    """Guess x and y by which two columns lie within the survey on the map."""
    if {"x", "y"} & clues.named:
        return []
    values = clues.values
    pairs = [
        (a, b)
        for a, b in itertools.permutations(values, 2)
        if _share(clues.traces.inside_xy(values[a], values[b])) >= 0.5
    ]
    clues.used |= {k for pair in pairs for k in pair}
    return _pair(clues.table, ("x", "y"), pairs, "its values lie within the survey on the map")


def by_lines(clues: Clues) -> list[Guess]:
    """Guess inline and crossline by which two columns hold numbers of the survey's lines."""
    if {"inline", "crossline"} & clues.named:
        return []
    values = clues.values
    whole = [k for k, v in values.items() if k not in clues.used and (v == np.rint(v))[np.isfinite(v)].all()]
    pairs = [
        (a, b)
        for a, b in itertools.permutations(whole, 2)
        if _share(clues.traces.inside_numbers(values[a], values[b])) >= 0.5
        # A horizon has one value at a trace: numbers that hardly ever make a new pair are no lines.
        and len(set(zip(values[a], values[b], strict=True))) >= 0.9 * len(values[a])
    ]
    clues.used |= {k for pair in pairs for k in pair}
    return _pair(clues.table, ("inline", "crossline"), pairs, "its values are numbers of the survey's lines")


def by_vertical_axis(clues: Clues) -> list[Guess]:
    """Guess the depth or time by which columns lie on the survey's vertical axis."""
    if set(_VERTICAL) & clues.named or not clues.values or clues.survey is None:
        return []
    axis = np.asarray(clues.survey[clues.survey.dims[-1]], dtype=np.float64)
    inside = []
    for k, v in clues.values.items():
        size = np.abs(v[np.isfinite(v)])
        in_range = max(((size * f >= axis[0]) & (size * f <= axis[-1])).mean() for f in (1.0, 1000.0)) >= 0.5
        if k not in clues.used and in_range:
            inside.append(k)
    sure = 0.7 if len(inside) == 1 else 0.5
    names = clues.table.names
    return [Guess("z", k, names[k], sure, "its values lie on the survey's vertical axis") for k in inside]


def by_text(clues: Clues) -> list[Guess]:
    """Guess names of wells, surfaces and classes by which columns hold text, where nothing surer tells them."""
    table = clues.table
    texts = [k for k in clues.free if not table.numeric[k] and any(row[k] for row in table.sample)]
    open_roles = [role for role in _TEXT if all(guess.confidence < SURE for guess in clues.found.get(role, ()))]
    return [Guess(role, k, table.names[k], 0.3, "it holds text") for k in texts for role in open_roles]


#: Asked in this order; a further one is a function of `Clues` that returns guesses, and one entry here.
RECOGNISERS: tuple[Callable[[Clues], list[Guess]], ...] = (by_name, by_map, by_lines, by_vertical_axis, by_text)


def _numbers_as_markers(role: str, table: Table, k: int) -> tuple[float, str]:
    return (0.3 if role == "marker" and table.numeric[k] else 1.0), "it holds numbers, and surfaces have names"


def _numbers_as_wells(role: str, table: Table, k: int) -> tuple[float, str]:
    return (0.9 if role == "well" and table.numeric[k] else 1.0), "it holds numbers"


def _text_as_numbers(role: str, table: Table, k: int) -> tuple[float, str]:
    without = role not in _TEXT and bool(table.sample) and not _has_numbers(table, k)
    if without and role in ("azimuth", "inclination"):
        # Drillers write N45E, and degrees with minutes.
        without = not all(is_bearing(row[k]) or is_number(row[k], table.dialect.decimal) for row in table.sample)
    if without and role in ("lat", "lon"):
        cells = [row[k] for row in table.sample if row[k].strip()]
        without = any(math.isnan(coordinate(cell)) and not is_number(cell, table.dialect.decimal) for cell in cells)
    return (0.5 if without else 1.0), "it holds no numbers"


#: What speaks against a name: a factor of how sure it is, 1 where nothing does, and why. The first that does counts.
DOUBTS: tuple[Callable[[str, Table, int], tuple[float, str]], ...] = (
    _numbers_as_markers,
    _numbers_as_wells,
    _text_as_numbers,
)


def _holds_units(said: Meaning, table: Table, k: int) -> bool:
    """Whether a column called "unit" holds units of measure, and no rock units."""
    if said.role != "class" or not any(word in table.names[k].lower() for word in _UNIT):
        return False
    return all(bool(named_unit(row[k])) for row in table.sample if row[k])


def _pair(table: Table, roles: tuple[str, str], pairs: list[tuple[int, int]], reason: str) -> list[Guess]:
    sure = 0.8 if len(pairs) == 1 else 0.5
    found = {(role, k) for pair in pairs for role, k in zip(roles, pair, strict=True)}
    return [Guess(role, k, table.names[k], sure, reason) for role, k in sorted(found)]


def _share(inside: NDArray[np.bool_]) -> float:
    return float(inside.mean()) if inside.size else 0.0


def _has_numbers(table: Table, k: int) -> bool:
    return any(is_number(row[k], table.dialect.decimal) for row in table.sample)


def _numbers(table: Table, k: int) -> NDArray[np.float64]:
    read = [to_number(row[k], table.dialect.decimal) for row in table.sample]
    return np.array([np.nan if is_null(v) else v for v in read], dtype=np.float64)
