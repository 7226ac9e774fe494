"""Public data sets that people know, fetched on demand into the user's cache folder.

Nothing is fetched unless asked for, and nothing is kept whose bytes are not the published ones. Where a publisher gives
no checksum, that is said before anything is fetched, and the first file that is whole sets the checksum for later.
"""

from __future__ import annotations

import hashlib
import re
import shutil
import threading
import urllib.error
import urllib.request
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any
from urllib.parse import urlparse

from napari_fhn import record

Progress = Callable[[int, int], None]
"""Called with the bytes so far and in all (0 where the server does not say)."""

_CHUNK = 2**18
_TIMEOUT = 30.0
_MOST_BYTES = 8 * 2**30
"""A member that unpacks to more than this is not what it says it is."""

_OFFLINE = "{title}: {host} cannot be reached. Are you online? The samples that come with FHN need no network."


class FetchError(ValueError):
    """A data set that could not be fetched; one sentence for a person."""


class Cancelled(Exception):
    """The person changed their mind."""


@dataclass(frozen=True)
class Member:
    """One file of an archive.

    Attributes
    ----------
    name : str
        Its path in the archive, or the end of it.
    options : mapping
        How `napari_fhn.surveys.open` reads it: ``axes``, ``variable``. A file may be read
        in several ways, as one member each.
    title : str
        What the layer is called.
    """

    name: str
    options: Mapping[str, Any]
    title: str


@dataclass(frozen=True)
class PublicSample:
    """A data set on somebody's server.

    Attributes
    ----------
    key : str
        Of the sample, and the name of its folder in the cache.
    title, source, licence : str
        Shown before anything is fetched.
    url : str
        The archive, a ZIP.
    size : int
        Of the archive in bytes, about; 0 where only the server knows.
    checksum : str
        "md5:..." or "sha256:...", as published; empty where there is none.
    members : tuple of Member
        What is unpacked and opened; all else in the archive is left in it.
    beside : tuple of str
        Files that are unpacked too and opened as no survey: what is known of it.
    """

    key: str
    title: str
    source: str
    licence: str
    url: str
    size: int
    members: tuple[Member, ...]
    checksum: str = ""
    beside: tuple[str, ...] = ()

    @property
    def files(self) -> tuple[str, ...]:
        """What is unpacked, each once."""
        return tuple(dict.fromkeys([*(member.name for member in self.members), *self.beside]))

    @property
    def verified(self) -> str:
        """How its bytes are checked, in a sentence."""
        if self.checksum:
            return "What arrives is compared with the checksum that its authors published."
        return (
            "Its publisher gives no checksum: every file in the archive is checked for damage, "
            "but nobody vouches for where it came from."
        )


F3 = PublicSample(
    key="f3",
    title="F3 facies benchmark",
    source="Alaudah et al. 2019, Netherlands F3 block with six facies; zenodo.org/records/3755060",
    licence="CC BY-SA 3.0 for the seismic (dGB Earth Sciences, TNO); name the authors where you use it",
    url="https://zenodo.org/records/3755060/files/data.zip",
    size=1_050_000_000,
    # Published in the read-me of the benchmark's repository, beside the address.
    checksum="md5:bc5932279831a95c0b244fd765376d85",
    members=(Member("train/train_seismic.npy", {"axes": ("inline", "crossline", "sample")}, "F3, training part"),),
    beside=("train/train_labels.npy",),
)

_MAT = "USA_Change_Dataset.mat"
USA = PublicSample(
    key="usa",
    title="USA hyperspectral change pair",
    source="Hasanlou and Seydi 2018, Hermiston (Oregon) in 2004 and 2007, Hyperion, 154 bands; rslab.ut.ac.ir",
    licence="not stated by its publisher; for research, naming the authors",
    url="https://rslab.ut.ac.ir/documents/81960329/82034892/Hyperspectral_Change_Datasets.zip",
    size=0,
    members=(
        Member(_MAT, {"variable": "T1", "axes": ("y", "x", "band")}, "USA, date 1"),
        Member(_MAT, {"variable": "T2", "axes": ("y", "x", "band")}, "USA, date 2"),
    ),
)

PUBLIC = {sample.key: sample for sample in (F3, USA)}


def cache_folder() -> Path:
    """Return the folder for all public data sets: ``napari-fhn`` in the user's cache folder."""
    import pooch

    return Path(pooch.os_cache("napari-fhn"))


def cached(sample: PublicSample, folder: Path | None = None) -> dict[str, Path] | None:
    """Return the unpacked files by name, None where one is missing.

    Parameters
    ----------
    sample : PublicSample
        Which.
    folder : Path, optional
        Instead of :func:`cache_folder`.
    """
    target = (folder or cache_folder()) / sample.key
    found = {name: target / _file_name(name) for name in sample.files}
    return found if all(path.is_file() for path in found.values()) else None


def fetch(
    sample: PublicSample,
    *,
    progress: Progress | None = None,
    stop: threading.Event | None = None,
    folder: Path | None = None,
) -> dict[str, Path]:
    """Fetch, verify and unpack a data set; what lies in the cache already is taken from there.

    Parameters
    ----------
    sample : PublicSample
        Which.
    progress : callable, optional
        Told the bytes so far and in all, on the thread that calls this.
    stop : threading.Event, optional
        Looked at a few times in a second; nothing half done is left behind.
    folder : Path, optional
        Instead of :func:`cache_folder`.

    Returns
    -------
    dict of str to Path
        The unpacked files by name, those that lie beside the members among them.

    Raises
    ------
    FetchError
        When there is no connection, the archive is damaged or not the published one, or the disk is full.
    Cancelled
        When `stop` was set.
    """
    there = cached(sample, folder)
    if there is not None:
        return there
    target = (folder or cache_folder()) / sample.key
    meter = _Meter(sample.size, progress, stop)
    try:
        target.mkdir(parents=True, exist_ok=True)
        _check_room(sample, target)
        archive = _download(sample, target, meter)
        found = _unpack(sample, archive, target, meter)
        archive.unlink(missing_ok=True)
    except OSError as error:
        raise FetchError(f"{sample.title}: it cannot be written to {target}: {error.strerror or error}.") from error
    return found


class _Meter:
    """What pooch calls a progress bar: counts bytes, and is the place where a download can be stopped."""

    def __init__(self, size: int, progress: Progress | None, stop: threading.Event | None) -> None:
        self.total = size
        self.done = 0
        self._progress = progress
        self._stop = stop

    def update(self, n: int) -> None:
        """Count some bytes."""
        self.check()
        self.done += n
        if self._progress is not None:
            self._progress(min(self.done, self.total) if self.total else self.done, self.total)

    def check(self) -> None:
        """End here if the person wants to."""
        if self._stop is not None and self._stop.is_set():
            raise Cancelled

    def reset(self) -> None:
        """Begin to count anew."""
        self.done = 0

    def close(self) -> None:
        """Nothing to be closed."""


def _download(sample: PublicSample, target: Path, meter: _Meter) -> Path:
    import pooch

    checksum = sample.checksum
    kept = target / "sha256.txt"
    if not checksum and kept.is_file():
        digest = kept.read_text(encoding="ascii", errors="replace").strip()
        if not re.fullmatch("[0-9a-f]{64}", digest):
            raise FetchError(f"{kept} was damaged: remove it, and the next whole file sets the checksum anew.")
        checksum = f"sha256:{digest}"
    downloader = pooch.HTTPDownloader(progressbar=meter, chunk_size=_CHUNK, timeout=_TIMEOUT)
    name = Path(urlparse(sample.url).path).name
    host = urlparse(sample.url).hostname
    meter.check()
    try:
        path = Path(pooch.retrieve(sample.url, checksum or None, fname=name, path=target, downloader=downloader))
    except (Cancelled, FetchError):
        raise
    except ValueError as error:
        if "hash" not in str(error):
            raise FetchError(f"{sample.title}: {error}.") from error
        raise FetchError(
            f"{sample.title}: what {host} sent is not the published file (its checksum differs), and was thrown "
            "away. Try again; if it happens twice, the file has been changed."
        ) from error
    except OSError as error:
        # The exceptions of requests are OSErrors, as are those of a full disk.
        raise FetchError(_why(sample, host, error)) from error
    return path


def _why(sample: PublicSample, host: str | None, error: OSError) -> str:
    kind = type(error).__name__
    answer = getattr(error, "response", None)
    if answer is not None:
        return f"{sample.title}: {host} answers with error {answer.status_code}. Try again later."
    if kind in ("ChunkedEncodingError", "IncompleteRead"):
        return f"{sample.title}: the connection to {host} broke off. Try again."
    if "Timeout" in kind:
        return f"{sample.title}: {host} does not answer. Try again later."
    if type(error).__module__.startswith(("requests", "urllib")):
        return _OFFLINE.format(title=sample.title, host=host)
    return f"{sample.title}: it cannot be written: {error.strerror or error}."


def size_of(sample: PublicSample) -> int:
    """Ask the server how many bytes an archive has; 0 where it does not say.

    Parameters
    ----------
    sample : PublicSample
        Which.

    Raises
    ------
    FetchError
        When the server cannot be reached, or has no such file.
    """
    host = urlparse(sample.url).hostname
    question = urllib.request.Request(sample.url, method="HEAD")
    try:
        with urllib.request.urlopen(question, timeout=_TIMEOUT) as answer:
            return int(answer.headers.get("Content-Length") or 0)
    except urllib.error.HTTPError as error:
        # Some servers answer no such question, and send the file all the same.
        if error.code in (403, 405, 501):
            return 0
        raise FetchError(f"{sample.title}: {host} answers with error {error.code}. Try again later.") from error
    except OSError as error:
        raise FetchError(_OFFLINE.format(title=sample.title, host=host)) from error


def _unpack(sample: PublicSample, archive: Path, target: Path, meter: _Meter) -> dict[str, Path]:
    """Unpack the named members, each to a name of its own choosing, and none of the archive's."""
    found: dict[str, Path] = {}
    try:
        with zipfile.ZipFile(archive) as opened:
            for name in sample.files:
                entry = _entry(sample, opened, name)
                path = target / _file_name(name)
                # zipfile compares with the archive's CRC-32 when it comes to the end.
                with opened.open(entry) as source, record.replacing(path) as out:
                    _copy(sample, source, out, meter)
                found[name] = path
    except (zipfile.BadZipFile, EOFError, RuntimeError, NotImplementedError) as error:
        archive.unlink(missing_ok=True)
        raise FetchError(f"{sample.title}: the archive is damaged ({error}). Try again.") from error
    if not sample.checksum:
        _remember(archive, target)
    return found


def _entry(sample: PublicSample, archive: zipfile.ZipFile, name: str) -> zipfile.ZipInfo:
    ends = [one for one in archive.infolist() if f"/{one.filename}".endswith(f"/{name}") and not one.is_dir()]
    if len(ends) != 1:
        what = "does not hold" if not ends else "holds more than one"
        raise FetchError(f"{sample.title}: the archive {what} {name}.")
    if ends[0].file_size > _MOST_BYTES:
        raise FetchError(f"{sample.title}: {name} unpacks to {ends[0].file_size / 1e9:.0f} GB, which cannot be right.")
    return ends[0]


def _copy(sample: PublicSample, source: IO[bytes], out: IO[bytes], meter: _Meter) -> None:
    written = 0
    while block := source.read(2**20):
        meter.check()
        written += len(block)
        if written > _MOST_BYTES:
            raise FetchError(f"{sample.title}: a file in the archive unpacks to too much.")
        out.write(block)


def _remember(archive: Path, target: Path) -> None:
    digest = hashlib.sha256()
    with archive.open("rb") as file:
        while block := file.read(2**20):
            digest.update(block)
    record.write_text(target / "sha256.txt", digest.hexdigest() + "\n")


def _check_room(sample: PublicSample, target: Path) -> None:
    needed = 2 * sample.size
    free = shutil.disk_usage(target).free
    if free < needed:
        raise FetchError(
            f"{sample.title}: {needed / 1e9:.1f} GB are needed in {target}, and {free / 1e9:.1f} GB are free."
        )


def _file_name(member: str) -> str:
    return Path(member).name
