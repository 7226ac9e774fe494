"""The columns that a reader uses: those that a person has said, and those whose meaning is sure."""

from __future__ import annotations

import re
import warnings
from collections.abc import Mapping, Sequence

import xarray as xr

from napari_fhn.labels.errors import LabelError, LabelWarning, Undeclared
from napari_fhn.labels.tables.columns import Table
from napari_fhn.labels.tables.guesses import SURE, AmbiguousColumns, Suggestion, suggest
from napari_fhn.labels.tables.units import METRES, MILLISECONDS
from napari_fhn.labels.tables.units import unit as named_unit
from napari_fhn.labels.tables.vocabulary import DOMAINS, ROLES, meaning
from napari_fhn.sentence import counted

#: How comments give the unit of all depths or times ("Unit in depth: m", "DEPTH (Z, TVD) GIVEN IN m-UNITS").
_COMMENTED = {
    kind: re.compile(
        rf"(?:\bunits?\s+(?:in|of)\s+{kind}\s*[:=]?\s*|\b{kind}\b[^:=]*\bgiven\s+in\s+)([a-z]+)", re.IGNORECASE
    )
    for kind in ("depth", "time")
}


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
                raise LabelError(f"there is no unit '{text}'", "Use m, ft, ms, s, deg, rad or gon", path=table.path)
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

    def further(self, role: str) -> int | None:
        """Return a second column of a role, which is less surely one of it; None where there is none."""
        used = self.index(role)
        guesses = self._suggestion.guesses.get(role, ())
        return next((guess.column for guess in guesses if guess.column != used and guess.confidence >= SURE), None)

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
            missing[0],
            *missing[1:],
            *(r for g in groups for r in g if g is not likely),
            show=len(missing),
            groups=groups,
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

    def ambiguous(self, *roles: str, show: int = 1, groups: Sequence[tuple[str, ...]] = ()) -> AmbiguousColumns:
        """Make the error that asks for the columns of roles; its sentence tells of the first `show` of them.

        One of the groups is needed; the first role where there are none.
        """
        groups = groups or (roles[:1],)
        candidates = {role: self._suggestion.guesses.get(role, ()) for role in dict.fromkeys(roles)}
        first = roles[0]
        table = self.table
        if any(candidates[role] for role in roles[:show]):
            parts = []
            for role in roles[:show]:
                may = ", ".join(f"'{g.name}' ({g.reason})" for g in candidates[role][:4]) or "none that is known"
                parts.append(f"the column of the {ROLES[role]} may be {may}")
            return AmbiguousColumns("; ".join(parts), f"Say which is {first}", table, candidates, groups=groups)
        names = ", ".join(table.names)
        what = f"column '{first}' is missing; the columns are {names}"
        if not table.has_header:
            which = " and which ".join(roles[:show])
            what = f"nothing names its {counted(len(table.names), 'columns')}, and which is {which} cannot be told"
        line = 1 if table.has_header else None
        found = AmbiguousColumns(what, f"Say which column is {first}", table, candidates, groups=groups, line=line)
        needed = found.lacking([role for group in groups for role in group if self.has(role)])
        if not table.has_header or not needed:
            return found
        way_out = f"Say which column is {first}, or add it"
        if needed != first:
            way_out = f"Needed is {needed}: say which column is {first}, or add what is missing"
        return AmbiguousColumns(what, way_out, table, candidates, groups=groups, line=line)
