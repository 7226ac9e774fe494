"""What lies in a zip that somebody else has made, unpacked piece by piece and no further than is allowed."""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from napari_fhn.sentence import counted

#: First bytes of a zip that holds anything.
MAGIC = b"PK\x03\x04"
#: All parts together unpack to no more than this.
MOST_BYTES = 2**29
_MOST_PARTS = 10_000
_CHUNK = 2**20
_PACKED = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)


class ZipError(ValueError):
    """A zip that is not unpacked.

    Parameters
    ----------
    what, way_out : str
        What is wrong, and what can be done about it.
    """

    def __init__(self, what: str, way_out: str) -> None:
        super().__init__(f"{what}. {way_out}.")
        self.what, self.way_out = what, way_out


@contextmanager
def opened(path: Path, what: str) -> Iterator[zipfile.ZipFile]:
    """Open a zip.

    Parameters
    ----------
    path : Path
        The file, which was looked at: it is no pipe.
    what : str
        What it should be, for sentences: "workbook".

    Raises
    ------
    ZipError
        When it is damaged, locked, or holds too many parts; also for what goes wrong in it while it is open.
    """
    way_out = f"Save the {what} again"
    try:
        with zipfile.ZipFile(path) as archive:
            if len(archive.infolist()) > _MOST_PARTS:
                raise ZipError(f"it holds {counted(len(archive.infolist()), 'parts')}", way_out)
            yield archive
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, ValueError) as error:
        if isinstance(error, ValueError) and type(error) is not ValueError and not isinstance(error, UnicodeError):
            raise  # in the words of whoever reads what is in it
        raise ZipError(f"it is no readable {what} ({error})", way_out) from error
    except RuntimeError as error:  # zipfile's word for a part that needs a password
        raise ZipError(f"it is locked with a password ({error})", "Save it without one") from error
    except OSError as error:
        raise ZipError(f"it cannot be read: {error.strerror or error}", "Check the path") from error


def pieces(archive: zipfile.ZipFile, info: zipfile.ZipInfo, path: Path, most: int = MOST_BYTES) -> Iterator[bytes]:
    """Yield a part piece by piece, whatever size it says it has.

    Parameters
    ----------
    archive : zipfile.ZipFile
        From `opened`.
    info : zipfile.ZipInfo
        The part.
    path : Path
        The file, for sentences.
    most : int, optional
        Bytes that it may unpack to.

    Raises
    ------
    ZipError
        When it goes on beyond `most`.
    """
    if info.compress_type not in _PACKED:
        raise ZipError(f"its part {info.filename} is packed in a way that is not read", "Save it again")
    # The size in the list of parts is what somebody wrote there; the stream is read to its own end.
    info.file_size = 2**62
    total = 0
    with archive.open(info) as part:
        while piece := part.read(_CHUNK):
            total += len(piece)
            if total > most:
                what = f"it unpacks to more than {MOST_BYTES / 1e9:.1f} GB from {path.stat().st_size / 1e6:.2g} MB"
                raise ZipError(what, "Use a part of it")
            yield piece
