"""Whether a file says itself that it is of the geosciences: files of neighbours, and ours, by their first bytes."""

from __future__ import annotations

import json
import subprocess
import sys

import numpy as np
import pytest
import rasterio
import tifffile
import xarray as xr
import zarr
from rasterio.transform import Affine

from napari_fhn import sample_data, surveys
from napari_fhn.first_look import from_the_ground
from napari_fhn.surveys import opening

CELLS = np.arange(2 * 6 * 8, dtype=np.uint16).reshape(2, 6, 8)


def neighbours(folder):
    """Files as microscopes, astronomers and everybody else write them."""
    tifffile.imwrite(folder / "cells.tif", CELLS, imagej=True)
    tifffile.imwrite(folder / "cells.ome.tif", CELLS, metadata={"axes": "ZYX"})
    tifffile.imwrite(folder / "big.tiff", CELLS, bigtiff=True, byteorder=">")
    np.save(folder / "a.npy", CELLS)
    np.savez(folder / "a.npz", CELLS)
    zarr.save(str(folder / "cells.zarr"), CELLS)
    import h5py

    with h5py.File(folder / "cells.h5", "w") as file:
        file["volume"] = CELLS
    (folder / "brain.hdr").write_bytes(b"\x5c\x01\x00\x00" + bytes(344))
    (folder / "brain.img").write_bytes(bytes(96))
    (folder / "photo.hdr").write_bytes(b"#?RADIANCE\n" + bytes(64))
    (folder / "scan.las").write_bytes(b"LASF" + bytes(300))
    (folder / "camera.raw").write_bytes(bytes(96))
    (folder / "nuclei.geojson").write_text(
        json.dumps(
            {"type": "FeatureCollection", "features": [{"type": "Feature", "properties": {"objectType": "cell"}}]}
        )
    )
    (folder / "cut short.tif").write_bytes(b"II*\x00\xff")
    (folder / "images").mkdir()
    (folder / "empty.gdb").mkdir()
    (folder / "debugger.gdb").write_text("break main\n")
    return sorted(folder.iterdir())


def ours(folder):
    """Files that say themselves where they are from."""
    profile = {"driver": "GTiff", "width": 8, "height": 6, "count": 1, "dtype": "uint16", "crs": "EPSG:32632"}
    for name, more in (("map.tif", {}), ("big.tif", {"BIGTIFF": "YES"}), ("motorola.tif", {"ENDIANNESS": "BIG"})):
        with rasterio.open(folder / name, "w", **profile, transform=Affine(10, 0, 5e5, 0, -10, 6e6), **more) as file:
            file.write(CELLS[:1])
    tifffile.imwrite(folder / "bands.tif", CELLS, description="wavelengths: 450, 550 nm")
    (folder / "well.las").write_text("# a log\n~Version\n VERS. 2.0:\n")
    (folder / "geology.gdb").mkdir()
    (folder / "geology.gdb" / "a00000001.gdbtable").write_bytes(b"\x03\x00\x00\x00" + bytes(36))
    survey = surveys.open(sample_data.SEISMIC.survey)[:2, :3, :4]
    surveys.save(folder / "bricks.zarr", np.zeros((2, 3, 4), np.uint8), survey)
    xr.DataArray(np.zeros((2, 3, 4)), dims=("wavelength", "y", "x")).to_netcdf(folder / "cube.h5", engine="h5netcdf")
    return [*sorted(folder.iterdir()), sample_data.SEISMIC.survey, *sample_data.HYPERSPECTRAL.dates]


def test_what_neighbours_write_is_theirs(tmp_path):
    files = neighbours(tmp_path)
    assert [path.name for path in files if from_the_ground(path)] == []
    assert not from_the_ground(tmp_path / "absent.sgy")


def test_what_says_where_it_lies_is_ours(tmp_path):
    files = ours(tmp_path)
    assert [path.name for path in files if not from_the_ground(path)] == []
    assert len(files) > 8


@pytest.mark.parametrize("suffix", [".tif", ".las", ".h5", ".jp2", ".hdr", ".geojson", ".vrt"])
def test_a_damaged_file_is_nobodys(tmp_path, suffix):
    path = tmp_path / f"damaged{suffix}"
    rng = np.random.default_rng(0)
    for size in (0, 3, 9, 64, 5000):
        path.write_bytes(b"II*\x00"[: min(size, 4)] + rng.bytes(max(size - 4, 0)))
        assert not from_the_ground(path)


def test_a_neighbours_file_loads_no_library_of_ours(tmp_path):
    neighbours(tmp_path)
    code = (
        "import sys\n"
        "from pathlib import Path\n"
        "from napari_fhn.widgets.data.claims import get_reader\n"
        "assert not any(get_reader(str(path)) for path in Path(sys.argv[1]).iterdir())\n"
        "print(*{'torch', 'rasterio', 'segyio', 'xarray', 'numpy', 'napari_fhn.surveys'} & set(sys.modules))\n"
    )
    done = subprocess.run([sys.executable, "-c", code, str(tmp_path)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == ""


def test_whatever_is_recognised_has_an_opener(tmp_path):
    known = {suffix for opener in (*opening.OPENERS, *opening.FOLDER_OPENERS) for suffix in opener.SUFFIXES}
    for path in ours(tmp_path):
        assert path.suffix in known | {".las", ".img", ".gdb"}, path
