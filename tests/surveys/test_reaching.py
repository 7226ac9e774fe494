"""Files that take their values from elsewhere: no request, no file from outside, unless a person says so."""

from __future__ import annotations

import http.server
import json
import pickle
import threading
from collections.abc import Iterator
from pathlib import Path

import h5py
import numpy as np
import pytest

from napari_fhn import surveys
from napari_fhn.surveys import SurveyError, reaching
from napari_fhn.surveys.arrays import hdf5
from napari_fhn.surveys.reaching import ReachesOut
from survey_files import rasters as factory

pytestmark = pytest.mark.filterwarnings("ignore")
ONE = factory.cube("uint8", (1, 3, 4))


class Server:
    """A server of this machine that finds nothing, and counts who asks."""

    def __init__(self) -> None:
        asked = self.asked = []

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                asked.append(self.path)
                self.send_error(404)

            do_HEAD = do_POST = do_GET

            def log_message(self, *_: object) -> None:
                pass

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()
        self.address = f"http://127.0.0.1:{self._server.server_address[1]}"

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


@pytest.fixture
def server() -> Iterator[Server]:
    found = Server()
    yield found
    found.close()


@pytest.fixture(autouse=True)
def followed(tmp_path, monkeypatch) -> Path:
    monkeypatch.setenv(reaching.VARIABLE, str(tmp_path / "user" / "followed.json"))
    return tmp_path / "user" / "followed.json"


@pytest.fixture
def folders(tmp_path) -> tuple[Path, Path]:
    """A folder from somebody else, and one with files of one's own."""
    box, own = tmp_path / "box", tmp_path / "own"
    box.mkdir()
    own.mkdir()
    return box, own


def vrt(path: Path, band: str, kind: str = "", more: str = "") -> Path:
    path.write_text(
        f'<VRTDataset rasterXSize="4" rasterYSize="3">{more}<VRTRasterBand dataType="Byte" band="1" {kind}>{band}'
        "</VRTRasterBand></VRTDataset>"
    )
    return path


def source(named: object, relative: int = 0) -> str:
    text = str(named).replace("<", "&lt;")
    return (
        f'<SimpleSource><SourceFilename relativeToVRT="{relative}">{text}</SourceFilename><SourceBand>1</SourceBand>'
        "</SimpleSource>"
    )


def raw(named: object) -> str:
    return f'<SourceFilename relativeToVRT="0">{named}</SourceFilename><ImageOffset>0</ImageOffset><PixelOffset>1'\
        "</PixelOffset><LineOffset>4</LineOffset>"  # fmt: skip


RAW = 'subClass="VRTRawRasterBand"'
MAP_SERVER = (
    '<GDAL_WMS><Service name="TMS"><ServerUrl>{}/${{z}}</ServerUrl></Service><DataWindow><UpperLeftX>0</UpperLeftX>'
    "<UpperLeftY>3</UpperLeftY><LowerRightX>4</LowerRightX><LowerRightY>0</LowerRightY><TileLevel>1</TileLevel>"
    "</DataWindow><BandsCount>1</BandsCount></GDAL_WMS>"
)


def test_no_virtual_raster_asks_a_server(folders, server):
    box, _ = folders
    wms = MAP_SERVER.format(server.address)
    (box / "wms.xml").write_text(wms)
    (box / "wms.img").write_text(wms)
    (box / "wms.img.hdr").write_text("ENVI\nsamples = 4\nlines = 3\nbands = 1\ndata type = 1\ninterleave = bsq\n")
    inner = vrt(box / "inner.vrt", source(f"/vsicurl/{server.address}/inner.tif"))
    bands = {
        "curl": source(f"/vsicurl/{server.address}/a.tif"),
        "http": source(f"{server.address}/b.tif"),
        "zip": source(f"/vsizip/vsicurl/{server.address}/a.zip/a.tif"),
        "described": source("wms.xml", 1),
        "as data": source("wms.img", 1),
        "within": source(wms),
        "second": source(inner.name, 1),
        "overview": f"<Overview><SourceFilename>/vsicurl/{server.address}/o.tif</SourceFilename></Overview>",
        "mask": f'<MaskBand><VRTRasterBand dataType="Byte">{source(f"/vsicurl/{server.address}/m.tif")}'
        "</VRTRasterBand></MaskBand>",
    }
    for name, band in bands.items():
        path = vrt(box / f"{name}.vrt", band)
        with pytest.raises(ReachesOut, match="not followed unless you say so"):
            surveys.open(path)
    for k, more in enumerate(
        (
            f'<Metadata domain="OVERVIEWS"><MDI key="OVERVIEW_FILE">/vsicurl/{server.address}/p.ovr</MDI></Metadata>',
            f'<Metadata domain="GEOLOCATION"><MDI key="X_DATASET">/vsicurl/{server.address}/x</MDI></Metadata>',
            f"<SRS>{server.address}/crs</SRS>",
            f"<GDALWarpOptions><SourceDataset>/vsicurl/{server.address}/w.tif</SourceDataset></GDALWarpOptions>",
        )
    ):
        factory.tiff(box, values=ONE, name="tile.tif")
        with pytest.raises(ReachesOut):
            surveys.open(vrt(box / f"more{k}.vrt", source("tile.tif", 1), more=more))
    assert server.asked == []


def test_a_geotiff_whose_metadata_name_images_elsewhere_asks_no_server_and_shows_no_other_file(folders, server):
    box, own = folders
    secret = factory.tiff(own, values=ONE, name="secret.tif")
    named = {"SUBDATASET_1_NAME": f"/vsicurl/{server.address}/a.tif", "SUBDATASET_2_NAME": f"GTIFF_DIR:1:{secret}"}
    factory.tiff(box, values=ONE, name="tags.tif", after=lambda file: file.update_tags(ns="SUBDATASETS", **named))
    factory.tiff(box, values=ONE, name="aux.tif")
    items = "".join(f'<MDI key="{key}">{value}</MDI>' for key, value in named.items())
    beside = f'<PAMDataset><Metadata domain="SUBDATASETS">{items}</Metadata></PAMDataset>'
    (box / "aux.tif.aux.xml").write_text(beside)
    for name in ("tags.tif", "aux.tif"):
        for options in ({}, {"page": 1}, {"page": 2}):
            with pytest.raises(SurveyError, match="images in other files"):
                surveys.open(box / name, **options)
    (box / "aux.tif.aux.xml").write_text(
        beside.replace("SUBDATASETS", "OVERVIEWS").replace("SUBDATASET_1_NAME", "OVERVIEW_FILE")
    )
    with pytest.raises(ReachesOut, match="overviews"):
        surveys.open(box / "aux.tif")
    assert server.asked == []


@pytest.mark.parametrize("what", ["elsewhere", "up", "link", "raw", "raw by a link", "ers", "ers up"])
def test_files_elsewhere_on_the_disk_are_not_shown_as_a_map(folders, what):
    box, own = folders
    secret = factory.tiff(own, values=ONE, name="secret.tif")
    (box / "linked.tif").symlink_to(secret)
    path = box / ("map.ers" if what.startswith("ers") else "map.vrt")
    if path.suffix == ".ers":
        named = str(secret) if what == "ers" else "../own/secret.tif"
        path.write_text(
            f'DatasetHeader Begin\nDataSetType = ERStorage\nDataFile = "{named}"\nByteOrder = LSBFirst\n'
            "RasterInfo Begin\nCellType = Unsigned8BitInteger\nNrOfLines = 3\nNrOfCellsPerLine = 4\nNrOfBands = 1\n"
            "RasterInfo End\nDatasetHeader End\n"
        )
        (box / "map").write_bytes(bytes(12))
    else:
        band, kind = {
            "elsewhere": (source(secret), ""),
            "up": (source("../own/secret.tif", 1), ""),
            "link": (source("linked.tif", 1), ""),
            "raw": (raw(secret), RAW),
            "raw by a link": (raw(box / "linked.tif"), RAW),
        }[what]
        vrt(path, band, kind)
    with pytest.raises(ReachesOut) as caught:
        surveys.open(path)
    assert "secret.tif" in str(caught.value) or "linked.tif" in str(caught.value)
    assert "--follow" in str(caught.value)
    again = pickle.loads(pickle.dumps(caught.value))
    assert (str(again), again.targets) == (str(caught.value), caught.value.targets)


def test_a_virtual_raster_of_what_lies_beside_it_is_read(folders):
    box, _ = folders
    (box / "tiles").mkdir()
    factory.tiff(box / "tiles", values=ONE, name="a.tif")
    vrt(box / "tiles" / "inner.vrt", source("a.tif", 1))
    (box / "values").write_bytes(ONE.tobytes())
    for name, band, kind in (
        ("a", source("tiles/a.tif", 1), ""),
        ("b", source("tiles/inner.vrt", 1), ""),
        ("c", source(box / "tiles" / "a.tif"), ""),
        ("d", raw(box / "values"), RAW),
    ):
        np.testing.assert_array_equal(surveys.open(vrt(box / f"{name}.vrt", band, kind)), ONE)


def hdf5_files(box: Path, own: Path) -> Iterator[tuple[Path, dict[str, str]]]:
    (own / "secret.bin").write_bytes(b"secret of 12")
    with h5py.File(own / "other.h5", "w") as file:
        file["b"] = ONE[0]
    for suffix in (".h5", ".nc"):
        with h5py.File(box / f"stored{suffix}", "w") as file:
            file.create_dataset("a", (3, 4), "u1", external=[(str(own / "secret.bin"), 0, 12)])
        yield box / f"stored{suffix}", {}
    with h5py.File(box / "linked.nc", "w") as file:
        file["a"] = h5py.ExternalLink("../own/other.h5", "b")
        file["own"] = ONE[0]
    yield box / "linked.nc", {"variable": "a"}
    with h5py.File(box / "virtual.h5", "w") as file:
        layout = h5py.VirtualLayout((3, 4), "u1")
        layout[:] = h5py.VirtualSource(str(own / "other.h5"), "b", (3, 4))
        file.create_virtual_dataset("a", layout)
    yield box / "virtual.h5", {}
    with h5py.File(box / "many.h5", "w") as file:  # more than are read through
        for k in range(120):
            file.create_group(f"{k:03d}")
        file.create_dataset("z", (3, 4), "u1", external=[(str(own / "secret.bin"), 0, 12)])
    yield box / "many.h5", {}


def test_hdf5_shows_no_file_from_outside_its_folder(folders, monkeypatch):
    box, own = folders
    # The look that another process does, without the half second that a process takes; once with it.
    for k, (path, options) in enumerate(hdf5_files(box, own)):
        if k:
            monkeypatch.setattr(hdf5, "_looked_through", lambda path, *_: hdf5._of_look(
                path, lambda: hdf5.hdf5_look.look(str(path), 100)))  # fmt: skip
        with pytest.raises(ReachesOut, match=r"secret.bin|other.h5"):
            surveys.open(path, **options)
        shown = np.asarray(surveys.open(path, follow=True, **options))[0]
        assert bytes(shown.ravel()) in (b"secret of 12", ONE.tobytes())


def test_what_a_person_agreed_to_is_remembered_for_that_file_and_not_in_the_session(folders, followed):
    box, own = folders
    secret = factory.tiff(own, values=ONE, name="secret.tif")
    path = vrt(box / "map.vrt", source(secret))
    with pytest.raises(ReachesOut) as caught:
        surveys.open(path)
    assert [choice.options for choice in caught.value.choices] == [{"follow": True}]
    survey = surveys.open(path, follow=True)
    np.testing.assert_array_equal(survey, ONE)
    assert "follow" not in survey.attrs["read_as"]
    np.testing.assert_array_equal(surveys.open(path), ONE)
    # Another file, and this one changed, are asked about again.
    vrt(box / "other.vrt", source(secret))
    vrt(path, source(factory.tiff(own, values=ONE, name="second.tif")))
    for changed in (path, box / "other.vrt"):
        with pytest.raises(ReachesOut):
            surveys.open(changed)
    # A store that was damaged agrees to nothing.
    surveys.open(path, follow=True)
    followed.write_text(json.dumps({"files": 3}))
    with pytest.raises(ReachesOut):
        surveys.open(path)
    # Said of files that name no others it means nothing.
    assert surveys.open(secret, follow=True).attrs["read_as"] == {}
    np.save(box / "a.npy", ONE)
    surveys.open(box / "a.npy", follow=True)
