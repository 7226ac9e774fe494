"""What the GDAL that is installed can write: the oldest wheels of pyogrio have one without SpatiaLite."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pyogrio
import pytest


@contextmanager
def or_skip() -> Iterator[None]:
    """Skip the test where GDAL says that it does not write files of this kind at all."""
    try:
        yield
    except pyogrio.errors.DataSourceError as error:
        if "does not support write" not in str(error):
            raise
        pytest.skip(f"the GDAL that is here cannot write it ({error})")
