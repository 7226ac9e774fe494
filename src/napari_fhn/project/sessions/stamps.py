"""Whether a file is still the one that was read: its size, its time, and a checksum of its headers.

Reading a survey of many gigabytes whole only to see that it has not changed would take minutes. What is read are the
headers at the beginning, the end, and a few places between them; what was copied into a session has in addition a
digest of everything (`napari_fhn.project.data.staging`).
"""

from __future__ import annotations

import hashlib
import os
import stat
from pathlib import Path

from napari_fhn.project.sessions.manifest import FileStamp
from napari_fhn.surveys import SurveyError, reaching
from napari_fhn.surveys.remote import opening as remote
from napari_fhn.surveys.remote.addresses import url_of

_HEAD = 64 * 1024
_PART = 4096
_PARTS = 16
_MOST_FILES = 100_000


def stamp(path: Path) -> FileStamp:
    """Return the stamp of a file or of a folder that is a store.

    Parameters
    ----------
    path : Path
        Existing.

    Raises
    ------
    OSError
        When it cannot be read.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> file = Path(tempfile.mkdtemp()) / "survey.sgy"
    >>> _ = file.write_bytes(b"C 1 CLIENT")
    >>> stamp(file).size
    10
    """
    url = url_of(path)
    if url is not None:
        return _of_address(url)
    if path.is_dir():
        return _of_folder(path)
    found = path.stat()
    if not stat.S_ISREG(found.st_mode):  # of a device or a pipe there is no end
        return FileStamp()
    digest = hashlib.sha256()
    with path.open("rb") as file:
        digest.update(file.read(_HEAD))
        if found.st_size > _HEAD:
            for part in range(1, _PARTS + 1):
                file.seek(max(_HEAD, (found.st_size - _PART) * part // _PARTS))
                digest.update(file.read(_PART))
    # The header that ENVI keeps beside its values.
    for header in (path.with_suffix(".hdr"), path.with_name(path.name + ".hdr"), path.with_suffix(".HDR")):
        if header != path and header.is_file():
            digest.update(header.read_bytes()[:_HEAD])
            break
    return FileStamp(found.st_size, found.st_mtime_ns, digest.hexdigest())


def is_kept(source: str) -> bool:
    """Whether a survey's source can be referred to: a file that is there, or an address that a person has named."""
    url = url_of(source)
    return Path(source).exists() if url is None else reaching.knows_address(url)


def same(path: Path, known: FileStamp) -> bool:
    """Whether a file is as it was, as far as can be told without reading all of it.

    A file that was copied or unpacked has another time and the same checksum: it is taken for the same only by whoever
    looks at all of its values.
    """
    try:
        now = stamp(path)
    except OSError:
        return False
    return now == known


def _of_address(url: str) -> FileStamp:
    """The stamp of what lies at an address, as far as its server tells of versions; empty where it does not."""
    # What a file says of where it came from may be anything: only what a person has named is asked for.
    if not reaching.knows_address(url):
        return FileStamp()
    try:
        size, digest = remote.stamp(url)
    except SurveyError:
        return FileStamp()
    return FileStamp(size, 0, digest) if digest else FileStamp()


def _of_folder(folder: Path) -> FileStamp:
    size, latest, count = 0, 0, 0
    digest = hashlib.sha256()
    for place, folders, files in os.walk(folder):
        folders.sort()
        for name in sorted(files):
            path = Path(place, name)
            found = path.stat()
            size += found.st_size
            latest = max(latest, found.st_mtime_ns)
            digest.update(f"{path.relative_to(folder).as_posix()}|{found.st_size}\n".encode())
            if name.startswith((".z", "zarr.json")) or name.endswith(".json"):
                digest.update(path.read_bytes()[:_HEAD])
            count += 1
            if count >= _MOST_FILES:
                return FileStamp(size, latest, digest.hexdigest())
    return FileStamp(size, latest, digest.hexdigest())
