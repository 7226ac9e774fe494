"""The manifest of a session, ``session.json``: what was opened and how it was read, what is known, which run counts.

Everything that another person, or the same one tomorrow on another machine, needs to go on, but for the arrays, which
are files of their own. How things are looked at is the desk's alone and stands in ``desk.json``.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal

from napari_fhn import record
from napari_fhn.box import Box
from napari_fhn.labels import ClassTable, LabelClass
from napari_fhn.project.errors import ProjectError
from napari_fhn.structure.attributes.facts import Band
from napari_fhn.surveys.grid import Grid
from napari_fhn.surveys.remote.addresses import kept, url_of

FILE = "session.json"
BEFORE = "session-before.json"
"""The manifest as it was when the session was last opened, for the day on which that of now is damaged."""

_KIND = "session"
_VERSION = 2

Role = Literal["input", "shown"]


@dataclass(frozen=True)
class FileStamp:
    """What tells whether a file is still the one that was read.

    Parameters
    ----------
    size : int
        Bytes; of a folder those of all its files.
    modified_ns : int
        Time of the last change; of a folder that of its latest file.
    checksum : str
        Of its headers and of some of what follows; see `napari_fhn.project.sessions.stamps`.
    """

    size: int = 0
    modified_ns: int = 0
    checksum: str = ""


@dataclass(frozen=True)
class FileReference:
    """A file outside of the session.

    Parameters
    ----------
    path : str
        As seen from the session's folder where they share a disk, with ``/``; ``sample:NAME/FILE`` for a bundled one.
    absolute : str
        As it was when it was last found.
    stamp : FileStamp
        As it was when it was last read.
    """

    path: str
    absolute: str = ""
    stamp: FileStamp = field(default_factory=FileStamp)

    @property
    def name(self) -> str:
        """Name of the file; of what lies at an address, that address."""
        return url_of(self.absolute or self.path) or Path(self.absolute or self.path).name


@dataclass(frozen=True)
class StackedMap:
    """One map of a stack.

    Parameters
    ----------
    file : FileReference
        A raster, or polygons.
    read_as : mapping
        Options of `napari_fhn.surveys.open`.
    categorical : bool
        Whether its whole numbers, or its polygons, are classes: a channel for each.
    class_field : str
        Field of polygons that is their class; empty where there is but one that can be.
    """

    file: FileReference
    read_as: Mapping[str, Any] = field(default_factory=dict)
    categorical: bool = False
    class_field: str = ""


@dataclass(frozen=True)
class SurveyEntry:
    """A survey: which file, how it was read, and what it is for.

    Parameters
    ----------
    name : str
        As the person calls it.
    file : FileReference or None
        None for an array that came from no file, and for a stack.
    read_as : mapping
        Every answer that its reading needed: options of `napari_fhn.surveys.open`.
    kind : str
        Of data, see `napari_fhn.surveys.kinds`.
    role : {"input", "shown"}
        Learnt from, or only looked at.
    channels : int
        That it gives to the network.
    stack : tuple of StackedMap
        The maps that it was made of, where it was.
    staged : str
        Its copy in the session, relative to it; empty before there is one.
    content : str
        Digest of all that was copied.
    cube : bool
        Whether the copy keeps the bands as an axis.
    bands : tuple of Band
        What is known of the channels, for attributes that go by it; empty where nobody looked.
    """

    name: str
    file: FileReference | None = None
    read_as: Mapping[str, Any] = field(default_factory=dict)
    kind: str = ""
    role: Role = "input"
    channels: int = 1
    stack: tuple[StackedMap, ...] = ()
    staged: str = ""
    content: str = ""
    cube: bool = False
    bands: tuple[Band, ...] = ()


@dataclass(frozen=True)
class KnowledgeEntry:
    """A file of what is known, with what a person said about it.

    Parameters
    ----------
    file : FileReference
        The file.
    kind : str
        One of `napari_fhn.labels.kinds.KINDS`.
    answers : mapping
        As `napari_fhn.labels.Source.to_dict` gives them.
    """

    file: FileReference
    kind: str
    answers: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class ClassEntry:
    """A class, as `napari_fhn.labels.LabelClass` has it."""

    value: int
    name: str
    color: str
    code: int = -1


@dataclass(frozen=True)
class HeldOut:
    """Labels kept from the next training.

    Parameters
    ----------
    count : int or None
        How many bodies; None where the program suggests it.
    boxes : tuple of Box
        Those that a person chose; empty where the program chooses.
    blocks : int or None
        Edge of the blocks, in traces or pixels, where blocks are held out in place of bodies.
    """

    count: int | None = None
    boxes: tuple[Box, ...] = ()
    blocks: int | None = None

    @classmethod
    def asked(cls, count: int | None, blocks: int | None, kept: HeldOut | None = None) -> HeldOut:
        """Return what is kept where a person says how many, and how large blocks are.

        Parameters
        ----------
        count, blocks : int or None
            As in :class:`HeldOut`; None for what is not said.
        kept : HeldOut, optional
            What is held out so far, where that is gone on with: it says what is not said.

        Raises
        ------
        ProjectError
            For less than nothing, and for blocks of which it is not said how many.
        """
        if count is None and blocks is None:
            return kept or cls(0)
        if count is None and kept is not None and not kept.boxes:  # boxes that were drawn are of their own sizes
            count = kept.count
        if count is not None and count < 0:
            raise ProjectError(f"{count} wells or patches cannot be held out", "Give 0 or more")
        if blocks is not None and not count:
            what = "how many blocks are held out is not said" if count is None else "no blocks are held out"
            raise ProjectError(what, "Say how many of that size (--hold-out N)")
        return cls(count or 0, blocks=blocks)


@dataclass(frozen=True)
class Manifest:
    """All that a session knows about itself.

    Parameters
    ----------
    surveys : tuple of SurveyEntry
        In the order of their channels; those that are only shown among them.
    grid : Grid or None
        Where labels and predictions lie; None before there are any.
    kind : str
        Of data, see `napari_fhn.surveys.kinds`.
    vertical_axis : int or None
        Spatial axis of time or depth that a person chose, where the survey names none.
    classes : tuple of ClassEntry
        The classes; empty before any was named.
    knowledge : tuple of KnowledgeEntry
        What labels were made from, in the order in which it was brought in.
    settings : mapping
        Of the next training, as `napari_fhn.project.Settings.to_dict` gives them; empty for those of the recipe that
        suits the data.
    held_out : HeldOut
        Of the next training.
    current_run : str
        Folder of the run whose network predicts; empty before there is one.
    runs_made : int
        Runs that were ever begun: a number is given once.
    copies : tuple of str
        Names of the files in the folder of copies that this program has put there.
    created, program : str
        When, in UTC, and by which version of the program.

    Raises
    ------
    LabelError
        When its classes cannot be together.
    """

    surveys: tuple[SurveyEntry, ...] = ()
    grid: Grid | None = None
    kind: str = ""
    vertical_axis: int | None = None
    classes: tuple[ClassEntry, ...] = ()
    knowledge: tuple[KnowledgeEntry, ...] = ()
    settings: Mapping[str, Any] = field(default_factory=dict)
    held_out: HeldOut = field(default_factory=HeldOut)
    current_run: str = ""
    runs_made: int = 0
    copies: tuple[str, ...] = ()
    created: str = ""
    program: str = ""

    def __post_init__(self) -> None:
        _ = self.table  # says what is wrong with it

    @property
    def inputs(self) -> tuple[SurveyEntry, ...]:
        """The surveys that are learnt from."""
        return tuple(entry for entry in self.surveys if entry.role == "input")

    @property
    def called(self) -> str:
        """What a person knows it by: the names of the surveys that are learnt from."""
        return ", ".join(entry.name for entry in self.inputs)

    @property
    def table(self) -> ClassTable | None:
        """The classes; None before any was named."""
        if not self.classes:
            return None
        return table_of(self.classes)

    def with_table(self, table: ClassTable) -> Manifest:
        """Return the manifest with these classes."""
        return replace(self, classes=entries_of(table))

    def save(self, folder: Path) -> None:
        """Write it; the one before stays whole until this one is."""
        record.write(folder / FILE, _KIND, _VERSION, record.encode(self))

    def keep(self, folder: Path) -> None:
        """Keep it as what it was when the session was opened; on a disk that has no room there is none."""
        with contextlib.suppress(OSError):
            record.write(folder / BEFORE, _KIND, _VERSION, record.encode(self))

    @classmethod
    def before(cls, folder: Path) -> Manifest | None:
        """Read what it was when the session was last opened; None where that is not known."""
        try:
            return record.decode(cls, record.read(folder / BEFORE, _KIND, _VERSION))
        except (record.RecordError, ValueError):
            return None

    @classmethod
    def load(cls, folder: Path) -> Manifest:
        """Read the manifest of a session; a new one where there is none yet.

        Raises
        ------
        ProjectError
            When it is of a later version.
        Damaged
            When it cannot be read; a session is opened with what else it holds then.
        """
        path = folder / FILE
        if not path.exists():
            return cls()
        try:
            return record.decode(cls, record.read(path, _KIND, _VERSION))
        except record.NewerRecord as error:
            raise ProjectError(f"it cannot be read: {error.what}", error.way_out, path=path) from error
        except (record.RecordError, ValueError) as error:
            raise Damaged(
                f"it cannot be read: {_bare(error, path)}", "The labels and networks beside it are whole", path=path
            ) from error


class Damaged(ProjectError):
    """A manifest that cannot be read."""


def entries_of(table: ClassTable) -> tuple[ClassEntry, ...]:
    """Return classes as records hold them."""
    return tuple(ClassEntry(one.value, one.name, one.color, one.code if table.coded else -1) for one in table)


def table_of(entries: Iterable[ClassEntry]) -> ClassTable:
    """Return the classes that a record holds.

    Raises
    ------
    LabelError
        When they do not go together.
    """
    return ClassTable(tuple(LabelClass(one.value, one.name, one.color, one.code) for one in entries))


def refer(file: str | Path, folder: Path, stamp: FileStamp | None = None) -> FileReference:
    """Refer to a file from a session's folder.

    Parameters
    ----------
    file : path-like
        Anywhere.
    folder : Path
        Of the session.
    stamp : FileStamp, optional
        As it is now.
    """
    from napari_fhn.project.data import samples

    url = url_of(file)
    if url is not None:
        return FileReference(kept(url), kept(url), stamp or FileStamp())
    file = Path(file).absolute()
    bundled = samples.name_of(file)
    try:
        relative = bundled or Path(os.path.relpath(file, folder)).as_posix()
    except ValueError:  # another drive
        relative = file.as_posix()
    return FileReference(relative, str(file), stamp or FileStamp())


def _bare(error: ValueError, path: Path) -> str:
    """What is wrong, without the name of the file that leads the sentence already."""
    return str(error).removeprefix(f"{path}: ").rstrip(".")
