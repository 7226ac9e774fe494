"""GeoTIFF by address, which GDAL fetches block by block: only of what was named, and never longer than is told here."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

import rasterio

from napari_fhn.keys import with_key
from napari_fhn.surveys.errors import SurveyError
from napari_fhn.surveys.maps.grids import GDAL_ERRORS
from napari_fhn.surveys.remote.addresses import CONNECT, QUIET, TOTAL, fetch, fingerprint, named

_SYSTEMS = {"https": "vsicurl/https://", "http": "vsicurl/http://", "s3": "vsis3/", "gs": "vsigs/", "gcs": "vsigs/",
            "abfs": "vsiadls/", "abfss": "vsiadls/", "az": "vsiaz/"}  # fmt: skip
_AZURE = ("abfs", "abfss", "az")
#: Accounts by container, where an address of Azure has named them.
_ACCOUNTS: dict[str, str] = {}
#: How GDAL's names of what is fetched begin.
PREFIXES = tuple(dict.fromkeys(f"/{one}" for one in _SYSTEMS.values()))


class WholeOnly(SurveyError):
    """A server that gives no parts of files."""


def gdal_name(url: str) -> str:
    """Return GDAL's name of an address."""
    scheme, _, rest = with_key(url).partition("://")
    container, at, other = rest.partition("@")
    if at and scheme in _AZURE:
        # container@account.dfs.core.windows.net/path, as Azure writes them.
        host, _, path = other.partition("/")
        _ACCOUNTS[container] = host.partition(".")[0]
        rest = f"{container}/{path}"
    if "?" in rest and scheme in _AZURE:
        container, _, path = rest.partition("/")
        return f"/vsicurl/https://{_account(container)}.blob.core.windows.net/{container}/{path}"
    return f"/{_SYSTEMS[scheme]}{rest}"


def _account(container: str) -> str:
    """Return the account of a container of Azure: the one in its address, else that of the environment."""
    return _ACCOUNTS.get(container) or os.environ.get("AZURE_STORAGE_ACCOUNT_NAME", "")


def check(url: str) -> None:
    """Refuse an address at which nothing lies, or a server that gives no parts of files.

    Raises
    ------
    WholeOnly
        For such a server.
    SurveyError
    """
    fingerprint(url)
    first = fetch(url, 0, 8)
    if first is None or len(first) != 8:
        host = url.partition("://")[2].partition("/")[0]
        raise WholeOnly(named(url), f"{host} gives whole files only, and no parts of them", "Download it, and open "
                          "the file")  # fmt: skip


@contextmanager
def fetching(address: str) -> Iterator[None]:
    """Let GDAL fetch while an address is opened or read; of a file of this machine nothing changes.

    Parameters
    ----------
    address : str
        GDAL's name.

    Raises
    ------
    SurveyError
        For what goes wrong on the way.
    """
    if not address.startswith(PREFIXES):
        yield
        return
    times = {
        "GDAL_HTTP_CONNECTTIMEOUT": str(int(CONNECT)),
        "GDAL_HTTP_TIMEOUT": str(int(TOTAL)),
        "GDAL_HTTP_LOW_SPEED_TIME": str(int(QUIET)),
        "GDAL_HTTP_LOW_SPEED_LIMIT": "1",
        "GDAL_HTTP_MAX_RETRY": "1",
    }
    if "?" in address:
        # A presigned address is signed for one way of asking, which is this.
        times["CPL_VSIL_CURL_USE_HEAD"] = "NO"
    try:
        # Nothing beside it is looked for, and nothing that it may name is fetched.
        container = address.partition("/vsiaz/")[2] or address.partition("/vsiadls/")[2]
        if container and _account(container.partition("/")[0]):
            times["AZURE_STORAGE_ACCOUNT"] = _account(container.partition("/")[0])
        with rasterio.Env(GDAL_DISABLE_READDIR_ON_OPEN="EMPTY_DIR", VSI_CACHE=True, **times):
            yield
    except GDAL_ERRORS as error:
        if isinstance(error, SurveyError):
            raise
        host = address.partition("://")[2].partition("/")[0] or "there"
        what = f"what {host} sent of it is cut off, or no GeoTIFF"
        raise SurveyError(named(address), what, "Try again, or download it and open the file") from error
