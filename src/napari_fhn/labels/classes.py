"""The classes of a survey: label value, name, colour."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from napari_fhn import record
from napari_fhn.labels.csv_rows import read_rows
from napari_fhn.labels.errors import LabelError
from napari_fhn.surveys.out.cells import csv_text, plain_text

#: Largest label value: labels are uint8, and 0 is "unlabelled".
MAX_VALUE = 255
#: Okabe and Ito's colours for all kinds of colour vision (black left out: it vanishes on a dark canvas), then
#: Paul Tol's muted set for surveys of more classes.
PALETTE = (
    "#e69f00", "#56b4e9", "#009e73", "#f0e442", "#0072b2", "#d55e00", "#cc79a7",
    "#88ccee", "#882255", "#44aa99", "#ddcc77", "#332288", "#aa4499", "#999933", "#117733", "#cc6677",
)  # fmt: skip
_COLUMNS = ("value", "name", "color")


@dataclass(frozen=True)
class LabelClass:
    """One class.

    Attributes
    ----------
    value : int
        Label value, 1 to 255.
    name : str
        Name as people say it.
    color : str
        ``#rrggbb``.

    Raises
    ------
    LabelError
        For a value out of range, an empty name or a malformed colour.
    """

    value: int
    name: str
    color: str

    def __post_init__(self) -> None:
        if self.value == 0:
            raise LabelError(f"class '{self.name}' has value 0, which means unlabelled", "Use values from 1")
        if not 1 <= self.value <= MAX_VALUE:
            raise LabelError(f"class '{self.name}' has value {self.value}", f"Use values from 1 to {MAX_VALUE}")
        if not self.name.strip():
            raise LabelError(f"the class of value {self.value} has no name", "Name it")
        if not re.fullmatch(r"#[0-9a-fA-F]{6}", self.color):
            raise LabelError(f"class '{self.name}' has colour '{self.color}'", "Write colours as #rrggbb")


@dataclass(frozen=True)
class ClassTable:
    """The classes of a survey, in the order of their values.

    Attributes
    ----------
    classes : tuple of LabelClass
        No value and no name twice.

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
    """

    classes: tuple[LabelClass, ...]

    def __post_init__(self) -> None:
        object.__setattr__(self, "classes", tuple(sorted(self.classes, key=lambda c: c.value)))
        for what in ("value", "name"):
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
    def colors(self) -> dict[int, str]:
        """Colour ``#rrggbb`` of each label value."""
        return {c.value: c.color for c in self.classes}

    def value_of(self, name: str) -> int:
        """Label value of a class.

        Parameters
        ----------
        name : str
            Name, or the value itself in digits.

        Raises
        ------
        LabelError
            When there is no such class.
        """
        for entry in self.classes:
            if name == entry.name:
                return entry.value
        if name.isdecimal() and int(name) in self.values:
            return int(name)
        raise LabelError(f"there is no class '{name}'", f"The classes are {', '.join(self.names) or 'none'}")

    def including(self, names: Iterable[str]) -> ClassTable:
        """Return the table with classes for names that have none, with the next colours.

        A name in digits is a label value: it gets that value, and so do all the values below it that are still free,
        so that values stay without gaps. Other names get the values after those.

        Parameters
        ----------
        names : iterable of str
            As files have them.

        Raises
        ------
        LabelError
            When there would be more classes than label values.
        """
        asked = list(dict.fromkeys(names))
        known, taken = set(self.names), set(self.values)
        digits = [int(name) for name in asked if name.isdecimal() and name not in known]
        fresh = [(v, f"class {v}") for v in range(1, max(digits, default=0) + 1) if v not in taken]
        taken |= {value for value, _ in fresh}
        free = (v for v in range(1, MAX_VALUE + 2) if v not in taken)
        fresh += [(next(free), name) for name in asked if name not in known and not name.isdecimal()]
        if any(value > MAX_VALUE for value, _ in fresh):
            raise LabelError(f"the files name more than {MAX_VALUE} classes", "Choose another column")
        made = (LabelClass(v, _unused(name, known), PALETTE[(v - 1) % len(PALETTE)]) for v, name in fresh)
        return ClassTable((*self.classes, *made))

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
        made = ClassTable.default(value).classes[-1]
        made = replace(made, name=_unused(made.name, set(self.names)))
        return ClassTable((*self.classes, made)), made

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

        Parameters
        ----------
        read : ClassTable
            Which comes first.
        used : iterable of int
            Values that have labels.
        """
        kept = set(used) - set(read.values)
        return ClassTable((*read, *(c for c in self.classes if c.value in kept and c.name not in read.names)))

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
    def default(cls, n: int) -> ClassTable:
        """Make `n` classes, "class 1" to "class n", in colours people with any colour vision can tell apart.

        The first seven are distinct for all; from the seventeenth on colours repeat.
        """
        return cls(tuple(LabelClass(k + 1, f"class {k + 1}", PALETTE[k % len(PALETTE)]) for k in range(n)))

    @classmethod
    def from_csv(cls, path: str | Path) -> ClassTable:
        """Read a table with the columns value, name, color.

        Raises
        ------
        LabelError
            With file and line.
        """
        classes: list[LabelClass] = []
        for row in read_rows(path, _COLUMNS):
            try:
                entry = LabelClass(row.integer("value"), plain_text(row.text("name")), row.text("color").lower())
                cls((*classes, entry))
            except LabelError as error:
                raise error if error.path else row.error(error.what, error.way_out) from error
            classes.append(entry)
        if not classes:
            raise LabelError("it holds no class", "Add one line for each class", path=path)
        return cls(tuple(classes))

    def to_csv(self, path: str | Path) -> None:
        """Write the table with the columns value, name, color; the file of before stays whole until the new one is.

        A name that a spreadsheet would compute, such as ``=1+1``, gets an apostrophe in front, which `from_csv` takes
        away again.

        Raises
        ------
        OSError
            When it cannot be written.
        """
        record.write_text(path, csv_text(_COLUMNS, ((c.value, c.name, c.color) for c in self.classes)))


def _unused(name: str, known: set[str]) -> str:
    """Return a name that no class has yet."""
    return name if name not in known else f"{name} (new)"
