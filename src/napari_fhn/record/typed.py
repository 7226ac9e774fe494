"""Typed values and plain JSON types: what a dataclass becomes when it is written, and again when it is read."""

from __future__ import annotations

import contextlib
import difflib
import functools
import math
import os
import re
import types
import typing
from collections.abc import Mapping, Sequence
from dataclasses import MISSING, Field, fields, is_dataclass
from pathlib import Path
from typing import Any, Literal, TypeVar, Union, cast, get_args, get_origin

from napari_fhn.record.errors import DEEPEST, RecordError, in_words, too_deep
from napari_fhn.sentence import counted

_LARGEST_EXACT = 2**53
_LONGEST_WORDS = 300
"""Letters of what a dataclass says of its values, which may repeat them."""

_T = TypeVar("_T")


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


def _encoded(value: Any, where: str, depth: int) -> Any:
    if value is None or isinstance(value, str | bool | int):
        return value
    if depth >= DEEPEST:
        raise too_deep()
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
        what = str(error)
        what = what if len(what) <= _LONGEST_WORDS else f"{what[:_LONGEST_WORDS]}…"
        raise RecordError(f"{where}: {what}" if where else what) from error


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
            raise RecordError(f"{where or 'it'} has {counted(len(data), 'items')}: {len(parts)} are expected")
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
    # A name out of a file may hold what a terminal takes for a command.
    shown = name[:80] if name[:80].isprintable() else repr(name[:80])
    return f"{where}.{shown}" if where else shown


def _other(where: str, data: Any, expected: str, *, whole: bool = False) -> RecordError:
    return RecordError(f"{where or 'it'} is {in_words(data)}: {expected if whole else f'{expected} is expected'}")


def _expected(cls: Any) -> str:
    words = {int: "a whole number", float: "a number", str: "text", bool: "true or false", Path: "the path of a file"}
    if cls is None or cls is types.NoneType:
        return "null"
    if cls in words:
        return words[cls]
    if get_origin(cls) in (tuple, list, Sequence) or cls is list:
        return "a list"
    return "names and values"
