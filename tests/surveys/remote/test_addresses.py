"""Surveys by address, from a server of this machine: sound, absent, slow, silent, cut off, and without parts."""

from __future__ import annotations

import pickle
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import rasterio
import xarray as xr
import zarr
from rasterio.transform import from_origin
from tests.surveys.remote.server import Server

from napari_fhn import surveys
from napari_fhn.project import Session, SurveySet
from napari_fhn.project.data.inputs import copied, entry_of
from napari_fhn.project.data.opening import reopen
from napari_fhn.project.predictions.predictions import _changed_on_disk
from napari_fhn.project.sessions import stamps
from napari_fhn.project.sessions.manifest import FileStamp, refer
from napari_fhn.surveys import SurveyError, reaching
from napari_fhn.surveys.bricks.copied import changed
from napari_fhn.surveys.bricks.copying import copy_bricks
from napari_fhn.surveys.remote import addresses
from napari_fhn.surveys.segy import header_cache

pytest.importorskip("fsspec")
pytest.importorskip("aiohttp")
pytestmark = pytest.mark.filterwarnings("ignore")
VALUES = np.arange(12 * 20 * 8, dtype=np.float32).reshape(12, 20, 8)


@pytest.fixture
def server(tmp_path) -> Iterator[Server]:
    (tmp_path / "web").mkdir()
    found = Server(tmp_path / "web")
    yield found
    found.close()


@pytest.fixture(autouse=True)
def quickly(tmp_path, monkeypatch) -> None:
    monkeypatch.setenv(reaching.VARIABLE, str(tmp_path / "user" / "followed.json"))
    monkeypatch.setenv(header_cache.VARIABLE, str(tmp_path / "cache"))
    monkeypatch.setattr(addresses, "QUIET", 0.3)
    for name in ("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def web(tmp_path, server) -> Path:
    return tmp_path / "web"


def sharded(path: Path, values: np.ndarray = VALUES) -> None:
    """A Zarr 3 store of xarray's kind, in shards of several pieces."""
    dims = ("inline", "crossline", "twt")
    coords = {dim: 100.0 + np.arange(n) for dim, n in zip(dims, values.shape, strict=True)}
    data = xr.DataArray(values, dims=dims, coords=coords, name="amplitude").to_dataset()
    data["twt"].attrs["units"] = "ms"
    how = {"amplitude": {"chunks": (4, 5, 4), "shards": (8, 10, 8)}}
    data.to_zarr(path, mode="w", zarr_format=3, consolidated=True, encoding=how)


def cog(path: Path) -> np.ndarray:
    values = np.random.default_rng(0).integers(0, 200, (2, 600, 520)).astype(np.uint8)
    profile = {"driver": "COG", "count": 2, "height": 600, "width": 520, "dtype": "uint8", "crs": "EPSG:32632"}
    with rasterio.open(path, "w", **profile, transform=from_origin(5e5, 6e6, 10, 10), blocksize=128, nodata=0) as file:
        file.write(values)
    return values


def test_a_sharded_zarr_is_read_piece_by_piece(server, web):
    sharded(web / "cube.zarr")
    url = f"{server.address}/cube.zarr"
    survey = surveys.open(url)
    assert survey.dims == ("inline", "crossline", "twt")
    assert survey.attrs["source"] == url
    server.asked.clear()
    np.testing.assert_array_equal(survey[2, 3:5], VALUES[2, 3:5])
    assert {one for one in server.asked if "/c/" in one} == {"/cube.zarr/amplitude/c/0/0/0"}
    np.testing.assert_array_equal(survey.values, VALUES)
    np.testing.assert_array_equal(pickle.loads(pickle.dumps(survey))[5], VALUES[5])
    # What a path has left of it, as the command line hands it on.
    np.testing.assert_array_equal(surveys.open(Path(url)).values, VALUES)
    assert surveys.can_open(url)
    assert "variable" in surveys.opening.options_of(url)


def test_mdio_and_plain_zarr_of_both_versions(server, web):
    dims = ("inline", "crossline", "time")
    xr.Dataset(
        {"amplitude": (dims, VALUES), "trace_mask": (dims[:2], np.ones(VALUES.shape[:2], bool))},
        coords={"inline": np.arange(12), "crossline": np.arange(20), "time": 4 * np.arange(8)},
        attrs={"apiVersion": "1.0.0", "createdOn": "2026", "attributes": {"defaultVariableName": "amplitude"}},
    ).to_zarr(web / "survey.mdio", zarr_format=2, consolidated=True)
    survey = surveys.open(f"{server.address}/survey.mdio")
    assert survey.attrs["format"].startswith("MDIO")
    assert survey.dims == ("inline", "crossline", "twt")
    np.testing.assert_array_equal(survey.values, VALUES)
    for version in (2, 3):
        zarr.create_array(web / f"array{version}", data=VALUES, chunks=(6, 10, 8), zarr_format=version)
        axes = ("inline", "crossline", "twt")
        np.testing.assert_array_equal(surveys.open(f"{server.address}/array{version}", axes=axes).values, VALUES)


def test_a_cog_is_read_block_by_block(server, web):
    values = cog(web / "map.tif")
    survey = surveys.open(f"{server.address}/map.tif?token=secret")
    assert survey.dims == ("band", "y", "x")
    assert survey.rio.crs.to_epsg() == 32632
    assert (float(survey["x"][0]), float(survey["y"][0]), survey.attrs["nodata"]) == (500005, 5999995, 0)
    assert survey.attrs["source"] == f"{server.address}/map.tif", "what may be a key is not kept"
    np.testing.assert_array_equal(survey[1, 300:310, 400:410], values[1, 300:310, 400:410])
    np.testing.assert_array_equal(survey.values, values)
    assert all(one.partition("?")[0] == "/map.tif" for one in server.asked), "nothing beside it is looked for"


@pytest.mark.parametrize("name", ["cube.zarr", "map.tif"])
def test_what_goes_wrong_on_the_way_is_a_sentence(server, web, name):
    sharded(web / "cube.zarr")
    cog(web / "map.tif")
    for k, (mood, words) in enumerate(
        {
            "silent": "does not answer in time",
            "closed": "asks for credentials",
            "cut": "cut off",
        }.items()
    ):
        server.mood = mood
        begun = time.monotonic()
        with pytest.raises(SurveyError, match=words) as said:
            # GDAL remembers what it has not found.
            surveys.open(f"{server.address}/{name}?{k}" if name.endswith("tif") else f"{server.address}/{name}")
        assert time.monotonic() - begun < 10
        assert str(said.value).startswith(f"{name}: ")
    server.mood = "ranges"
    with pytest.raises(SurveyError, match="there is n"):
        surveys.open(f"{server.address}/no-{name}")
    server.close()
    with pytest.raises(SurveyError, match="cannot be reached"):
        surveys.open(f"{server.address}/{name}")


def test_a_server_that_gives_no_parts_is_found_out(server, web):
    sharded(web / "cube.zarr")
    cog(web / "map.tif")
    server.mood = "whole"
    # A file that cannot be read in parts is fetched.
    assert surveys.open(f"{server.address}/map.tif").shape == (2, 600, 520)
    with pytest.raises(SurveyError, match="whole files only"):
        surveys.open(f"{server.address}/cube.zarr").load()


@pytest.mark.parametrize("name", ["cube.zarr", "map.tif"])
def test_what_is_cut_off_later_is_a_sentence(server, web, name):
    sharded(web / "cube.zarr")
    cog(web / "map.tif")
    survey = surveys.open(f"{server.address}/{name}")
    server.mood = "cut"
    with pytest.raises(SurveyError, match="cut off"):
        survey.load()


def test_a_page_in_place_of_a_store_is_a_sentence(server, web):
    server.mood = "html"
    for name in ("cube.zarr", "map.tif"):
        with pytest.raises(SurveyError):
            surveys.open(f"{server.address}/{name}")


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("s3://bucket/cube.zarr", r"s3fs.*pip install 'napari-fhn\[cloud\]'"),
        ("https://me:secret@host/cube.zarr", "holds a password"),
        ("https://host//cube.zarr", "empty part"),
        ("gs://host/cube.zarr?key=secret", "question mark"),
        ("s3://me:secret@host/cube.zarr", "holds a password"),
        ("ftp://host/cube.zarr", "nothing is fetched"),
    ],
)
def test_addresses_that_are_not_read_are_sentences(url, words):
    if "s3fs" in words:
        pytest.importorskip("fsspec")
        try:
            import s3fs  # noqa: F401
        except ImportError:
            pass
        else:
            pytest.skip("s3fs is installed")
    with pytest.raises(SurveyError, match=words) as said:
        surveys.open(url)
    assert "secret" not in str(said.value)


def test_a_session_keeps_the_address_and_asks_only_what_somebody_here_has_named(server, web, tmp_path, monkeypatch):
    cog(web / "map.tif")
    url = f"{server.address}/map.tif"
    survey = surveys.open(url)
    session = Session(tmp_path / "s")
    entry = entry_of(session, "map", survey)
    assert (entry.file.path, entry.file.absolute, entry.file.name) == (url, url, url)
    assert entry.file.stamp.checksum == stamps.stamp(Path(url)).checksum != ""
    (found,) = reopen([entry], tmp_path).surveys
    np.testing.assert_array_equal(found[1][0, :5, :5], survey[0, :5, :5])
    # Changed on the server, it has another stamp.
    (web / "map.tif").write_bytes((web / "map.tif").read_bytes() + b"more")
    assert stamps.stamp(Path(url)) != entry.file.stamp
    # Somebody else's session names what nobody here has: no request.
    monkeypatch.setenv(reaching.VARIABLE, str(tmp_path / "other" / "followed.json"))
    server.asked.clear()
    other = reopen([entry], tmp_path)
    assert (other.surveys, other.missing, server.asked) == ((), (url,), [])
    # Nor is what a file says of where it came from.
    told = survey.assign_attrs(source=f"{server.address}/other.tif")
    assert (entry_of(session, "map", told).file, stamps.stamp(Path(url)), server.asked) == (None, FileStamp(), [])
    # A server that does not answer leaves the copy in the session.
    reaching.remember_address(url)
    server.close()
    assert reopen([entry], tmp_path).missing == (url,)


def test_a_survey_by_address_is_copied_once(server, web, tmp_path):
    cog(web / "map.tif")
    survey = surveys.open(f"{server.address}/map.tif")
    session = Session(tmp_path / "s")
    with session.writing("test"):
        (one,) = copied(session, SurveySet.of({"map": survey}))
        server.asked.clear()
        (again,) = copied(session, SurveySet.of({"map": survey}))
    assert one == again
    assert len(server.asked) < 4, "its version is asked for, and nothing else"
    assert refer(f"{server.address}/map.tif?key=1", tmp_path).path == f"{server.address}/map.tif"
    assert not _changed_on_disk(session)
    whole = (web / "map.tif").read_bytes()
    (web / "map.tif").write_bytes(whole + b"more")
    assert _changed_on_disk(session)
    server.close()
    assert not _changed_on_disk(session), "nobody answers, which is no change"


def test_a_copy_in_bricks_is_known_by_the_version_of_what_lies_at_the_address(server, web, tmp_path):
    sharded(web / "cube.zarr")
    survey = surveys.open(f"{server.address}/cube.zarr")
    copy = tmp_path / "copy.zarr"
    *_, done = copy_bricks(survey, copy)
    assert done.done == done.total
    np.testing.assert_array_equal(surveys.open(copy).values, VALUES)
    server.asked.clear()
    list(copy_bricks(survey, copy))
    assert not any("/c/" in one for one in server.asked), "nothing is copied again"
    assert changed(copy, survey) == ""
    sharded(web / "cube.zarr", VALUES[:6])
    assert "is not what was copied" in changed(copy)
    server.close()
    assert changed(copy) == "", "nobody answers, which is no change"
