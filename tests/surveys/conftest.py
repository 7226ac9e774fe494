"""Small SEG-Y files written by segyio itself, and the real surveys where they are at hand."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import segyio

SHARED = Path(__file__).parents[3] / "shared" / "data"


@pytest.fixture(scope="session")
def shared() -> Callable[[str], Path]:
    """A real file by its name under ../shared/data, or a skip that says it is absent."""

    def find(name: str) -> Path:
        path = SHARED / name
        if not path.exists():
            pytest.skip(f"real data absent: ../shared/data/{name}")
        return path

    return find


def segy(
    path: Path,
    ilines: np.ndarray,
    xlines: np.ndarray,
    cube: np.ndarray,
    *,
    format: int = 5,
    sorting: int = 2,
    endian: str = "big",
    delay_ms: int = 0,
    interval_us: int = 4000,
    ext_headers: int = 0,
    coordinates: bool = True,
) -> Path:
    """Write cube (inline, crossline, sample) in the order of the numbers given."""
    spec = segyio.spec()
    spec.ilines, spec.xlines = ilines, xlines
    spec.samples = np.arange(cube.shape[-1]) * interval_us / 1000.0
    spec.format, spec.sorting, spec.endian = format, sorting, endian
    spec.ext_headers = ext_headers
    with segyio.create(str(path), spec) as file:
        places = [(i, j) for i in range(len(ilines)) for j in range(len(xlines))]
        if sorting == 1:
            places = [(i, j) for j in range(len(xlines)) for i in range(len(ilines))]
        for trace, (i, j) in enumerate(places):
            file.header[trace] = {
                189: int(ilines[i]),
                193: int(xlines[j]),
                37: 1,
                # 25 m between unit inlines to the east, 12.5 m between unit crosslines to the north
                71: -10,
                181: (5000000 + 250 * int(ilines[i])) if coordinates else 0,
                185: (60000000 + 125 * int(xlines[j])) if coordinates else 0,
                109: delay_ms,
                1: trace + 1,
                233: 7 * trace,
            }
            file.trace[trace] = np.ascontiguousarray(cube[i, j])
        file.text[0] = segyio.tools.create_text_header({1: "MADE BY A TEST"})
        for k in range(ext_headers):
            file.text[k + 1] = segyio.tools.create_text_header({1: f"EXTENDED {k}"})
        file.bin.update({3217: interval_us, 3255: 1})
    return path


@pytest.fixture(scope="session")
def make_segy() -> Callable[..., Path]:
    return segy


@pytest.fixture
def volume(tmp_path: Path) -> Path:
    """A small volume, crossline step 2, all traces distinct."""
    cube = np.arange(4 * 5 * 6, dtype=np.float32).reshape(4, 5, 6)
    return segy(tmp_path / "volume.sgy", np.arange(10, 14), np.arange(20, 30, 2), cube, delay_ms=100)
