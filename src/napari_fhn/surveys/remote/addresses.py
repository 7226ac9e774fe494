"""Addresses: what is one, who answers there, and what is said when nobody does."""

from __future__ import annotations

import asyncio
import hashlib
import os
import re
from pathlib import Path, PurePosixPath
from typing import Any

from napari_fhn import record
from napari_fhn.keys import hidden, key_of, parted
from napari_fhn.surveys.errors import SurveyError
from napari_fhn.surveys.extras import library
from napari_fhn.surveys.lazy import one_line

#: Schemes by the package that speaks them; what is in memory is there for as long as the process is.
PACKAGES = {
    "https": "aiohttp", "http": "aiohttp", "s3": "s3fs", "gs": "gcsfs", "gcs": "gcsfs", "abfs": "adlfs",
    "abfss": "adlfs", "az": "adlfs", "memory": "fsspec",
}  # fmt: skip
#: Seconds: until a server has answered, between two pieces of an answer, and for all of one.
CONNECT, QUIET, TOTAL = 10.0, 20.0, 120.0
#: As people write them, and with the one slash that is left where one was taken for a path of this machine.
_ADDRESS = re.compile(rf"({'|'.join(PACKAGES)}):/{{1,2}}([^/].*)", re.IGNORECASE | re.DOTALL)
#: What servers tell of a version of a file.
_VERSION = ("etag", "content-md5", "digest", "last-modified", "lastmodified", "last_modified", "updated", "size")
_OF_STORES = ("zarr.json", ".zarray", ".zgroup", ".zattrs", ".zmetadata")
#: Bytes of a description.
_LONGEST = 64 * 2**20
_AGAIN = "Check the connection, and try again"


class NotThere(SurveyError):
    """Nobody answers at an address, or not in time; what lies there may be sound."""


class Nothing(SurveyError):
    """Nothing lies at an address."""


def url_of(path: str | os.PathLike[str]) -> str | None:
    """Return the address that a path is, without its key; None for one of this machine.

    What follows a question mark may be a key: it is held in memory (`napari_fhn.keys`), and only the address goes on.

    Parameters
    ----------
    path : path-like
        As it was typed, or as a `Path` of it, which has lost a slash.

    Examples
    --------
    >>> url_of("https://a.org/b.zarr?sig=1"), url_of(Path("https://a.org/b.zarr/")), url_of("C:/b.zarr")
    ('https://a.org/b.zarr', 'https://a.org/b.zarr', None)
    """
    found = _ADDRESS.fullmatch(os.fspath(path).replace("\\", "/") if isinstance(path, Path) else os.fspath(path))
    return parted(f"{found[1].lower()}://{found[2]}") if found else None


def path_of(path: str | os.PathLike[str]) -> Path:
    """Return what was named as a path that holds no key: for a file of this machine, that of the file."""
    url = url_of(path)
    return Path(path) if url is None else Path(url)


def kept(url: str) -> str:
    """Return an address without what follows a question mark, which may be a key: this is shown and kept."""
    return url.partition("?")[0].partition("#")[0]


def named(url: str) -> Path:
    """Return what sentences call an address: a store after its folder, whichever file of it they are about."""
    path = PurePosixPath(kept(url))
    return Path((path.parent if path.name in _OF_STORES else path).name)


def host_of(url: str) -> str:
    """Return who is asked at an address."""
    return url.partition("://")[2].partition("/")[0]


def check_address(url: str) -> None:
    """Refuse an address that holds a password, which would be shown and kept, or a key that is understood nowhere.

    Raises
    ------
    SurveyError
    """
    scheme, _, rest = url.partition("://")
    # Azure's own addresses have a container in front of the host.
    before, at, _ = rest.partition("/")[0].rpartition("@")
    if at and (PACKAGES[scheme] == "aiohttp" or ":" in before):
        raise SurveyError(named(url), "its address holds a password", "Give one without: addresses are shown and kept")
    if key_of(url) and PACKAGES[scheme] not in ("aiohttp", "adlfs"):
        what = f"what stands behind the question mark means nothing at {scheme}://"
        raise SurveyError(named(url), what, "Give the https:// address that was made with it")


def check_here(path: str | os.PathLike[str]) -> None:
    """Refuse an address where a file of this machine is written, which would land in a folder called ``s3:``.

    Raises
    ------
    SurveyError
    """
    url = url_of(path)
    if url is not None:
        what = "it is an address, where nothing is written but predictions and bricks in a store, NAME.zarr"
        raise SurveyError(named(url), what, "Name a file of this machine")


def system(url: str, *, asynchronous: bool = False) -> tuple[Any, str]:
    """Return fsspec's file system for an address, and the path there.

    Raises
    ------
    SurveyError
        Where a package is missing, or the address is none that it knows.
    """
    scheme, key = url.partition("://")[0], key_of(url)
    fsspec = library(named(url), "fsspec", "cloud", f"what lies at {scheme}://")
    speaker = library(named(url), PACKAGES[scheme], "cloud", f"what lies at {scheme}://")
    options: dict[str, Any] = {"skip_instance_cache": True}
    if PACKAGES[scheme] == "aiohttp":
        times = speaker.ClientTimeout(total=TOTAL, sock_connect=CONNECT, sock_read=QUIET)
        # Proxies are those of the environment, as with every other program. What is packed on the way has other sizes.
        options["client_kwargs"] = {
            "timeout": times, "trust_env": True, "headers": {"Accept-Encoding": "identity"}
        }  # fmt: skip
    elif PACKAGES[scheme] == "s3fs":
        options["config_kwargs"] = {"connect_timeout": CONNECT, "read_timeout": QUIET, "retries": {"max_attempts": 2}}
    elif key and PACKAGES[scheme] == "adlfs":
        options["sas_token"] = key
    try:
        files, path = fsspec.core.url_to_fs(url, asynchronous=asynchronous, **options)
        if key and PACKAGES[scheme] == "aiohttp":
            # Each file of a store is asked for with the key of the store.
            plain, whole = files.encode_url, library(named(url), "yarl", "cloud", "addresses").URL
            files.encode_url = lambda one: whole(f"{plain(one)}?{key}", encoded=True)
        if asynchronous and not files.async_impl:
            wrapping = library(named(url), "fsspec.implementations.asyn_wrapper", "cloud", f"what lies at {scheme}://")
            files = wrapping.AsyncFileSystemWrapper(files, asynchronous=True)
    except Exception as error:
        # Each package looks for its credentials already here.
        raise failed(url, error) from error
    return files, path


def fetch(url: str, start: int | None = None, end: int | None = None) -> bytes | None:
    """Return what lies at an address, or a part of it; None where nothing does.

    Raises
    ------
    SurveyError
        When nobody answers in time, or refuses to.
    """
    files, path = system(url)
    try:
        return bytes(files.cat_file(path, start=start, end=end, timeout=TOTAL))
    except FileNotFoundError:
        return None
    except Exception as error:
        raise failed(url, error) from error


def said_by(url: str) -> dict[str, Any]:
    """Return what a small file of JSON at an address says; nothing where there is none, or it is damaged.

    Raises
    ------
    SurveyError
        As `fetch`.
    """
    data = fetch(url)
    try:
        content = record.parse(data or b"", longest=_LONGEST)
    except record.RecordError:
        return {}
    return content if isinstance(content, dict) else {}


def fingerprint(url: str) -> tuple[int, str]:
    """Return the size of what lies at an address, and a digest of what the server tells of its version.

    Parameters
    ----------
    url : str
        Of a file.

    Returns
    -------
    size : int
        In bytes; 0 where it is not told.
    digest : str
        Empty where nothing is told by which a change would show.

    Raises
    ------
    SurveyError
        When there is none, or nobody answers.
    """
    files, path = system(url)
    try:
        about = {str(key).lower(): value for key, value in files.info(path, timeout=TOTAL).items()}
    except Exception as error:
        raise failed(url, error) from error
    told = {key: str(about[key]) for key in _VERSION if about.get(key)}
    if set(told) <= {"size"}:
        return int(about.get("size") or 0), ""
    said = "\0".join(f"{key}={value}" for key, value in sorted(told.items()))
    return int(about.get("size") or 0), hashlib.sha256(f"{url}\0{said}".encode()).hexdigest()


def failed(url: str, error: BaseException) -> SurveyError:
    """Say in a sentence what went wrong on the way to an address, whichever package says so."""
    # fsspec says of whatever goes wrong on the web that nothing is there, and keeps the reason behind it.
    while isinstance(error, FileNotFoundError) and error.__cause__ is not None:
        error = error.__cause__
    path, host = named(url), host_of(url)
    status = getattr(error, "status", None) or getattr(error, "code", None)
    words = f"{type(error).__name__} {error}".lower()
    if isinstance(error, SurveyError):
        return error
    if isinstance(error, FileNotFoundError) or status == 404 or "nosuchbucket" in words:
        return Nothing(path, f"there is nothing at {kept(url)}", "Check the address")
    if isinstance(error, PermissionError) or status in (401, 403) or "credential" in words or "anonymous" in words:
        way_out = "Set them up as for other programs (AWS_PROFILE, GOOGLE_APPLICATION_CREDENTIALS, AZURE_...), or give "
        if url.startswith("http"):
            # Those of the web have a key in their address, which is kept nowhere.
            way_out = "Name it again with its whole address, the part behind the question mark too, or give "
        return SurveyError(path, f"{host} asks for credentials that are missing or not enough", f"{way_out}an address "
                           "that is open to all")  # fmt: skip
    if isinstance(error, asyncio.TimeoutError | TimeoutError) or "timeout" in words or "timed out" in words:
        return NotThere(path, f"{host} does not answer in time", _AGAIN)
    if "payload" in words or "incompleteread" in words or "contentlength" in words or "disconnected" in words:
        return SurveyError(path, f"the answer of {host} was cut off", "Try again")
    if "connect" in words or "resolve" in words or "getaddrinfo" in words or "endpoint" in words:
        return NotThere(path, f"{host} cannot be reached", _AGAIN)
    return SurveyError(
        path, f"it cannot be read from {host} ({hidden(one_line(error)) or type(error).__name__})", _AGAIN
    )
