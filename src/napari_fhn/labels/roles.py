"""What the columns of a table may mean, with how sure that is and why; and the choice that a person has made."""

from __future__ import annotations

import itertools
import re
import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from napari_fhn.labels.columns import Table
from napari_fhn.labels.errors import AmbiguousColumns, LabelError, LabelWarning, Undeclared
from napari_fhn.labels.lateral import Traces
from napari_fhn.labels.text import is_null, is_number, to_number
from napari_fhn.labels.units import METRES, MILLISECONDS
from napari_fhn.labels.units import unit as named_unit
from napari_fhn.labels.vocabulary import DOMAINS, ROLES, meaning
from napari_fhn.surveys.kinds import is_line, is_seismic

#: A guess is taken without asking when it is this sure, and ahead of the next by this much.
SURE, AHEAD = 0.6, 0.15
#: Columns without telling names are paired up to this number of them.
_PAIRED = 12
_TEXT = ("well", "marker", "class")
_VERTICAL = ("z", "time", "twt", "owt", "depth", "md", "tvd", "tvdss")

#: How comments give the unit of all depths or times ("Unit in depth: m", "DEPTH (Z, TVD) GIVEN IN m-UNITS").
_COMMENTED = {
    kind: re.compile(
        rf"(?:\bunits?\s+(?:in|of)\s+{kind}\s*[:=]?\s*|\b{kind}\b[^:=]*\bgiven\s+in\s+)([a-z]+)", re.IGNORECASE
    )
    for kind in ("depth", "time")
}


@dataclass(frozen=True)
class Guess:
    """A column that may have a role.

    Attributes
    ----------
    role : str
        One of `napari_fhn.labels.vocabulary.ROLES`.
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

    @cached_property
    def ambiguous(self) -> dict[str, tuple[Guess, ...]]:
        """The guesses for every role that is not sure."""
        return {role: found for role, found in self.guesses.items() if self.best(role) is None}


def suggest(table: Table, survey: xr.DataArray | None = None) -> Suggestion:
    """Suggest what the columns of a table mean.

    Parameters
    ----------
    table : Table
        From `napari_fhn.labels.columns.sniff`.
    survey : xarray.DataArray, optional
        A volume or a line: columns without telling names are held against its lines, its place on the map and its
        vertical axis.

    Returns
    -------
    Suggestion
    """
    found: dict[str, list[Guess]] = {}
    on_line = survey is not None and is_line(survey)
    for k, name in enumerate(table.names):
        said = meaning(name, on_line=on_line) if table.has_header else None
        if said is None:
            continue
        role, sure, domain = said.role, said.confidence, said.domain
        if role == "top" and not table.numeric[k]:
            role = "marker"
        if role in ("marker", "well") and table.numeric[k]:
            sure *= 0.3 if role == "marker" else 0.9
        elif role not in _TEXT and table.sample and not _has_numbers(table, k):
            sure *= 0.5
        if (
            role == "class"
            and "unit" in name.lower()
            and all(bool(named_unit(row[k])) for row in table.sample if row[k])
        ):
            continue
        guess = Guess(role, k, name, round(sure, 3), f"its name is '{name}'", table.units[k], domain)
        found.setdefault(role, []).append(guess)
    taken = {guess.column for guesses in found.values() for guess in guesses}
    free = [k for k in range(len(table.names)) if k not in taken]
    if survey is not None and free and is_seismic(survey):
        for guess in _by_values(table, survey, free, set(found)):
            found.setdefault(guess.role, []).append(guess)
    texts = [k for k in free if not table.numeric[k] and any(row[k] for row in table.sample)]
    for k, role in itertools.product(texts, _TEXT):
        if role not in found or all(g.confidence < SURE for g in found[role]):
            found.setdefault(role, []).append(Guess(role, k, table.names[k], 0.3, "it holds text"))
    return Suggestion(table, {r: tuple(sorted(g, key=lambda one: -one.confidence)) for r, g in found.items()})


def _by_values(table: Table, survey: xr.DataArray, free: list[int], known: set[str]) -> list[Guess]:
    """Guess places and the vertical axis by where the values lie in the survey."""
    values = {k: _column(table, k) for k in free if table.numeric[k]}
    values = {k: v for k, v in values.items() if np.isfinite(v).any()}
    if len(values) > _PAIRED:
        return []
    traces = Traces.of(survey)
    guesses: list[Guess] = []
    used: set[int] = set()
    if not {"x", "y"} & known:
        pairs = [
            (a, b)
            for a, b in itertools.permutations(values, 2)
            if _share(traces.inside_xy(values[a], values[b])) >= 0.5
        ]
        guesses += _pair(table, ("x", "y"), pairs, "its values lie within the survey on the map")
        used |= {k for pair in pairs for k in pair}
    if not {"inline", "crossline"} & known:
        whole = [k for k, v in values.items() if k not in used and (v == np.rint(v))[np.isfinite(v)].all()]
        pairs = [
            (a, b)
            for a, b in itertools.permutations(whole, 2)
            if _share(traces.inside_numbers(values[a], values[b])) >= 0.5
            # A horizon has one value at a trace: numbers that hardly ever make a new pair are no lines.
            and len(set(zip(values[a], values[b], strict=True))) >= 0.9 * len(values[a])
        ]
        guesses += _pair(table, ("inline", "crossline"), pairs, "its values are numbers of the survey's lines")
        used |= {k for pair in pairs for k in pair}
    if not set(_VERTICAL) & known:
        axis = np.asarray(survey[survey.dims[-1]], dtype=np.float64)
        inside = []
        for k, v in values.items():
            size = np.abs(v[np.isfinite(v)])
            in_range = max(((size * f >= axis[0]) & (size * f <= axis[-1])).mean() for f in (1.0, 1000.0)) >= 0.5
            if k not in used and in_range:
                inside.append(k)
        sure = 0.7 if len(inside) == 1 else 0.5
        guesses += [Guess("z", k, table.names[k], sure, "its values lie on the survey's vertical axis") for k in inside]
    return guesses


def _pair(table: Table, roles: tuple[str, str], pairs: list[tuple[int, int]], reason: str) -> list[Guess]:
    sure = 0.8 if len(pairs) == 1 else 0.5
    found = {(role, k) for pair in pairs for role, k in zip(roles, pair, strict=True)}
    return [Guess(role, k, table.names[k], sure, reason) for role, k in sorted(found)]


def _share(inside: NDArray[np.bool_]) -> float:
    return float(inside.mean()) if inside.size else 0.0


def _has_numbers(table: Table, k: int) -> bool:
    return any(is_number(row[k], table.dialect.decimal) for row in table.sample)


def _column(table: Table, k: int) -> NDArray[np.float64]:
    read = [to_number(row[k], table.dialect.decimal) for row in table.sample]
    return np.array([np.nan if is_null(v) else v for v in read], dtype=np.float64)


class Columns:
    """The columns that a reader uses: those that were said, and those that are sure.

    Parameters
    ----------
    table : Table
        The table.
    said : mapping of str to (str or int), optional
        Column for a role: a name or a number from 1 in digits, or an index from 0.
    units : mapping of str to str, optional
        Unit for a role, over that of the header.
    survey : xarray.DataArray, optional
        As in `suggest`.

    Raises
    ------
    LabelError
        For a role, unit or column that there is not.
    """

    def __init__(
        self,
        table: Table,
        said: Mapping[str, str | int] | None = None,
        units: Mapping[str, str] | None = None,
        survey: xr.DataArray | None = None,
    ) -> None:
        self.table = table
        for role in (*(said or {}), *(units or {})):
            if role not in ROLES:
                raise LabelError(f"there is no role '{role}'", f"The roles are {', '.join(ROLES)}", path=table.path)
        self._said = {role: table.column(name) for role, name in (said or {}).items()}
        self._units = {}
        for role, text in (units or {}).items():
            self._units[role] = named_unit(text)
            if not self._units[role]:
                raise LabelError(f"there is no unit '{text}'", "Use m, ft, ms, s or deg", path=table.path)
        taken = set(self._said.values())
        guesses = suggest(table, survey).guesses
        self._suggestion = Suggestion(
            table, {role: tuple(g for g in found if g.column not in taken) for role, found in guesses.items()}
        )

    def has(self, role: str) -> bool:
        """Whether the column of a role is known."""
        return role in self._said or self._suggestion.best(role) is not None

    def may_have(self, role: str) -> bool:
        """Whether a column may have a role, known or not."""
        return role in self._said or bool(self._suggestion.guesses.get(role))

    def index(self, role: str) -> int:
        """Return the index of a role's column.

        Raises
        ------
        AmbiguousColumns
            When it is not known.
        """
        if role in self._said:
            return self._said[role]
        best = self._suggestion.best(role)
        if best is None:
            raise self.ambiguous(role)
        return best.column

    def first(self, *groups: tuple[str, ...]) -> tuple[str, ...]:
        """Return the first group of roles whose columns are all known.

        A group that was said in part comes before one that is only suggested.

        Raises
        ------
        AmbiguousColumns
            When there is none; it names the first group, and carries the candidates for all.
        """
        for group in sorted(groups, key=lambda g: -sum(role in self._said for role in g)):
            if all(self.has(role) for role in group):
                return group
        likely = next((g for g in groups if all(self.may_have(role) for role in g)), groups[0])
        missing = [role for role in likely if not self.has(role)]
        raise self.ambiguous(
            missing[0], *missing[1:], *(r for g in groups for r in g if g is not likely), show=len(missing)
        )

    def domain(self, role: str) -> str:
        """Return the kind of depth or time of an end of intervals, empty where the name does not say."""
        best = None if role in self._said else self._suggestion.best(role)
        if best is not None:
            return best.domain
        said = meaning(self.table.names[self._said[role]]) if role in self._said and self.table.has_header else None
        return "" if said is None else said.domain or (said.role if said.role in DOMAINS else "")

    def said_unit(self, role: str) -> str:
        """Return the unit of a role that a person or the header has said, empty where none has."""
        return self._units.get(role) or self.table.units[self.index(role)]

    def unit(self, role: str, choices: tuple[str, ...], evidence: tuple[str, str] | None = None) -> str:
        """Return the unit of a role; warns where only evidence tells it, and no person or header.

        Parameters
        ----------
        role : str
            Whose column is known.
        choices : tuple of str
            Units that make sense.
        evidence : (str, str), optional
            Unit that alone makes sense of the values, and why.

        Raises
        ------
        Undeclared
            When nothing tells it.
        LabelError
            When what was said makes no sense.
        """
        k = self.index(role)
        said = self.said_unit(role) or self._commented(choices)
        name = self.table.names[k]
        if said and said in choices:
            return said
        kinds = (METRES, MILLISECONDS)
        if said and any(said in kind for kind in kinds):
            wrong = f"its column '{name}' is in {said}, and the {ROLES[role]} comes in {' or '.join(choices)}"
            raise LabelError(wrong, "Choose another column, or correct the unit", path=self.table.path)
        if evidence is not None:
            words = f"{self.table.path.name}: column '{name}' has no unit and was read in {evidence[0]}: {evidence[1]}."
            warnings.warn(words, LabelWarning, stacklevel=3)
            return evidence[0]
        raise Undeclared(
            f"the unit of column '{name}' ({ROLES[role]}) is not said",
            f"Say whether it is {' or '.join(choices)}",
            option="units",
            choices=choices,
            role=role,
            path=self.table.path,
        )

    def _commented(self, choices: tuple[str, ...]) -> str:
        """Unit that comments give for all depths or all times, empty where they give none that makes sense."""
        kind = "time" if "ms" in choices else "depth" if "m" in choices else ""
        for text in self.table.comments if kind else ():
            found = _COMMENTED[kind].search(text[:300])
            if found is not None and named_unit(found[1]) in choices:
                return named_unit(found[1])
        return ""

    def ambiguous(self, *roles: str, show: int = 1) -> AmbiguousColumns:
        """Make the error that asks for the columns of roles; its sentence tells of the first `show` of them."""
        candidates = {role: self._suggestion.guesses.get(role, ()) for role in dict.fromkeys(roles)}
        first = roles[0]
        table = self.table
        if any(candidates[role] for role in roles[:show]):
            parts = []
            for role in roles[:show]:
                may = ", ".join(f"'{g.name}' ({g.reason})" for g in candidates[role][:4]) or "none that is known"
                parts.append(f"the column of the {ROLES[role]} may be {may}")
            return AmbiguousColumns("; ".join(parts), f"Say which is {first}", table, candidates)
        names = ", ".join(table.names)
        what = f"column '{first}' is missing; the columns are {names}"
        if not table.has_header:
            which = " and which ".join(roles[:show])
            what = f"nothing names its {len(table.names)} columns, and which is {which} cannot be told"
        return AmbiguousColumns(
            what, f"Say which column is {first}", table, candidates, line=1 if table.has_header else None
        )
