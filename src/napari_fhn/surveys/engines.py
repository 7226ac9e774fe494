"""xarray's engines, looked for once and in silence: those of other packages say on the way what they miss."""

from __future__ import annotations

import io
import warnings
from contextlib import redirect_stderr, redirect_stdout
from functools import cache

import xarray as xr


@cache
def look_for_engines() -> None:
    """Let xarray import the engines that are installed, before it does so by itself when it opens the first file.

    That of pyzgy warns of a library that it can do without, and prints that it misses another one.
    """
    nowhere = io.StringIO()
    with warnings.catch_warnings(action="ignore"), redirect_stdout(nowhere), redirect_stderr(nowhere):
        xr.backends.list_engines()
