"""Files at an address, fetched whole into the user's cache: what cannot be read in parts is read from there.

How large it is, is said first; what is large is fetched where a person has agreed to it. A fetch that was cut off goes
on where it was, as long as the server's file is still the same. A fetched file is used again until the server tells of
another version; when nobody answers, what was fetched last is used.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import shutil
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from napari_fhn import leftovers, record
from napari_fhn.keys import hold, key_of
from napari_fhn.surveys.axes import AmbiguousAxes, ReadingChoice
from napari_fhn.surveys.errors import SurveyError
from napari_fhn.surveys.reaching import agree, agreed_to
from napari_fhn.surveys.remote.addresses import (
    TOTAL,
    Nothing,
    NotThere,
    check_address,
    failed,
    fingerprint,
    host_of,
    kept,
    named,
    system,
    url_of,
)
from napari_fhn.surveys.segy import header_cache

Told = Callable[[float], None]
#: Bytes that are fetched unasked.
UNASKED = 200_000_000
#: Bytes of one request.
_PIECE = 8 * 2**20
#: Of the record beside a file that is whole.
KIND, VERSION = "a fetched file", 1
ABOUT = "fetched.json"
#: Files that belong to one by their names, by its suffix: those that are there are fetched too.
_WITH_DATA = (".img", ".dat", ".bsq", ".bil", ".bip", ".raw", "")
_BESIDE: dict[str, tuple[str, ...]] = {
    ".hdr": _WITH_DATA,
    **dict.fromkeys((one for one in _WITH_DATA if one), (".hdr",)),
    ".shp": (".shx", ".dbf", ".prj", ".cpg"),
    ".ers": ("",),
}


class Large(AmbiguousAxes):
    """A file so large that nobody should wait for it unasked.

    Parameters
    ----------
    path : str or Path
        Its name.
    size : int
        In bytes.
    host : str
        Where it lies.
    """

    question = "Fetch it?"
    way = "If you want it, open it with {}, or --fetch"

    def __init__(self, path: str | Path, size: int, host: str) -> None:
        self.size, self.host = size, host
        said = f"it is fetched whole, {size_words(size)} from {host}"
        super().__init__(path, said, [ReadingChoice(f"Fetch {size_words(size)}, once", {"fetch": True})])

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (str(self.path), self.size, self.host)


@dataclass(frozen=True)
class Asked:
    """What a server says of a file before it is fetched.

    Parameters
    ----------
    url : str
        Its address.
    size : int
        In bytes; 0 where it is not told.
    version : str
        A digest that changes with it; empty where nothing is told.
    there : Path or None
        The same, where it was fetched before.
    """

    url: str
    size: int
    version: str
    there: Path | None = None

    @property
    def words(self) -> str:
        """What would be fetched."""
        return f"{named(self.url)}, {size_words(self.size)} from {host_of(self.url)}"


def _nobody(words: str) -> Told:
    return lambda share: None


#: Called with what is fetched, returns what is told the share: how a face of the program shows a bar.
shown: Callable[[str], Told] = _nobody


def folder() -> Path:
    """Return where fetched files are kept: in ``$NAPARI_FHN_CACHE``, else in the platform's folder for caches."""
    return header_cache.folder().with_name("fetched")


def size_words(size: int) -> str:
    """Return a number of bytes as people say it; 0 is one that nobody tells."""
    if not size:
        return "nobody says how much"
    return f"{size / 1e9:.1f} GB" if size >= 1e9 else f"{max(size / 1e6, 0.1):.1f} MB"


def ask(url: str) -> Asked:
    """Ask how large the file at an address is, and whether it was fetched before.

    Parameters
    ----------
    url : str
        As `url_of` gives it.

    Raises
    ------
    SurveyError
        When there is nothing, nobody answers, or credentials are missing.
    """
    check_address(url)
    size, version = fingerprint(url)
    return Asked(url, size, version, _whole(_place(url, size, version)))


def local(path: str | os.PathLike[str]) -> Path:
    """Return the file of this machine that holds what was named: itself, or what was fetched last of an address.

    Parameters
    ----------
    path : path-like
        A file, or an address; nothing is asked of a server.
    """
    url = url_of(path)
    if url is None:
        return Path(path)
    return _latest(url) or Path(path)


def fetch(
    path: str | os.PathLike[str],
    *,
    agreed: bool = False,
    told: Told | None = None,
    stop: threading.Event | None = None,
) -> Path:
    """Fetch the file at an address, and those that belong to it, into the user's cache.

    Parameters
    ----------
    path : path-like
        An address; a file of this machine is returned as it is.
    agreed : bool
        Whether it is wanted however large it is. It is remembered for the address.
    told : callable, optional
        Told the share that is done.
    stop : threading.Event, optional
        Looked at every few megabytes; what has arrived stays, and the next fetch goes on with it.

    Returns
    -------
    Path
        The file, by its own name. It is not to be written to.

    Raises
    ------
    Large
        When it is, and nobody has agreed.
    SurveyError
        When there is nothing, nobody answers, the disk is full, or it was stopped.

    Examples
    --------
    >>> fetch("survey.sgy").name  # of this machine
    'survey.sgy'
    """
    url = url_of(path)
    if url is None:
        return Path(path)
    try:
        asked = ask(url)
    except NotThere:
        before = _latest(url)
        if before is None:
            raise
        return before
    if agreed:
        agree(kept(url))
    place = _wanted(asked, kept(url), told, stop)
    _fetch_beside(url, place, stop)
    with contextlib.suppress(OSError):
        os.utime(place.parent)  # the latest is the one that was used last
    from napari_fhn.surveys.remote.fetched import forget_earlier  # which asks here where that lies

    forget_earlier(place)
    return place


def _place(url: str, size: int, version: str) -> Path:
    """Return where a version of a file is kept; where the server tells none, what its key asks for is one."""
    told = version or f"{size}|{key_of(url)}"
    return _of(url) / hashlib.sha256(told.encode()).hexdigest()[:16] / _name(url)


def _of(url: str) -> Path:
    return folder() / hashlib.sha256(url.encode()).hexdigest()[:24]


def _name(url: str) -> str:
    name = str(named(url))
    return name if name not in ("", ".", "..", ABOUT) else "file"


def _whole(path: Path) -> Path | None:
    """Return a file that was fetched to its end, as its folder says; None for any other."""
    try:
        said = record.read(path.with_name(ABOUT), KIND, VERSION)
        return path if path.stat().st_size == said.get("size") else None
    except (OSError, record.RecordError):
        return None


def _latest(url: str) -> Path | None:
    """Return the version that was used last."""
    with contextlib.suppress(OSError):
        folders = sorted(_of(url).iterdir(), key=lambda one: one.stat().st_mtime, reverse=True)
        return next((whole for one in folders if (whole := _whole(one / _name(url))) is not None), None)
    return None


def _fetch(asked: Asked, told: Told, stop: threading.Event | None) -> None:
    """Fetch a file piece by piece, beginning with what is there of it."""
    url, place = asked.url, _place(asked.url, asked.size, asked.version)
    files, path = system(url)
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        _check_room(place, asked.size)
        part = _part(place) if asked.version else leftovers.part_of(place)
        with part.open("ab") as out:
            try:
                _fill(files, path, asked, out, told, stop)
                out.flush()
                os.fsync(out.fileno())
                size = out.tell()
            except BaseException:
                out.close()
                # What has arrived is nobody's now: whoever fetches it next goes on with it.
                with contextlib.suppress(OSError):
                    os.replace(part, _rest(place)) if asked.version else part.unlink()
                raise
        if asked.version and fingerprint(url) != (asked.size, asked.version):
            part.unlink()
            raise SurveyError(named(url), f"it has changed at {host_of(url)} while it was fetched", "Fetch it again")
        os.replace(part, place)
        record.write(place.with_name(ABOUT), KIND, VERSION, {"address": kept(url), "size": size})
    except SurveyError:
        raise
    except OSError as error:
        if error.filename is None and error.errno is None:
            raise failed(url, error) from error
        what = f"it cannot be written to {place.parent} ({error.strerror or error})"
        raise SurveyError(named(url), what, "Make room there, or set NAPARI_FHN_CACHE to another folder") from error
    told(1.0)


def _fill(files: Any, path: str, asked: Asked, out: Any, told: Told, stop: threading.Event | None) -> None:
    while not asked.size or out.tell() < asked.size:
        if stop is not None and stop.is_set():
            raise SurveyError(named(asked.url), "fetching it was stopped", "What has arrived is kept for the next time")
        first, end = out.tell(), out.tell() + _PIECE
        try:
            # Where nobody says how much there is, it comes in one piece.
            part = {"start": first, "end": min(end, asked.size)} if asked.size else {}
            data = bytes(files.cat_file(path, **part, timeout=TOTAL))
        except Exception as error:
            raise failed(asked.url, error) from error
        wanted = min(end, asked.size) - first if asked.size else len(data)
        if asked.size and len(data) == asked.size != wanted:
            # A server that gives whole files only.
            out.seek(0)
            out.truncate()
        elif len(data) != wanted:
            raise SurveyError(named(asked.url), f"the answer of {host_of(asked.url)} was cut off", "Try again")
        out.write(data)
        told(min(out.tell() / asked.size, 0.999) if asked.size else 0.999)
        if not asked.size:
            return


def _fetch_beside(url: str, place: Path, stop: threading.Event | None) -> None:
    """Fetch what belongs to a file by its name, where it is there, and lay it beside the file."""
    suffix = place.suffix.lower()
    stem = url[: len(url) - len(suffix)]
    others = [f"{stem}{other}" for other in _BESIDE.get(suffix, ())]
    if suffix in _WITH_DATA:
        others.append(f"{url}.hdr")
    for other in others:
        hold(other, key_of(url))
        try:
            asked = ask(other)
        except Nothing:
            continue
        found = _wanted(asked, kept(url), None, stop)
        beside = place.with_name(found.name)
        if not (beside.exists() and os.path.samefile(beside, found)):
            beside.unlink(missing_ok=True)
            try:
                os.link(found, beside)
            except OSError:  # a disk without links
                shutil.copyfile(found, beside)
        if suffix != ".shp":
            return


def _wanted(asked: Asked, agreed: str, told: Told | None, stop: threading.Event | None) -> Path:
    """Return a file that is there, or fetch it; one that is large where somebody has agreed to an address."""
    if asked.there is None:
        if not 0 < asked.size <= UNASKED and not agreed_to(agreed):
            raise Large(named(asked.url), asked.size, host_of(asked.url))
        _fetch(asked, told or shown(f"fetching {asked.words}"), stop)
    return _place(asked.url, asked.size, asked.version)


def _rest(place: Path) -> Path:
    return place.with_name(f"{place.name}.rest")


def _part(place: Path) -> Path:
    """Return this process's own file for what is not whole, with what an earlier one has left in it."""
    part = leftovers.part_of(place)
    with contextlib.suppress(OSError):
        os.replace(_rest(place), part)
        return part
    for one in sorted(place.parent.glob(f"{place.name}.*.part")):
        number = one.name.removeprefix(f"{place.name}.").partition("-")[0]
        if number.isdigit() and leftovers.is_gone(int(number), one):
            with contextlib.suppress(OSError):
                os.replace(one, part)
                break
    return part


def _check_room(place: Path, size: int) -> None:
    free = shutil.disk_usage(place.parent).free
    if size > free:
        what = f"it has {size_words(size)}, and {size_words(free)} are free in {place.parent}"
        raise SurveyError(place.name, what, "Make room there, or set NAPARI_FHN_CACHE to another folder")
