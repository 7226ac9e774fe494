"""What the pages say to type is typed, line by line, in a folder that has the files they speak of."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import numpy as np
import pyogrio
import pytest
import rasterio
import rasterio.shutil
import segyio
import shapely
from rasterio.transform import from_origin
from tests import proofs
from tests.cli.conftest import small  # noqa: F401
from tests.docs.test_commands import ROOT, ours, typed

from napari_fhn.cli import main

#: Walked from top to bottom. In one folder: a page goes on where another one, or the README, has ended.
PAGES = (
    "README.md", "docs/guide/command-line.md", "docs/guide/scores.md", "docs/guide/diagnostics.md",
    "docs/guide/attributes.md", "docs/guide/maps.md", "docs/how-to/choosing-wells.md", "docs/how-to/gis.md",
    "docs/how-to/interpretation-systems.md", "docs/how-to/networks.md",
)  # fmt: skip
#: What needs more than a folder, with what that is.
ELSEWHERE = {
    "napari-fhn doctor": "looks at the machine, its graphics among it: tests/cli/test_doctor.py",
    "napari-fhn train sample:seismic": "takes its minute: make demo, release-check",
    "napari-fhn train sample:hyperspectral": "takes its minute: tests/cli/test_end_to_end.py",
    "napari-fhn train scene.tif --points points.csv --backbone prithvi.onnx": "a network that somebody else trained",
}
#: What is refused, rightly: an example of what can be said, where this folder has nothing for it.
REFUSED = {
    # As the page says further down: of the recipe that is proposed for layers between wells.
    "napari-fhn predict next.sgy --network work --output next_facies.sgy": "label some, or train a network by a recipe",
    "napari-fhn runs delete 2 --session work": "nobody can be asked whether to delete it: say so with --yes",
    "napari-fhn history undo --steps 2 --session work": "1 step stands in its history, and 2 are asked for",
}
SHAPE = (16, 48, 72)
MAPS = from_origin(430500, 6350500, 30, 30)


def tiff(path: str, values: np.ndarray) -> None:
    bands, rows, columns = values.shape
    with rasterio.open(
        path, "w", driver="GTiff", height=rows, width=columns, count=bands, dtype=values.dtype, crs="EPSG:32633",
        transform=MAPS,
    ) as file:  # fmt: skip
        file.write(values)


def areas(path: str, names: tuple[str, ...], field: str, *, width: float) -> None:
    """Strips from north to south, one for each name, beginning in the west."""
    boxes = [
        shapely.box(430500 + n * 480, 6349900 if width < 480 else 6349540, 430500 + n * 480 + width, 6350400)
        for n in range(len(names))
    ]
    pyogrio.raw.write(
        path, shapely.to_wkb(np.array(boxes, object)), [np.array(names, object)], [field],
        geometry_type="Polygon", crs="EPSG:32633",
    )  # fmt: skip


def volume(path: str) -> None:
    """Noise with a place on the map: inlines from 1040, crosslines from 2000, 4 ms from 400, as in the sample."""
    rng = np.random.default_rng(0)
    values = rng.normal(size=SHAPE).astype(np.float32) + np.cos(np.arange(SHAPE[2]) / 3).astype(np.float32)
    segyio.tools.from_array3D(path, values, dt=4000)
    with segyio.open(path, "r+", strict=False) as file:
        for number, header in enumerate(file.header):
            i, j = divmod(number, SHAPE[1])
            header.update({segyio.su.iline: 1040 + i, segyio.su.xline: 2000 + j})
            header[segyio.su.delrt] = 400
            header.update({segyio.su.cdpx: 431_000 + 25 * j, segyio.su.cdpy: 6_349_000 + 25 * i})


@pytest.fixture
def folder(small, tmp_path):  # noqa: F811
    """The files that the pages speak of: a volume with wells, maps of 32 x 32 cells, two dates."""
    volume("survey.sgy")
    shutil.copy("survey.sgy", "next.sgy")
    heads = [(f"W{n}", 1041 + 4 * (n % 4), 2002 + 6 * n) for n in range(8)]
    Path("wells.csv").write_text("well,inline,crossline\n" + "".join(f"{w},{i},{x}\n" for w, i, x in heads))
    Path("tops.csv").write_text(
        "well,top_twt_ms,base_twt_ms,class\n"
        + "".join(f"{w},400,{492 + x % 7},shale\n{w},{492 + x % 7},588,sand\n{w},588,684,Salt\n" for w, _, x in heads)
    )
    values = "".join(f"{t} {1 + (t > 492) + (t > 588)}\n" for t in range(400, 688, 4))
    Path("wells.las").write_text(
        "~V\nVERS. 2.0 :\nWRAP. NO :\n~W\nSTRT.MS 400 :\nSTOP.MS 684 :\nSTEP.MS 4 :\nNULL. -999.25 :\nWELL. W :\n"
        "INLINE. 1045 :\nCROSSLINE. 2020 :\n~C\nTWT.MS :\nFACIES. :\n~A\n" + values
    )
    Path("picks.csv").write_text("inline,crossline,twt_ms\n1042,2010,476\n1051,2040,476\n")
    rng = np.random.default_rng(0)
    shape = (32, 32)
    for name, bands in (("map", 2), ("scene", 4), ("magnetics", 1), ("gravity", 1), ("may", 4), ("july", 4)):
        values = rng.normal(size=(bands, *shape)).astype(np.float32) + 3 * (np.arange(32) > 16)
        tiff(f"{name}.tif", values.astype(np.float32))
    for name in ("may", "july"):
        rasterio.shutil.copy(f"{name}.tif", f"{name}.img", driver="ENVI")
    tiff("cover.tif", np.where(np.arange(32) < 8, 3, 5).astype(np.uint8) * np.ones((1, 32, 1), np.uint8))
    areas("geology.gpkg", ("granite", "schist"), "rock", width=480)
    areas("outcrops.gpkg", ("gneiss", "gabbro"), "class", width=90)
    areas("samples.gpkg", ("field", "town"), "class", width=90)
    places = ((4, 4, "a"), (20, 5, "a"), (9, 26, "b"), (25, 28, "b"))
    Path("points.csv").write_text("row,col,class\n" + "".join(f"{r},{c},{name}\n" for r, c, name in places))
    return tmp_path


@proofs.LONG  # that every line is understood is found out without: test_commands.py
@pytest.mark.timeout(1800)
@pytest.mark.usefixtures("folder")
def test_what_the_pages_say_to_type_can_be_typed(capsys):
    done = 0
    for page in PAGES:
        for line in typed(ROOT / page):
            command = re.sub(r"\s+#.*", "", line)
            if (given := ours(line)) is None or command in ELSEWHERE:
                continue
            code = main(given)
            said = capsys.readouterr().err
            assert code == (2 if command in REFUSED else 0), (page, line, said)
            assert REFUSED.get(command, "") in said
            done += 1
    assert done > 40
