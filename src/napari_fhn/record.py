"""The one format of all that this program writes as JSON: a format word, a version, and typed content.

A file is replaced as a whole or not at all, whatever happens while it is written. What is read is checked: by its
format word, its version (files of older versions go through migrations), its size, and, with :func:`decode`, by the
types of the dataclass that it is to become. What is wrong is told by one kind of error, which names file and field.
"""

from __future__ import annotations

import contextlib
import difflib
import functools
import json
import math
import os
import re
import threading
import time
import types
import typing
from collections.abc import Callable, Mapping, Sequence
from dataclasses import MISSING, Field, fields, is_dataclass
from pathlib import Path
from typing import Any, Literal, TypeVar, Union, cast, get_args, get_origin

LONGEST = 16 << 20
"""Bytes of a record unless the reader says otherwise; a longer file is something else."""

DEEPEST = 100
"""Lists and mappings within each other; a deeper record is something else."""

_PROGRAM = "napari-fhn"
_NEWER = "Update napari-fhn, or use the version that wrote it"
_SHOWN = 60
_LARGEST_EXACT = 2**53

_T = TypeVar("_T")

Migration = Callable[[Any], Mapping[str, Any]]
"""Takes the content of one version and returns that of the next."""


class RecordError(ValueError):
    """Something that was written, or is to be, is not what it should be.

    Parameters
    ----------
    what : str
        What is wrong, with the field that it is wrong with.
    path : path-like or None
        Of the file; None where it came from somewhere else.
    way_out : str
        What to do about it.

    Attributes
    ----------
    what, path, way_out
        As given.
    """

    def __init__(self, what: str, path: str | os.PathLike[str] | None = None, way_out: str = "") -> None:
        self.what = what
        self.path = None if path is None else Path(path)
        self.way_out = way_out
        sentence = what if self.path is None else f"{self.path}: {what}"
        super().__init__(f"{sentence}. {way_out}" if way_out else sentence)

    def of(self, path: str | os.PathLike[str]) -> RecordError:
        """Return the same error with the file that it is about."""
        return RecordError(self.what, path, self.way_out)


def write_bytes(path: str | os.PathLike[str], data: bytes) -> None:
    """Replace a file; until the new one is whole and on the disk, the old one stays as it was.

    Parameters
    ----------
    path : path-like
        In a folder that is there. Of a link the file that it leads to is replaced.
    data : bytes
        All of it.

    Raises
    ------
    OSError
        When it cannot be written. The old file is then untouched.
    """
    target = Path(os.path.realpath(path))
    # A name of its own: two processes, or two threads, may write the same record.
    temporary = target.with_name(f"{target.name}.{os.getpid()}-{threading.get_ident()}.part")
    try:
        with temporary.open("wb") as stream:
            stream.write(data)
            stream.flush()
            os.fsync(stream.fileno())  # the name must not be on disk before the bytes are
        _replace(temporary, target)
    except BaseException:
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)
        raise
    _settle(target.parent)


def write(path: str | os.PathLike[str], kind: str, version: int, content: Mapping[str, Any]) -> None:
    """Replace a record.

    Parameters
    ----------
    path : path-like
        As for :func:`write_bytes`.
    kind : str
        The format word, such as ``"job"``.
    version : int
        Of this kind of record, from 1.
    content : mapping
        As :func:`encode` gives it, or whatever that takes.

    Raises
    ------
    RecordError
        When the content is none that JSON knows.
    OSError
        When it cannot be written. The old file is then untouched.
    """
    try:
        data = to_bytes({"format": f"{_PROGRAM} {kind}", "version": version, **encode(content)})
    except RecordError as error:
        raise error.of(path) from error
    write_bytes(path, data)


def read(
    path: str | os.PathLike[str],
    kind: str,
    version: int,
    migrations: Mapping[int, Migration] = types.MappingProxyType({}),
    *,
    longest: int = LONGEST,
) -> dict[str, Any]:
    """Read a record.

    Parameters
    ----------
    path : path-like
        Of the file.
    kind : str
        The format word that it must have.
    version : int
        That the caller understands.
    migrations : mapping of int to callable
        By the version that it takes: brings content of that version to the next one. Version 0 is a file from before
        records had a format word; its migration gets whatever JSON it holds.
    longest : int
        Most bytes that it may have.

    Returns
    -------
    dict
        The content, without format word and version.

    Raises
    ------
    RecordError
        When it is missing, cannot be read, is something else, or newer than the caller; the message names it.
    """
    path = Path(path)
    try:
        size = path.stat().st_size
        if size > longest:
            raise RecordError(
                f"it has {size} bytes, and a {kind} record at most {longest}", path, "It is another kind of file"
            )
        data = path.read_bytes()
    except FileNotFoundError:
        raise RecordError("there is no such file", path, "Was it moved?") from None
    except OSError as error:
        raise RecordError(f"it cannot be read: {error}", path) from error
    try:
        return understand(parse(data, longest=longest), kind, version, migrations)
    except RecordError as error:
        raise error.of(path) from error


def understand(
    content: Any, kind: str, version: int, migrations: Mapping[int, Migration] = types.MappingProxyType({})
) -> dict[str, Any]:
    """Check format word and version of what was read, and bring it to the version that the caller understands.

    Parameters
    ----------
    content : object
        Plain JSON types, as :func:`parse` gives them.
    kind, version, migrations
        As for :func:`read`.

    Returns
    -------
    dict
        The content, without format word and version.

    Raises
    ------
    RecordError
        When it is something else, or newer.
    """
    found, content = _version_of(content, kind)
    if found > version:
        raise RecordError(
            f"it is a {kind} record of version {found}, and this program knows them up to {version}", None, _NEWER
        )
    for step in range(found, version):
        if step not in migrations:
            if found == 0:
                raise RecordError(f"it is no {_PROGRAM} {kind}")
            raise RecordError(
                f"it is a {kind} record of version {found}, which is no longer read", None, "Make it anew"
            )
        try:
            content = migrations[step](content)
        except RecordError:
            raise
        except ValueError as error:
            raise RecordError(str(error)) from error
        except (KeyError, TypeError, AttributeError, IndexError) as error:
            raise RecordError(
                f"it is no {_PROGRAM} {kind}, or one that was damaged ({type(error).__name__}: {error})"
            ) from error
    if not isinstance(content, Mapping):
        raise RecordError(f"it is {_said(content)} where a {kind} record has names and values")
    return dict(content)


def parse(data: bytes | str, *, longest: int = LONGEST) -> Any:
    """Return what JSON text says, as plain types.

    Parameters
    ----------
    data : bytes or str
        UTF-8, with or without a byte order mark.
    longest : int
        Most bytes or characters that it may have.

    Raises
    ------
    RecordError
        When it is no JSON, too long, or nested more than :data:`DEEPEST` deep.
    """
    if len(data) > longest:
        raise RecordError(f"it is longer than {longest} bytes", None, "It is another kind of file")
    try:
        text = data.decode("utf-8-sig") if isinstance(data, bytes) else data
        content = json.loads(text)
    except RecursionError:
        raise _too_deep() from None
    except ValueError as error:
        raise RecordError(f"it is not JSON: {error}", None, "Restore it, or make it anew") from error
    _check_depth(content)
    return content


def to_bytes(content: Any) -> bytes:
    """Return plain JSON types as the text of a record.

    Raises
    ------
    RecordError
        When JSON does not know a part of it.
    """
    try:
        text = json.dumps(content, indent=2, ensure_ascii=False, allow_nan=False)
    except RecursionError:
        raise _too_deep() from None
    except (TypeError, ValueError) as error:
        raise RecordError(f"it cannot be written as JSON: {error}") from error
    try:
        return text.encode() + b"\n"
    except UnicodeEncodeError:  # file names may hold what is no text
        return json.dumps(content, indent=2, allow_nan=False).encode() + b"\n"


def encode(value: Any) -> Any:
    """Return plain JSON types.

    Parameters
    ----------
    value : object
        Dataclasses, mappings, lists and tuples within each other, and in them text, paths, numbers, booleans and None.

    Returns
    -------
    object
        Dataclasses and mappings as dicts, sequences as lists, paths as text.

    Raises
    ------
    RecordError
        When there is something else in it, or a number that is not finite; the message says where.
    """
    return _encoded(value, "", 0)


def decode(cls: type[_T], data: Any, where: str = "") -> _T:
    """Build a typed value from plain JSON types.

    Parameters
    ----------
    cls : type
        A frozen dataclass, or any type that a field of one may have: text, numbers, bool, None, ``Any``, ``Literal``,
        tuples, lists, mappings with text or whole numbers as names, unions, and dataclasses again. Which dataclass of
        a union is meant is told by a field ``kind`` that each of them has.
    data : object
        Plain JSON types.
    where : str
        What the data are a part of, for messages.

    Returns
    -------
    object
        A field that is missing has its default. A ``float`` may be written as a whole number; whole numbers are
        neither booleans nor 10.5.

    Raises
    ------
    RecordError
        When a value has another type, a field is missing without a default, or not known, or the dataclass itself
        refuses its values; the message names the field, as in ``schedule.steps is 10.5: a whole number is expected``.
    """
    return cast(_T, _decoded(cls, data, where))


def _version_of(content: Any, kind: str) -> tuple[int, Any]:
    """Return the version of what was read, and its content without format word and version."""
    word = content.get("format") if isinstance(content, Mapping) else None
    if word is None:
        return 0, content
    rest = {name: value for name, value in content.items() if name != "format"}
    # As models wrote it before records had versions.
    old = re.fullmatch(rf"{_PROGRAM} {re.escape(kind)} (\d{{1,6}})", word) if isinstance(word, str) else None
    if old is not None:
        return int(old[1]), rest
    if word != f"{_PROGRAM} {kind}":
        raise RecordError(f"its format is {_said(word)}, and '{_PROGRAM} {kind}' is expected")
    version = rest.pop("version", None)
    if type(version) is not int or version < 1:
        raise RecordError(f"its version is {_said(version)}: a whole number from 1 is expected")
    return version, rest


def _replace(temporary: Path, target: Path) -> None:
    for wait in (0.01, 0.05, 0.2) if os.name == "nt" else ():
        with contextlib.suppress(PermissionError):  # somebody reads it just now
            os.replace(temporary, target)
            return
        time.sleep(wait)
    os.replace(temporary, target)


def _settle(folder: Path) -> None:
    """Bring the names in a folder to the disk, where the system knows how."""
    if os.name != "posix":
        return
    with contextlib.suppress(OSError):  # some network disks do not
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def _too_deep() -> RecordError:
    return RecordError(f"it is nested more than {DEEPEST} deep", None, "It is another kind of file, or was damaged")


def _check_depth(content: Any) -> None:
    # Level by level and not by recursion, which is what it protects others from.
    level = [content] if isinstance(content, dict | list) else []
    for _ in range(DEEPEST):
        parts = (part for value in level for part in (value.values() if isinstance(value, dict) else value))
        level = [part for part in parts if isinstance(part, dict | list)]
        if not level:
            return
    raise _too_deep()


def _encoded(value: Any, where: str, depth: int) -> Any:
    if value is None or isinstance(value, str | bool | int):
        return value
    if depth >= DEEPEST:
        raise _too_deep()
    if isinstance(value, float):
        if not math.isfinite(value):
            raise RecordError(f"{where or 'it'} is {value}, which is no number that JSON knows")
        return value
    if is_dataclass(value) and not isinstance(value, type):
        return {
            each.name: _encoded(getattr(value, each.name), _inside(where, each.name), depth + 1)
            for each in fields(value)
        }
    if isinstance(value, Mapping):
        names = [name for name in value if not isinstance(name, str | int) or isinstance(name, bool)]
        if names:
            raise RecordError(f"{where or 'it'} has the name {names[0]!r:.60}: text is expected")
        return {str(name): _encoded(item, _inside(where, str(name)), depth + 1) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [_encoded(item, f"{where}[{number}]", depth + 1) for number, item in enumerate(value)]
    if isinstance(value, os.PathLike):
        return os.fsdecode(value)
    raise RecordError(f"{where or 'it'} is a {type(value).__name__}, which no record can hold")


def _decoded(cls: Any, data: Any, where: str) -> Any:
    origin = get_origin(cls)
    if cls is Any:
        return data
    if is_dataclass(cls) and isinstance(cls, type):
        return _dataclass(cls, data, where)
    if origin is Literal:
        known = get_args(cls)
        if not any(type(data) is type(value) and data == value for value in known):
            raise _other(where, data, " or ".join(repr(value) for value in known))
        return data
    if origin in (Union, types.UnionType):
        return _one_of(get_args(cls), data, where)
    if origin is tuple or origin is list or origin is Sequence:
        return _items(origin, get_args(cls), data, where)
    if origin is not None and isinstance(origin, type) and issubclass(origin, Mapping):
        return _mapping(get_args(cls), data, where)
    return _plain(cls, data, where)


def _plain(cls: Any, data: Any, where: str) -> Any:
    if cls is None or cls is types.NoneType:
        if data is None:
            return None
    elif cls is bool or cls is str:
        if type(data) is cls:
            return data
    elif cls is int:
        if type(data) is int:
            return data
        if type(data) is float and data.is_integer() and abs(data) <= _LARGEST_EXACT:
            return int(data)
    elif cls is float:
        if type(data) in (int, float):
            with contextlib.suppress(OverflowError):
                if math.isfinite(float(data)):
                    return float(data)
    elif cls is Path:
        if type(data) is str:
            return Path(data)
    elif cls in (dict, list) and type(data) is cls:
        return data
    raise _other(where, data, _expected(cls))


def _dataclass(cls: type[Any], data: Any, where: str) -> Any:
    if not isinstance(data, Mapping):
        raise _other(where, data, "names and values are expected", whole=True)
    hints = _hints(cast(Any, cls))
    known = {each.name: each for each in fields(cls)}
    for name in data:
        if name not in known:
            near = difflib.get_close_matches(str(name), known, 1)
            hint = f" (is {near[0]} meant?)" if near else ""
            raise RecordError(f"{_inside(where, str(name))} is not known to this version{hint}")
    given: dict[str, Any] = {}
    for name, each in known.items():
        if not each.init:
            if name in data and data[name] != each.default:
                raise _other(_inside(where, name), data[name], repr(each.default))
        elif name in data:
            given[name] = _decoded(hints[name], data[name], _inside(where, name))
        elif _needed(each):
            raise RecordError(f"{_inside(where, name)} is missing")
    try:
        return cls(**given)
    except (ValueError, TypeError, OverflowError) as error:
        raise RecordError(f"{where}: {error}" if where else str(error)) from error


def _one_of(options: tuple[Any, ...], data: Any, where: str) -> Any:
    if data is None and types.NoneType in options:
        return None
    options = tuple(option for option in options if option is not types.NoneType)
    described = {
        each.default: option
        for option in options
        if is_dataclass(option)
        for each in fields(cast(Any, option))
        if each.name == "kind" and each.default is not MISSING
    }
    if len(described) > 1 and isinstance(data, Mapping):
        kind = data.get("kind")
        if not isinstance(kind, str) or kind not in described:
            raise _other(_inside(where, "kind"), kind, " or ".join(map(repr, described)))
        return _decoded(described[kind], data, where)
    if len(options) == 1:
        return _decoded(options[0], data, where)
    exact = [option for option in options if type(data) is option]
    for option in (*exact, *options):
        with contextlib.suppress(RecordError):
            return _decoded(option, data, where)
    raise _other(where, data, " or ".join(_expected(option) for option in options))


def _items(origin: Any, parts: tuple[Any, ...], data: Any, where: str) -> Any:
    if not isinstance(data, list | tuple):
        raise _other(where, data, "a list")
    if origin is tuple and not (len(parts) == 2 and parts[1] is Ellipsis):
        if len(data) != len(parts):
            raise RecordError(f"{where or 'it'} has {len(data)} items: {len(parts)} are expected")
        kinds: Sequence[Any] = parts
    else:
        kinds = [parts[0]] * len(data)
    found = [
        _decoded(kind, item, f"{where}[{number}]") for number, (kind, item) in enumerate(zip(kinds, data, strict=True))
    ]
    return found if origin is list else tuple(found)


def _mapping(parts: tuple[Any, ...], data: Any, where: str) -> dict[Any, Any]:
    if not isinstance(data, Mapping):
        raise _other(where, data, "names and values are expected", whole=True)
    names, values = parts or (str, Any)
    found: dict[Any, Any] = {}
    for name, item in data.items():
        key: Any = name
        if names is int and isinstance(name, str) and re.fullmatch(r"-?\d{1,18}", name):
            key = int(name)
        found[_decoded(names, key, f"a name in {where or 'it'}")] = _decoded(values, item, _inside(where, str(name)))
    return found


@functools.cache
def _hints(cls: Any) -> dict[str, Any]:
    return typing.get_type_hints(cls)


def _needed(each: Field[Any]) -> bool:
    return each.default is MISSING and each.default_factory is MISSING


def _inside(where: str, name: str) -> str:
    return f"{where}.{name:.80}" if where else f"{name:.80}"


def _other(where: str, data: Any, expected: str, *, whole: bool = False) -> RecordError:
    return RecordError(f"{where or 'it'} is {_said(data)}: {expected if whole else f'{expected} is expected'}")


def _said(data: Any) -> str:
    """Return a value in words, however long or deep it is."""
    if isinstance(data, Mapping):
        return "names and values"
    if isinstance(data, list | tuple):
        return f"a list of {len(data)}"
    if data is None:
        return "null"
    if isinstance(data, bool):
        return "true" if data else "false"
    if isinstance(data, int) and abs(data) > 10**_SHOWN:
        return "a huge number"
    text = repr(data[:_SHOWN] if isinstance(data, str) else data)
    return f"{text[:_SHOWN]}…" if len(text) > _SHOWN + 2 else text


def _expected(cls: Any) -> str:
    words = {int: "a whole number", float: "a number", str: "text", bool: "true or false", Path: "the path of a file"}
    if cls is None or cls is types.NoneType:
        return "null"
    if cls in words:
        return words[cls]
    if get_origin(cls) in (tuple, list, Sequence) or cls is list:
        return "a list"
    return "names and values"
