"""Files that are fetched whole: once, on from where they were cut off, asked for where they are large."""

from __future__ import annotations

import os
import shutil
import sys
import types
from collections.abc import Iterator
from pathlib import Path
from typing import ClassVar

import numpy as np
import pytest
from tests.surveys.remote.server import KEY, Server
from tests.surveys.remote.test_addresses import cog

from napari_fhn import keys, sample_data, surveys
from napari_fhn.cli.commands import main
from napari_fhn.project.data.masks import in_session
from napari_fhn.project.knowledge.recognition import recognised
from napari_fhn.surveys import SurveyError, reaching
from napari_fhn.surveys.remote import addresses, fetched, fetching, gdal
from napari_fhn.surveys.remote import opening as remote
from napari_fhn.surveys.remote.opening import at_hand
from napari_fhn.surveys.segy import header_cache

pytest.importorskip("fsspec")
pytest.importorskip("aiohttp")
SHAPE = (6, 5)


@pytest.fixture
def web(tmp_path) -> Path:
    folder = tmp_path / "web"
    folder.mkdir()
    rng = np.random.default_rng(0)
    np.save(folder / "survey.npy", rng.normal(size=SHAPE))
    np.save(folder / "labels.npy", rng.integers(0, 3, SHAPE).astype(np.uint8))
    return folder


@pytest.fixture
def server(web) -> Iterator[Server]:
    found = Server(web)
    yield found
    found.close()


@pytest.fixture(autouse=True)
def alone(tmp_path, monkeypatch) -> None:
    monkeypatch.setenv(reaching.VARIABLE, str(tmp_path / "user" / "followed.json"))
    monkeypatch.setenv(header_cache.VARIABLE, str(tmp_path / "cache"))
    monkeypatch.setenv(keys.VARIABLE, "")
    monkeypatch.setattr(fetching, "shown", fetching._nobody)
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)


def test_a_segy_file_is_fetched_once_and_written_like(server, web, tmp_path):
    shutil.copy(sample_data.SEISMIC.survey, web / "line.sgy")
    url = f"{server.address}/line.sgy"
    survey = surveys.open(url)
    there = surveys.open(sample_data.SEISMIC.survey)
    np.testing.assert_array_equal(survey[5], there[5])
    assert survey.attrs["source"] == url
    assert "Fetched from 127.0.0.1" in survey.attrs["notes"][-1]
    server.asked.clear()
    assert surveys.open(url).shape == there.shape
    assert len(server.asked) == 1, "only its version is asked for"
    # Its headers are those of the file that was fetched.
    saved = surveys.save(tmp_path / "facies.sgy", np.ones(there.shape, np.uint8), survey)
    assert surveys.open(saved).shape == there.shape
    server.close()
    assert surveys.open(url).shape == there.shape, "nobody answers, and the last one is read"


def test_another_version_is_fetched_and_the_first_stays_readable(server, web):
    url = f"{server.address}/survey.npy"
    first = surveys.open(url)
    values = np.array(first)
    np.save(web / "survey.npy", np.zeros((3, 3)))
    assert surveys.open(url).shape == (3, 3)
    np.testing.assert_array_equal(first, values)


def test_an_envi_image_comes_with_its_header_from_either_name(server, web):
    cube = sample_data.HYPERSPECTRAL.dates[0]
    for path in (cube, cube.with_suffix(".hdr")):
        shutil.copy(path, web / path.name)
    expected = surveys.open(cube)
    for name in (cube.name, f"{cube.stem}.hdr"):
        np.testing.assert_array_equal(surveys.open(f"{server.address}/{name}")[3], expected[3])


def test_what_was_cut_off_goes_on_where_it_was(server, web, monkeypatch):
    monkeypatch.setattr(fetching, "_PIECE", 100)
    data = (web / "survey.npy").read_bytes()
    url = f"{server.address}/survey.npy"

    def cut(share: float) -> None:
        server.mood = "cut"

    with pytest.raises(SurveyError, match="cut off"):
        fetching.fetch(url, told=cut)
    server.mood = "ranges"
    shares: list[float] = []
    server.parts.clear()
    assert fetching.fetch(url, told=shares.append).read_bytes() == data
    assert server.parts[0] == (100, 199)
    assert shares[-1] == 1


def test_what_is_stopped_is_a_sentence_and_goes_on(server, monkeypatch):
    import threading

    monkeypatch.setattr(fetching, "_PIECE", 100)
    stop = threading.Event()
    url = f"{server.address}/survey.npy"
    with pytest.raises(SurveyError, match="was stopped"):
        fetching.fetch(url, told=lambda share: stop.set(), stop=stop)
    server.parts.clear()
    fetching.fetch(url)
    assert server.parts[0] == (100, 199)


def test_what_is_large_is_asked_for_once(server, monkeypatch, capsys):
    monkeypatch.setattr(fetching, "UNASKED", 100)
    url = f"{server.address}/survey.npy"
    with pytest.raises(fetching.Large, match=r"fetched whole, 0.1 MB from 127.0.0.1.*--fetch") as asked:
        surveys.open(url)
    assert surveys.open(url, **asked.value.choices[0].options).shape == SHAPE
    assert "fetch" not in surveys.open(url).attrs["read_as"], "a session says nothing of it"
    # Labels are asked for in the same words, and the command line says yes for all addresses in it.
    labels = f"{server.address}/labels.npy"
    with pytest.raises(fetching.Large):
        surveys.read_classes(labels, surveys.open(url))
    assert main(["info", labels, "--fetch"]) == 0
    assert surveys.read_classes(labels, surveys.open(url)).values.shape == SHAPE


def test_a_key_is_in_no_sentence_log_or_record(server, web, tmp_path, capsys, monkeypatch):
    """What opens an address to whoever has it is asked with, and shown and kept nowhere."""
    server.mood = "key"
    url, log, session = f"{server.address}/survey.npy", tmp_path / "log.txt", tmp_path / "s.fhn"
    more = ["--log-file", str(log), "--verbose"]
    kept: list[tuple[Path, bytes]] = []

    def look() -> None:
        kept.extend((path, path.read_bytes()) for path in tmp_path.rglob("*") if path.is_file())

    # What is written down is there before the first step: the training itself would add nothing.
    monkeypatch.setattr("napari_fhn.cli.running.work", lambda *how, **on: look())
    how = ["--axes", "y,x", "--session", str(session), "--recipe", "map", *more]
    assert main(["train", f"{url}?{KEY}", "--labels", f"{server.address}/labels.npy?{KEY}", *how]) == 130
    assert any(url.encode() in data for path, data in kept if path.parent.parent.name == "runs"), "the command is kept"
    assert main(["attributes", f"{server.address}/map.tif?{KEY}", *more]) == 2
    server.mood = "closed"
    for name in ("survey.npy", "cube.zarr", "map.tif", "a.sgy"):
        assert main(["attributes", f"{server.address}/{name}?{KEY}x", *more]) == 2
    server.close()
    assert main(["info", f"{server.address}/b.sgy?{KEY}", *more]) == 2
    said = capsys.readouterr()
    look()
    for secret in (KEY, KEY.partition("&")[0], "X-Expires"):
        assert secret not in said.out + said.err
        assert [path for path, data in kept if secret.encode() in data] == []
    assert any(url.encode() in data for path, data in kept if path.name == "session.json")


def test_classes_by_address(server, web):
    (web / "legend.csv").write_text("value,name,color\n1,sand,#aa0000\n2,shale,#00aa00\n")
    np.save(web / "labels.npy", np.ones(SHAPE, np.uint8))
    import napari_fhn

    with napari_fhn.open(f"{server.address}/survey.npy", axes=("y", "x"), session=web / "s.fhn") as work:
        work.label(f"{server.address}/labels.npy", classes=f"{server.address}/legend.csv")
        assert tuple(work.classes.values()) == ("sand", "shale")
        (web / "points.csv").write_text("x,y,class\n2,3,sand\n")
        work.label(known=f"{server.address}/points.csv", replace_labels=True)
        assert work.labels.values[3, 2] == 1
        # A store is read where it lies, also where nobody says that it holds labels.
        surveys.save(web / "l.zarr", np.full(SHAPE, 2, np.uint8), surveys.open(web / "survey.npy", axes=("y", "x")))
        found = recognised(Path(f"{server.address}/l.zarr"))
        assert (found.source.kind, "store of voxels" in found.why) == ("labels", True)
        work.label(known=f"{server.address}/l.zarr", replace_labels=True)
        assert (work.labels.values == 2).all()


def test_earlier_versions_go_and_all_can_be_cleared(server, web, capsys):
    url = f"{server.address}/survey.npy"
    first = fetching.fetch(url)
    np.save(web / "survey.npy", np.zeros(SHAPE, np.uint8))
    second = fetching.fetch(url)
    assert first.is_file(), "somebody may be reading it"
    assert [(one.address, one.old) for one in fetched.fetched()] == [(url, False), (url, True)]
    os.utime(first.parent, (1e9, 1e9))
    fetching.fetch(url)
    assert not first.exists()
    assert main(["fetched"]) == 0
    assert url in capsys.readouterr().out
    (second.parent.parent / "cut").mkdir()
    (second.parent.parent / "cut" / "survey.npy.rest").write_bytes(b"12")
    assert main(["fetched", "--clear", "old", "--json"]) == 0
    assert '"bytes": 2' in capsys.readouterr().out
    assert second.is_file()
    assert main(["fetched", "--clear", "all"]) == 0
    assert fetched.fetched() == []
    assert fetching.fetch(url) == second


def test_a_mask_that_a_record_names_by_address_is_not_fetched(server, web, tmp_path):
    from napari_fhn.project.runs import terms

    url = f"{server.address}/labels.npy"
    assert terms.absence(f"sand={url}?{KEY}").mask == url
    with pytest.raises(ValueError, match="nobody here has named"):
        in_session(types.SimpleNamespace(folder=tmp_path), None, Path(url))  # type: ignore[arg-type]
    assert server.asked == []


@pytest.mark.parametrize("scheme", ["s3", "gs", "abfs"])
def test_object_stores_are_read_by_the_same_code(scheme, tmp_path, monkeypatch):
    """A file system in memory stands in for theirs: Zarr where it lies, files and labels fetched."""
    from fsspec.implementations.memory import MemoryFileSystem

    class Bucket(MemoryFileSystem):
        protocol = scheme
        store: ClassVar[dict[str, object]] = {}
        pseudo_dirs: ClassVar[list[str]] = [""]

        def __init__(self, **options: object) -> None:
            super().__init__()

        @classmethod
        def _strip_protocol(cls, path):
            return MemoryFileSystem._strip_protocol(path.replace(f"{scheme}://", "memory://"))

    speaker = addresses.PACKAGES[scheme]
    monkeypatch.setitem(sys.modules, speaker, types.ModuleType(speaker))
    monkeypatch.setitem(sys.modules["fsspec.registry"]._registry, scheme, Bucket)  # type: ignore[attr-defined]
    values = np.arange(30.0).reshape(SHAPE)
    surveys.save(tmp_path / "a.nc", values.astype(np.float32), surveys.Grid.of(made := _map(values)).template())
    surveys.save(tmp_path / "k.nc", (values > 9).astype(np.uint8), surveys.Grid.of(made).template())
    made.astype("f4").to_dataset(name="a").to_zarr(tmp_path / "z.zarr", zarr_format=3)
    bucket = Bucket()
    for path in tmp_path.rglob("*"):
        if path.is_file():
            bucket.pipe_file(f"/bucket/{path.relative_to(tmp_path).as_posix()}", path.read_bytes())
    survey = surveys.open(f"{scheme}://bucket/a.nc")
    np.testing.assert_array_equal(np.array(survey).reshape(SHAPE), values)
    np.testing.assert_array_equal(np.array(surveys.open(f"{scheme}://bucket/z.zarr")).reshape(SHAPE), values)
    known = surveys.read_classes(f"{scheme}://bucket/k.nc", survey)
    np.testing.assert_array_equal(known.values, values > 9)
    with pytest.raises(SurveyError, match="there is nothing"):
        surveys.open(f"{scheme}://bucket/none.sgy")


def _map(values):
    import xarray as xr

    rows, columns = values.shape
    at = {"y": ("y", 100.0 - np.arange(rows), {"units": "m"}), "x": ("x", 1.0 * np.arange(columns), {"units": "m"})}
    return xr.DataArray(values, dims=("y", "x"), coords=at, attrs={"kind": "maps"})


def test_legends_and_tables_take_no_store(server):
    with pytest.raises(SurveyError, match="no file that could be fetched"):
        at_hand(f"{server.address}/cube.zarr", whole=True)


@pytest.mark.parametrize("scheme", ["s3", "gs", "az", "abfs"])
def test_a_geotiff_in_an_object_store_is_read_in_parts(scheme, server, web, monkeypatch):
    """GDAL speaks to stores in its own ways, here to a server of this machine in the place of theirs."""
    (web / "bucket").mkdir()
    (web / "account" / "bucket").mkdir(parents=True)
    values = cog(web / "bucket" / "map.tif")
    shutil.copy(web / "bucket" / "map.tif", web / "account" / "bucket" / "map.tif")
    host = server.address.removeprefix("http://")
    azure = f"DefaultEndpointsProtocol=http;AccountName=account;BlobEndpoint={server.address}/account;"
    for name, value in {
        "AWS_S3_ENDPOINT": host, "AWS_HTTPS": "NO", "AWS_VIRTUAL_HOSTING": "FALSE", "AWS_NO_SIGN_REQUEST": "YES",
        "CPL_GS_ENDPOINT": f"{server.address}/", "GS_NO_SIGN_REQUEST": "YES",
        "AZURE_STORAGE_CONNECTION_STRING": f"{azure}SharedAccessSignature=sig=1",
    }.items():  # fmt: skip
        monkeypatch.setenv(name, value)
    # Its package asks first whether the file is there, and is not installed everywhere.
    monkeypatch.setattr(gdal, "check", lambda url: None)
    survey = remote.open_tiff(f"{scheme}://bucket/map.tif")
    np.testing.assert_array_equal(survey[1, 300:310, 400:410], values[1, 300:310, 400:410])
    assert all(one.partition("?")[0].endswith("bucket/map.tif") for one in server.asked)


def test_names_of_azure_are_those_of_gdal(monkeypatch):
    monkeypatch.setenv("AZURE_STORAGE_ACCOUNT_NAME", "mine")
    place = "abfs://maps@account.dfs.core.windows.net/a/b.tif"
    assert gdal.gdal_name(place) == "/vsiadls/maps/a/b.tif"
    # A key is for the web's address of the same.
    assert gdal.gdal_name(keys.parted("az://other/b.tif?sig=1")) == (
        "/vsicurl/https://mine.blob.core.windows.net/other/b.tif?sig=1"
    )
