"""The scripts in the tree still make the files that are bundled."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import segyio

from napari_fhn.sample_data import FOLDER, HYPERSPECTRAL, SEISMIC, hyperspectral_truth, seismic_truth
from proofs import LONG
from samples import BUNDLED, make_hyperspectral
from samples.boreholes import write_wells
from samples.geology import build_rocks
from samples.make_seismic import write_classes, write_segy
from samples.processes import FINE
from samples.seismogram import record


@LONG
def test_seismic_is_made_again(tmp_path):
    rocks = build_rocks()
    made = rocks.classes[:, :, ::FINE]
    # Other processors round a little differently: allow a few samples on a boundary, and one count.
    assert np.mean(made != seismic_truth()) < 1e-4
    amplitude = record(rocks)
    with segyio.open(str(SEISMIC.survey)) as file:
        bundled = segyio.tools.cube(file).astype(int)
    assert np.mean(np.abs(amplitude.astype(int) - bundled) > 1) < 1e-3

    write_wells(tmp_path, rocks)
    write_classes(tmp_path / "classes.csv")
    for path in (SEISMIC.wells, SEISMIC.tops, SEISMIC.classes):
        assert (tmp_path / path.name).read_text() == path.read_text()
    for path in SEISMIC.logs:
        again = (tmp_path / path.name).read_text().splitlines()
        assert len(again) == len(path.read_text().splitlines())

    write_segy(tmp_path / "few.sgy", amplitude[:3])
    with segyio.open(str(tmp_path / "few.sgy")) as file:
        np.testing.assert_array_equal(segyio.tools.cube(file), amplitude[:3])


def test_hyperspectral_is_made_again(tmp_path):
    make_hyperspectral.make(tmp_path)
    for path in HYPERSPECTRAL.dates:
        made, bundled = (np.fromfile(p, dtype="<i2").astype(int) for p in (tmp_path / path.name, path))
        assert np.mean(np.abs(made - bundled) > 1) < 1e-3
        assert (tmp_path / path.name).with_suffix(".hdr").read_text() == path.with_suffix(".hdr").read_text()
    with np.load(tmp_path / "truth.npz") as file:
        assert np.mean(file["change"] != hyperspectral_truth()) < 1e-3
    for path in (HYPERSPECTRAL.labels, HYPERSPECTRAL.classes):
        assert (tmp_path / path.name).read_text() == path.read_text()


def test_they_are_made_where_they_are_bundled():
    assert BUNDLED.resolve() == FOLDER.resolve()


def test_importing_the_room_is_cheap():
    """No torch, Qt or napari, nor the libraries that only their makers need."""
    code = (
        "import sys, napari_fhn.sample_data;"
        "heavy = {'torch', 'qtpy', 'napari', 'scipy', 'segyio', 'lasio'} & set(sys.modules);"
        "sys.exit(str(heavy) if heavy else 0)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
