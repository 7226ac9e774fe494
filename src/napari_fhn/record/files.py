"""Files with a format word and a version, replaced as a whole or not at all."""

from __future__ import annotations

import contextlib
import os
import re
import stat
import threading
import time
import types
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, BinaryIO

from napari_fhn.record.aside import set_aside, settle
from napari_fhn.record.errors import NewerRecord, RecordError, in_words
from napari_fhn.record.text import LONGEST, parse, to_bytes
from napari_fhn.record.typed import encode

_PROGRAM = "napari-fhn"
_NEWER = "Update napari-fhn, or use the version that wrote it"

Migration = Callable[[Any], Mapping[str, Any]]
"""Takes the content of one version and returns that of the next."""


@contextlib.contextmanager
def replacing(path: str | os.PathLike[str]) -> Iterator[BinaryIO]:
    """Yield what a file is written to; until the new one is whole and on the disk, the old one stays as it was.

    Parameters
    ----------
    path : path-like
        In a folder that is there. Of a link the file that it leads to is replaced.

    Yields
    ------
    binary file
        Which may be read and sought in too. Where what is inside fails, nothing has happened.

    Raises
    ------
    OSError
        When it cannot be written. The old file is then untouched.

    Examples
    --------
    >>> with replacing("numbers.txt") as file:
    ...     _ = file.write(b"1 2 3")
    >>> Path("numbers.txt").read_text()
    '1 2 3'
    """
    target = Path(os.path.realpath(path))
    # A name of its own: two processes, or two threads, may write the same record.
    temporary = target.with_name(f"{target.name}.{os.getpid()}-{threading.get_ident()}.part")
    try:
        with temporary.open("w+b") as stream:
            yield stream
            stream.flush()
            os.fsync(stream.fileno())  # the name must not be on disk before the bytes are
        _replace(temporary, target)
    except BaseException as error:
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)
        if isinstance(error, OSError) and error.filename == os.fspath(temporary):
            error.filename = os.fspath(target)  # a person knows that one
        raise
    settle(target.parent)


def write_bytes(path: str | os.PathLike[str], data: bytes) -> None:
    """Replace a file by these bytes, as :func:`replacing` does.

    Parameters
    ----------
    path : path-like
        In a folder that is there.
    data : bytes
        All of it.

    Raises
    ------
    OSError
        When it cannot be written. The old file is then untouched.
    """
    with replacing(path) as stream:
        stream.write(data)


def write_text(path: str | os.PathLike[str], text: str) -> None:
    """Replace a file by text in UTF-8, with lines that end as they do in `text`, as :func:`replacing` does.

    Parameters
    ----------
    path : path-like
        In a folder that is there.
    text : str
        All of it. What is no text, as in names of files that were written in another encoding, becomes ``?``.

    Raises
    ------
    OSError
        When it cannot be written. The old file is then untouched.
    """
    write_bytes(path, text.encode("utf-8", "replace"))


def write(path: str | os.PathLike[str], kind: str, version: int, content: Mapping[str, Any]) -> None:
    """Replace a record. One that is no record of this kind, or of a later version, is set aside and not replaced.

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
    if _is_other(Path(path), kind, version):
        set_aside(Path(path), stays=True)
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
        status = path.stat()
        if not stat.S_ISREG(status.st_mode):  # of a pipe nobody may ever write the end
            raise RecordError(f"it cannot be read as a {kind} record, for it is no file", path, "Move it away")
        if status.st_size > longest:
            raise RecordError(
                f"it has {status.st_size} bytes, and a {kind} record at most {longest}",
                path,
                "It is another kind of file",
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
        raise NewerRecord(
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
        raise RecordError(f"it is {in_words(content)} where a {kind} record has names and values")
    return dict(content)


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
        raise RecordError(f"its format is {in_words(word)}, and '{_PROGRAM} {kind}' is expected")
    version = rest.pop("version", None)
    if type(version) is not int or version < 1:
        raise RecordError(f"its version is {in_words(version)}: a whole number from 1 is expected")
    return version, rest


def _is_other(path: Path, kind: str, version: int) -> bool:
    """Whether what is to be replaced cannot be read here: then it is all that is left of what it says."""
    if not path.is_file():
        return path.exists()
    try:
        if path.stat().st_size > LONGEST:
            return True
        content = parse(path.read_bytes())
        return not isinstance(content, Mapping) or _version_of(content, kind)[0] > version
    except (RecordError, OSError):
        return True


def _replace(temporary: Path, target: Path) -> None:
    for wait in (0.01, 0.05, 0.2) if os.name == "nt" else ():
        with contextlib.suppress(PermissionError):  # somebody reads it just now
            os.replace(temporary, target)
            return
        time.sleep(wait)
    os.replace(temporary, target)
