"""GeoTIFF by address, which GDAL fetches block by block: only of what was named, and never longer than is told here."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import rasterio

from napari_fhn.surveys.errors import SurveyError
from napari_fhn.surveys.maps.grids import GDAL_ERRORS
from napari_fhn.surveys.remote.addresses import CONNECT, QUIET, TOTAL, fetch, fingerprint, named

_SYSTEMS = {"https": "vsicurl/https://", "http": "vsicurl/http://", "s3": "vsis3/", "gs": "vsigs/", "gcs": "vsigs/",
            "abfs": "vsiadls/", "abfss": "vsiadls/", "az": "vsiaz/"}  # fmt: skip
#: How GDAL's names of what is fetched begin.
PREFIXES = tuple(dict.fromkeys(f"/{one}" for one in _SYSTEMS.values()))


def gdal_name(url: str) -> str:
    """Return GDAL's name of an address."""
    scheme, _, rest = url.partition("://")
    return f"/{_SYSTEMS[scheme]}{rest}"


def check(url: str) -> None:
    """Refuse an address at which nothing lies, or a server that gives no parts of files.

    Raises
    ------
    SurveyError
    """
    fingerprint(url)
    first = fetch(url, 0, 8)
    if first is None or len(first) != 8:
        host = url.partition("://")[2].partition("/")[0]
        raise SurveyError(named(url), f"{host} gives whole files only, and no parts of them", "Download it, and open "
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
    try:
        # Nothing beside it is looked for, and nothing that it may name is fetched.
        with rasterio.Env(GDAL_DISABLE_READDIR_ON_OPEN="EMPTY_DIR", VSI_CACHE=True, **times):
            yield
    except GDAL_ERRORS as error:
        if isinstance(error, SurveyError):
            raise
        host = address.partition("://")[2].partition("/")[0] or "there"
        what = f"what {host} sent of it is cut off, or no GeoTIFF"
        raise SurveyError(named(address), what, "Try again, or download it and open the file") from error
