"""A look at a path before anything opens it: whether it is a plain file, or a folder where one is wanted.

A pipe never ends, a device has no size, a link may lead nowhere, and libraries take some names for addresses. Every
reader of surveys and labels looks here first.
"""

from __future__ import annotations

import os
import re
import stat
from pathlib import Path

#: As `Path` leaves one, and no drive of Windows.
_ADDRESS = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+:/")
#: GDAL's names for what it finds elsewhere.
_ELSEWHERE = re.compile(r"/vsi[a-z0-9_]+/")
_KINDS = (
    (stat.S_ISFIFO, "a pipe"),
    (stat.S_ISSOCK, "a socket"),
    (stat.S_ISCHR, "a device"),
    (stat.S_ISBLK, "a device"),
)
_SAVE = "Save what it gives as a file, and open that"
#: Files beside the one that is opened which are looked at.
_MOST_BESIDE = 10_000


def is_address(path: str | os.PathLike[str]) -> bool:
    """Tell whether a name is that of something on another machine, whoever could fetch it.

    Examples
    --------
    >>> is_address("s3://bucket/a.zarr"), is_address(Path("https://a.org/b.tif")), is_address("C:/b.tif")
    (True, True, False)
    """
    return _ADDRESS.match(os.fspath(path)) is not None


def as_typed(path: str | os.PathLike[str]) -> str:
    """Return a name as a person typed it: an address has the slash again that `Path` takes from it.

    Examples
    --------
    >>> as_typed(Path("s3://bucket/work")), as_typed("C:/work")
    ('s3://bucket/work', 'C:/work')
    """
    text = os.fspath(path)
    found = _ADDRESS.match(text)
    return text if found is None or text[found.end() :].startswith("/") else f"{found[0]}/{text[found.end() :]}"


def why_not(path: str | os.PathLike[str], *, folder: bool = False) -> tuple[str, str] | None:
    """Say why a path cannot be read.

    Parameters
    ----------
    path : path-like
        Any.
    folder : bool
        Whether it may be a folder as well.

    Returns
    -------
    tuple of str or None
        What is wrong, and the way out; None for a file, or a link that leads to one.

    Examples
    --------
    >>> why_not(__file__) is None, why_not("/vsicurl/http://a.b/c.tif")
    (True, ('it is an address, and nothing is fetched from there', 'Download it, and open the file'))
    """
    path = Path(path)
    try:
        mode = path.stat().st_mode
    except FileNotFoundError:
        if is_address(path) or _ELSEWHERE.match(str(path)):
            return "it is an address, and nothing is fetched from there", "Download it, and open the file"
        if path.is_symlink():
            return f"it is a link to {os.readlink(path)}, which is not there", "Open the file itself"
        return f"there is no such file in {path.absolute().parent}", "Check the path"
    except (OSError, ValueError) as error:
        said = error.strerror if isinstance(error, OSError) and error.strerror else error
        return f"it cannot be read: {said}", "Check the path"
    if stat.S_ISREG(mode) or (folder and stat.S_ISDIR(mode)):
        return None
    if stat.S_ISDIR(mode):
        return folder_in_words(path)
    kind = next((words for is_kind, words in _KINDS if is_kind(mode)), "no file")
    return f"it is {kind}, and no file", _SAVE


def folder_in_words(path: str | Path) -> tuple[str, str]:
    """Say of a folder, where a file is wanted, what it is.

    Parameters
    ----------
    path : path-like
        A folder that is there.

    Returns
    -------
    tuple of str
        What is wrong, and the way out.
    """
    if (Path(path) / "session.json").is_file():
        return "it is a session, and no file", "Name it with --session"
    return "it is a folder", "Open a file inside it"


def leads_away(path: str | Path) -> tuple[str, str] | None:
    """Say of a name under which something is to be written that it is a link; None where it is none.

    Nobody can tell whether the link is meant, the file that it leads to, or neither: some programs write through one,
    others put a file in its place, and either may take what somebody else relies on.

    Parameters
    ----------
    path : path-like
        Where something is to be written. Links among the folders above it are followed, as always.

    Returns
    -------
    tuple of str or None
        What is wrong, and the way out.
    """
    path = Path(path)
    if not path.is_symlink():
        return None
    target = as_typed(os.path.abspath(path.parent / os.readlink(path)))
    what = f"it is a link to {target}, and nothing tells which of the two is to be replaced"
    return what, f"Give {target} itself, or remove the link"


def odd_beside(path: Path) -> tuple[str, str] | None:
    """Say which of the files that belong to one by their names is no plain file; None where all are.

    Libraries open ``scene.tif.aux.xml`` or ``shapes.dbf`` on their own, and would wait for a pipe for ever.

    Parameters
    ----------
    path : Path
        The file that is opened.
    """
    begin = path.name.split(".")[0].lower()
    try:
        with os.scandir(path.parent) as entries:
            for _, entry in zip(range(_MOST_BESIDE), entries, strict=False):
                if not entry.name.lower().startswith(begin) or entry.is_file(follow_symlinks=False):
                    continue
                if entry.is_dir() or entry.name == path.name:
                    continue
                found = why_not(entry.path)
                if found is not None and not entry.is_symlink():
                    return f"{entry.name} beside it is no plain file: {found[0]}", "Move it away"
                if found is not None and os.path.exists(entry.path):
                    return f"{entry.name} beside it leads to no plain file: {found[0]}", "Move it away"
    except OSError:
        pass  # who opens the file says what is wrong
    return None
