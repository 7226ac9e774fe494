"""Files of the kinds that came last: the same on the command line, in Python and where files are dropped."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from tests.surveys.arrays.test_matlab_parts import version_73
from tests.surveys.missions.test_missions import MAP, desis_xml, emit, enmap_xml, envi, table, tiff
from tests.surveys.segy.test_seismic_unix import grid, su

import napari_fhn as fhn
from napari_fhn import surveys
from napari_fhn.cli import main
from napari_fhn.widgets.data.reader import get_reader
from survey_files.volumes import values_of

pytestmark = pytest.mark.filterwarnings("ignore")
STORED = np.arange(90, dtype=np.int16).reshape(3, 6, 5)


def vds(folder: Path, **more: object) -> Path:
    pytest.importorskip("openvds")
    from survey_files.volumes import write_vds

    return write_vds(folder / "a.vds", values_of((4, 5, 6)), **more)


def zgy(folder: Path, **more: object) -> Path:
    pytest.importorskip("openzgy")
    from survey_files.volumes import write_zgy

    return write_zgy(folder / "a.zgy", values_of((4, 5, 6)), bricksize=(8, 8, 8), **more)


def dlr(folder: Path, name: str, xml: str) -> Path:
    (folder / name.format("METADATA.XML")).write_text(xml)
    return tiff(folder / name.format("SPECTRAL_IMAGE.TIF"), STORED)


def aviris(folder: Path) -> Path:
    envi(folder / "ang1_rdn_glt", np.stack(table()[::-1]), MAP)
    return envi(folder / "ang1_rdn_img", STORED[:, :5, :4], "data ignore value = -1")


def emitted(folder: Path) -> Path:
    emit(folder / "EMIT.nc")
    return folder / "EMIT.nc"


DOWN = (("Inline", "unitless", 1, 1), ("Crossline", "unitless", 1, 1), ("Depth", "m", 0, 5))
FEET = (("Crossline", "unitless", 1, 1), ("Inline", "unitless", 1, 1), ("Depth", "ft", 0, 10))
#: Each with the axes and the shape that it has, and options where it asks.
MEMBERS: dict[str, tuple[Callable[[Path], Path], str, tuple[int, ...], dict[str, object]]] = {
    "Seismic Unix, little": (lambda f: su(f / "a.su", *grid()), "inline,crossline,twt", (5, 6, 7), {}),
    "Seismic Unix, big": (lambda f: su(f / "a.su", *grid(), ">"), "inline,crossline,twt", (5, 6, 7), {}),
    "Seismic Unix, a line": (lambda f: su(f / "a.su", grid()[0], {}), "trace,twt", (30, 7), {}),
    "OpenVDS, time": (vds, "inline,crossline,twt", (4, 5, 6), {}),
    "OpenVDS, depth": (lambda f: vds(f, axes=DOWN), "inline,crossline,depth", (4, 5, 6), {}),
    "OpenVDS, feet, turned": (lambda f: vds(f, axes=FEET), "inline,crossline,depth", (5, 4, 6), {}),
    "ZGY, time": (zgy, "inline,crossline,twt", (4, 5, 6), {}),
    "ZGY, falling": (lambda f: zgy(f, annotinc=(-1, 3)), "inline,crossline,twt", (4, 5, 6), {}),
    "EnMAP": (lambda f: dlr(f, "ENMAP01-X-{}", enmap_xml()), "band,y,x", (3, 6, 5), {}),
    "DESIS": (lambda f: dlr(f, "DESIS-HSI-L2A-X-{}", desis_xml()), "band,y,x", (3, 6, 5), {}),
    "EMIT": (emitted, "band,y,x", (3, 6, 7), {}),
    "AVIRIS-NG": (aviris, "band,y,x", (3, 6, 7), {}),
    "MATLAB 7.3, a cell": (
        lambda f: version_73(f / "a.mat", c=[STORED.transpose(1, 2, 0).astype("f4")]), "band,y,x", (3, 6, 5),
        {"variable": "c{1}", "axes": ("y", "x", "band")},
    ),
    "MATLAB 7.3, an array of structs": (
        lambda f: version_73(f / "a.mat", s=({"a": STORED[0].astype("f4")}, {"a": STORED[1].astype("f4")})),
        "band,y,x", (1, 6, 5), {"variable": "s(2)/a", "axes": ("y", "x")},
    ),
    "ENVI, keys joined": (
        lambda f: envi(f / "a.img", STORED, "wavelength = {400, 500, 600}\nwavelength_units = nm"),
        "band,y,x", (3, 6, 5), {},
    ),
}  # fmt: skip
#: Of each kind one is opened to be worked on, which takes longer.
WORKED_ON = ("Seismic Unix, big", "OpenVDS, feet, turned", "ZGY, falling", "AVIRIS-NG", "MATLAB 7.3, a cell")


@pytest.mark.parametrize("name", MEMBERS)
def test_a_member_is_the_same_at_every_door(tmp_path, name, capsys):
    make, dims, shape, options = MEMBERS[name]
    path = make(tmp_path)
    survey = surveys.open(path, **options)
    assert (",".join(map(str, survey.dims)), survey.shape) == (dims, shape)
    assert surveys.can_open(path)
    assert get_reader(str(path)) is not None, "dropped on the viewer"
    said = [word for key, value in options.items()
            for word in (f"--{key}", ",".join(value) if isinstance(value, tuple) else str(value))]  # fmt: skip
    assert main(["info", str(path), *said, "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert str(shape[-1]) in json.dumps(told)
    if name not in WORKED_ON:
        return
    with fhn.open(path, session=tmp_path / "work", **options) as work:
        (found,) = work.surveys.values()
        assert surveys.Grid.of(found).apart(surveys.Grid.of(survey)) == ""
        np.testing.assert_array_equal(found.values, survey.values)
