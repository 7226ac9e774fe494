"""The classes of a survey: label value, name, colour, and the code that files have for it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from napari_fhn import record
from napari_fhn.labels.classes.class_rows import classes_of_rows
from napari_fhn.labels.classes.codes import as_code, unlabelled_code, unused_code
from napari_fhn.labels.classes.label_class import MAX_VALUE, PALETTE, LabelClass
from napari_fhn.labels.errors import LabelError
from napari_fhn.labels.tables.csv_rows import read_rows
from napari_fhn.sentence import counted
from napari_fhn.surveys.out.cells import csv_text

__all__ = ["MAX_VALUE", "PALETTE", "ClassTable", "LabelClass"]


_COLUMNS = ("value", "name", "color")


@dataclass(frozen=True)
class ClassTable:
    """The classes of a survey, in the order of their values.

    Attributes
    ----------
    classes : tuple of LabelClass
        No value, no name and no code twice.

    Raises
    ------
    LabelError
        For duplicates.

    Examples
    --------
    >>> table = ClassTable((LabelClass(3, "salt", "#e69f00"), LabelClass(1, "shale", "#56b4e9")))
    >>> table.names, table.value_of("salt")
    (('shale', 'salt'), 3)
    >>> table.including(["sand"]).names
    ('shale', 'sand', 'salt')
    >>> cover = ClassTable(()).including(["80", "10"])
    >>> cover.values, cover.codes, cover.value_of("80")
    ((1, 2), (10, 80), 2)
    """

    classes: tuple[LabelClass, ...]

    def __post_init__(self) -> None:
        object.__setattr__(self, "classes", tuple(sorted(self.classes, key=lambda c: c.value)))
        for what in ("value", "name", "code"):
            seen: set[object] = set()
            for entry in self.classes:
                if getattr(entry, what) in seen:
                    raise LabelError(f"the class {what} '{getattr(entry, what)}' occurs twice", "Keep one of them")
                seen.add(getattr(entry, what))

    def __iter__(self) -> Iterator[LabelClass]:
        return iter(self.classes)

    def __len__(self) -> int:
        return len(self.classes)

    @property
    def values(self) -> tuple[int, ...]:
        """Label values, ascending."""
        return tuple(c.value for c in self.classes)

    @property
    def names(self) -> tuple[str, ...]:
        """Names, in the order of the values."""
        return tuple(c.name for c in self.classes)

    @property
    def codes(self) -> tuple[int, ...]:
        """What files have for the classes, in the order of the values."""
        return tuple(c.code for c in self.classes)

    @property
    def by_code(self) -> dict[int, int]:
        """Label value of each code."""
        return {c.code: c.value for c in self.classes}

    @property
    def names_by_code(self) -> dict[int, str]:
        """Name of each code."""
        return {c.code: c.name for c in self.classes}

    @property
    def coded(self) -> bool:
        """Whether files call any class by another number than its label value."""
        return any(c.code != c.value for c in self.classes)

    @property
    def unlabelled(self) -> int:
        """What stands in files where no class is known: 0, unless that is the code of a class."""
        return unlabelled_code(self.codes)

    @property
    def colors(self) -> dict[int, str]:
        """Colour ``#rrggbb`` of each label value."""
        return {c.value: c.color for c in self.classes}

    def value_of(self, name: str) -> int:
        """Label value of a class.

        Parameters
        ----------
        name : str
            Name, or the code in digits, also as ``"10.0"``.

        Raises
        ------
        LabelError
            When there is no such class.
        """
        for entry in self.classes:
            if name == entry.name:
                return entry.value
        code = as_code(name)
        if code is not None and code in self.by_code:
            return self.by_code[code]
        raise LabelError(f"there is no class '{name}'", f"The classes are {self.listed or 'none'}")

    @property
    def listed(self) -> str:
        """Names, with codes where these are not the label values, for people."""
        return ", ".join(f"{c.code} {c.name}" if self.coded else c.name for c in self.classes)

    def including(self, names: Iterable[str]) -> ClassTable:
        """Return the table with classes for names that have none, with the next colours.

        A name in digits is a code: its class is called ``class N`` and gets the next free value, codes in ascending
        order. Other names get the values after those.

        Parameters
        ----------
        names : iterable of str
            As files have them.

        Raises
        ------
        LabelError
            When there would be more classes than label values.
        """
        asked = [name for name in dict.fromkeys(names) if name not in self.names]
        numbers = [as_code(name) for name in asked]
        fresh = sorted({code for code in numbers if code is not None} - set(self.codes))
        return self.with_codes(dict.fromkeys(fresh, ""))._with_names(
            name for name, code in zip(asked, numbers, strict=True) if code is None
        )

    def with_codes(self, named: Mapping[int, str]) -> ClassTable:
        """Return the table with a class for each code that has none, with the next free values and colours.

        Parameters
        ----------
        named : mapping of int to str
            Names by code; ``class N`` where one is empty.

        Raises
        ------
        LabelError
            When there would be more classes than label values, or a code is out of range.
        """
        classes, names = list(self.classes), set(self.names)
        free = self._free(wanted=len(named))
        for code in sorted(named):
            if code in self.codes:
                continue
            value, name = next(free), named[code] or f"class {code}"
            name = name if name not in names else f"{name} ({code})"
            names.add(name)
            classes.append(LabelClass(value, name, PALETTE[(value - 1) % len(PALETTE)], code))
        return ClassTable(tuple(classes))

    def with_values(self, values: Iterable[int]) -> ClassTable:
        """Return the table with a class for each label value that has none."""
        table = self
        for value in sorted(set(values) - set(self.values)):
            code = unused_code(value, set(table.codes))
            name = _unused(f"class {code}", set(table.names))
            table = ClassTable((*table, LabelClass(value, name, PALETTE[(value - 1) % len(PALETTE)], code)))
        return table

    def _with_names(self, names: Iterable[str]) -> ClassTable:
        fresh, classes, codes = list(names), list(self.classes), set(self.codes)
        for name, value in zip(fresh, self._free(wanted=len(fresh)), strict=False):
            codes.add(code := unused_code(value, codes))
            classes.append(LabelClass(value, name, PALETTE[(value - 1) % len(PALETTE)], code))
        return ClassTable(tuple(classes))

    def _free(self, wanted: int) -> Iterator[int]:
        """Label values that no class has, ascending."""
        free = [value for value in range(1, MAX_VALUE + 1) if value not in self.values]
        if wanted > len(free):
            raise LabelError(
                f"the files name {counted(len(self) + wanted, 'classes')}, and {MAX_VALUE} can be told apart",
                "Choose another column, or bring classes together first",
            )
        return iter(free)

    def with_next(self) -> tuple[ClassTable, LabelClass]:
        """Return the table with one class more, and that class: the next free value, a name that no other has.

        Raises
        ------
        LabelError
            When every label value has a class.
        """
        value = next((v for v in range(1, MAX_VALUE + 1) if v not in self.values), None)
        if value is None:
            raise LabelError(f"there are {MAX_VALUE} classes already", "Merge or delete one first")
        table = self.with_values([value])
        return table, next(one for one in table if one.value == value)

    def with_change(self, value: int, *, name: str | None = None, color: str | None = None) -> ClassTable:
        """Return the table with another name or colour of one class; as it is where there is no such class.

        Raises
        ------
        LabelError
            When the name is empty or taken, or the colour is none.
        """

        def changed(one: LabelClass) -> LabelClass:
            return replace(one, name=one.name if name is None else name, color=one.color if color is None else color)

        return ClassTable(tuple(changed(one) if one.value == value else one for one in self.classes))

    def without(self, values: Iterable[int]) -> ClassTable:
        """Return the table without the classes of these values."""
        gone = set(values)
        return ClassTable(tuple(c for c in self.classes if c.value not in gone))

    def replaced_by(self, read: ClassTable, used: Iterable[int]) -> ClassTable:
        """Return another table, and of this one the classes in use that the other neither numbers nor names.

        A class keeps its label value where the other table has its code, or else its name.

        Parameters
        ----------
        read : ClassTable
            Which comes first.
        used : iterable of int
            Values that have labels.

        Raises
        ------
        LabelError
            When there would be more classes than label values.
        """
        used = set(used)
        by_code, by_name = self.by_code, dict(zip(self.names, self.values, strict=True))
        # By the code first: what only has the name of a class comes after that.
        there = {by_code[one.code]: one for one in read if one.code in by_code}
        for one in read:
            value = by_name.get(one.name)
            if value is not None and value not in there and one not in there.values():
                there[value] = one
        kept = [one for one in self if one.value in used and one.value not in there and one.name not in read.names]
        same = ClassTable((*(replace(one, value=value) for value, one in there.items()), *kept))
        others = [one for one in read if one not in there.values()]
        free = same._free(wanted=len(others))
        return ClassTable((*same, *(replace(one, value=next(free)) for one in others)))

    def carried(self, before: ClassTable, after: ClassTable) -> ClassTable:
        """Return the table with the difference of two others; what was changed since then stays.

        Parameters
        ----------
        before, after : ClassTable
            What differs between them is what is changed.

        Raises
        ------
        LabelError
            When a name would occur twice.
        """
        was, wanted = ({c.value: c for c in table} for table in (before, after))
        classes = {c.value: c for c in self}
        for value in was.keys() | wanted.keys():
            if was.get(value) == wanted.get(value):
                continue
            if value in wanted:
                classes[value] = wanted[value]
            elif classes.get(value) == was[value] and len(classes) > 1:
                del classes[value]
        return ClassTable(tuple(classes.values()))

    def called(self, values: Iterable[int]) -> str:
        """Return the names of some classes, for people."""
        wanted = set(values)
        return ", ".join(c.name for c in self.classes if c.value in wanted)

    @classmethod
    def of_codes(cls, named: Mapping[int, str], colors: Mapping[int, str] | None = None) -> ClassTable:
        """Make classes of codes and their names: values from 1 in the order of the codes.

        Parameters
        ----------
        named : mapping of int to str
            Names by code.
        colors : mapping of int to str, optional
            ``#rrggbb`` by code; the usual ones for the others.

        Raises
        ------
        LabelError
            When there are more than label values, a code is negative, or a name occurs twice.

        Examples
        --------
        >>> ClassTable.of_codes({80: "water", 10: "trees"}).by_code
        {10: 1, 80: 2}
        """
        if len(named) > MAX_VALUE:
            raise LabelError(f"there are {counted(len(named), 'classes')}", f"{MAX_VALUE} can be told apart at most")
        said = colors or {}
        return cls(
            tuple(
                LabelClass(value, named[code], said.get(code, PALETTE[(value - 1) % len(PALETTE)]), code)
                for value, code in enumerate(sorted(named), 1)
            )
        )

    @classmethod
    def default(cls, n: int) -> ClassTable:
        """Make `n` classes, "class 1" to "class n", in colours people with any colour vision can tell apart.

        The first seven are distinct for all; from the seventeenth on colours repeat.
        """
        return cls(tuple(LabelClass(k + 1, f"class {k + 1}", PALETTE[k % len(PALETTE)]) for k in range(n)))

    @classmethod
    def of_names(cls, names: Sequence[str], colors: Sequence[str] = (), codes: Sequence[int] = ()) -> ClassTable:
        """Make classes of values from 1, as a network has them; codes are these values unless they are given."""
        usual = [PALETTE[k % len(PALETTE)] for k in range(len(names))]
        entries = zip(range(1, len(names) + 1), names, colors or usual, codes or [-1] * len(names), strict=True)
        return cls(tuple(LabelClass(*entry) for entry in entries))

    @classmethod
    def from_csv(cls, path: str | Path, *, as_values: bool = False) -> ClassTable:
        """Read the program's own table, with the columns value, name, color.

        Parameters
        ----------
        path : str or Path
            Of a table. Its values are the codes that files have, from 0; those that it calls unclassified, no data or
            the like are left out.
        as_values : bool
            Take the codes for label values: those of a label volume that is numbered by this table.

        Raises
        ------
        LabelError
            With file and line.
        """
        rows = (
            (str(row.integer("value")), row.text("name"), row.text("color"), row.line)
            for row in read_rows(path, _COLUMNS)
        )
        return classes_of_rows(cls, path, rows, as_values=as_values)

    def to_csv(self, path: str | Path) -> None:
        """Write the table with the columns value (the code), name, color; the file of before stays whole until it is.

        A name that a spreadsheet would compute, such as ``=1+1``, gets an apostrophe in front, which `from_csv` takes
        away again.

        Raises
        ------
        OSError
            When it cannot be written.
        """
        ordered = sorted(self.classes, key=lambda c: c.code)
        record.write_text(path, csv_text(_COLUMNS, ((c.code, c.name, c.color) for c in ordered)))


def _unused(name: str, known: set[str]) -> str:
    """Return a name that no class has yet."""
    return name if name not in known else f"{name} (new)"
