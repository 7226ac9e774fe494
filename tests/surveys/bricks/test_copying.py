from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import numpy as np
import pytest
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st
from xarray.backends import BackendArray
from xarray.core import indexing

from napari_fhn import surveys
from napari_fhn.surveys import bricks
from napari_fhn.surveys.bricks import plan as brick_plan
from napari_fhn.surveys.bricks import store, with_bricks
from napari_fhn.surveys.lazy import LazyArray
from proofs import examples
from survey_files import rasters as factory

DTYPES = ("float32", "float64", "int8", "uint8", ">i2", ">f4", "bool")


def survey_of(values: np.ndarray, **attrs: object) -> xr.DataArray:
    dims = [f"axis_{k}" for k in range(values.ndim)]
    coords = {dim: 10.0 + 2 * np.arange(n) for dim, n in zip(dims, values.shape, strict=True)}
    return xr.DataArray(values, dims=dims, coords=coords, name="made", attrs={"notes": ("one", "two"), **attrs})


def run(*arguments: object, **options: object) -> int:
    """Drive a copy to its end; returns the bytes that were there at the beginning."""
    steps = list(bricks.copy_bricks(*arguments, **options))
    assert [s.done for s in steps] == sorted(s.done for s in steps)
    return steps[0].done


class Counting(BackendArray):
    """Lazy values that count how many of them were read, slowly if asked."""

    def __init__(self, values: np.ndarray, wait: float = 0) -> None:
        self.values, self.wait, self.read = values, wait, 0
        self.shape, self.dtype = values.shape, values.dtype

    def __getitem__(self, key: indexing.ExplicitIndexer) -> np.ndarray:
        time.sleep(self.wait)
        found = self.values[key.tuple]
        self.read += found.size
        return found


def lazily(values: np.ndarray, source: Path, wait: float = 0) -> tuple[xr.DataArray, Counting]:
    counting = Counting(values, wait)
    dims = ("inline", "crossline", "twt")
    coords = {dim: np.arange(n, dtype=float) for dim, n in zip(dims, values.shape, strict=True)}
    variable = xr.Variable(dims, indexing.LazilyIndexedArray(counting))
    return xr.DataArray(variable, coords=coords, name="slow", attrs={"source": str(source)}), counting


@pytest.fixture
def small_units(monkeypatch):
    """Steps of a few kilobytes."""
    monkeypatch.setattr(store, "BRICK_BYTES", 2**12)
    original = brick_plan.Plan.of.__func__
    monkeypatch.setattr(
        brick_plan.Plan, "of", classmethod(lambda cls, s, brick=None, budget=2**13: original(cls, s, brick, budget))
    )


@settings(max_examples=examples(60), deadline=None)
@given(data=st.data())
def test_any_array_comes_back_as_it_was(data, tmp_path_factory):
    folder = tmp_path_factory.mktemp("bricks")
    shape = tuple(data.draw(st.lists(st.integers(1, 9), min_size=1, max_size=4)))
    dtype = np.dtype(data.draw(st.sampled_from(DTYPES)))
    brick = data.draw(st.one_of(st.none(), st.tuples(*[st.integers(1, 11)] * len(shape))))
    values = np.random.default_rng(0).integers(0, 2**16, shape).astype(dtype)
    if dtype.kind == "f":
        values.flat[0] = np.nan
    survey = survey_of(values)
    run(survey, folder / "a.zarr", brick=brick)
    again = bricks.open_bricks(folder / "a.zarr")
    assert again.dtype == dtype.newbyteorder("=")
    np.testing.assert_array_equal(again.values, values)
    assert again.attrs.pop("bricks") == str(folder / "a.zarr")
    xr.testing.assert_identical(again.drop_attrs(), survey.astype(again.dtype).drop_attrs())
    assert again.attrs == survey.attrs
    assert os.listdir(folder) == ["a.zarr"]


@settings(max_examples=examples(100), deadline=None)
@given(
    shape=st.lists(st.integers(1, 40), min_size=1, max_size=4),
    data=st.data(),
    budget=st.integers(1, 2**12),
)
def test_a_plan_covers_every_voxel_once_in_whole_bricks(shape, data, budget):
    brick = tuple(data.draw(st.integers(1, 12)) for _ in shape)
    survey = survey_of(np.zeros(shape, np.int16))
    plan = brick_plan.Plan.of(survey, brick, budget)
    seen = np.zeros(shape, int)
    for box in plan.boxes():
        seen[box] += 1
        assert all(part.start % b == 0 for part, b in zip(box, brick, strict=True))
        assert all(part.stop % b == 0 or part.stop == n for part, b, n in zip(box, brick, shape, strict=True))
        assert plan.nbytes(box) <= max(budget, 2 * np.prod(brick))
    assert (seen == 1).all()
    assert sum(plan.nbytes(box) for box in plan.boxes()) == plan.total == seen.size * 2


@given(shape=st.lists(st.integers(1, 5000), min_size=1, max_size=4), size=st.sampled_from([1, 2, 4, 8]))
def test_bricks_are_about_a_megabyte(shape, size):
    brick = store.brick_shape(tuple(shape), np.dtype(f"i{size}"))
    assert all(1 <= b <= n for b, n in zip(brick, shape, strict=True))
    assert np.prod(brick) * size <= 2 * store.BRICK_BYTES
    if np.prod(shape) * size > 4 * store.BRICK_BYTES:
        assert np.prod(brick) * size >= store.BRICK_BYTES / 8


def test_bricks_of_a_volume_are_cubes():
    assert store.brick_shape((1000, 1000, 1500), np.float32) == (63, 63, 66)
    assert store.brick_shape((1024, 1024, 1024), np.float32) == (64, 64, 64)


@pytest.mark.parametrize("sorting", [1, 2])
def test_a_segy_survey_keeps_its_geometry_and_its_way_back(tmp_path, make_segy, sorting):
    cube = np.random.default_rng(0).normal(size=(7, 9, 11)).astype(np.float32)
    survey = surveys.open(make_segy(tmp_path / "v.sgy", np.arange(10, 17), np.arange(20, 38, 2), cube, sorting=sorting))
    run(survey, tmp_path / "v.zarr", brick=(3, 4, 5))
    again = bricks.open_bricks(tmp_path / "v.zarr")
    xr.testing.assert_identical(again.drop_attrs(), survey.drop_attrs())
    assert {k: v for k, v in again.attrs.items() if k != "bricks"} == survey.attrs
    assert again["twt"].attrs == survey["twt"].attrs
    labels = np.full(survey.shape, 3, np.uint8)
    direct = surveys.save(tmp_path / "direct.sgy", labels, survey).read_bytes()
    assert surveys.save(tmp_path / "again.sgy", labels, again).read_bytes() == direct
    with xr.open_zarr(tmp_path / "v.zarr", chunks=None, consolidated=False) as plain:
        np.testing.assert_array_equal(plain["values"].sel(inline=12).values, cube[2])


def test_an_image_keeps_its_map_and_its_bands(tmp_path):
    band = {"wavelength": [400.0, 500.0, 600.0], "good": [True, False, True], "band_name": ["a", "", "ü"]}
    image = xr.DataArray(
        np.arange(60, dtype=np.int16).reshape(3, 4, 5),
        dims=("band", "y", "x"),
        coords={
            "band": [1, 2, 3], "y": np.arange(4) * -30.0, "x": np.arange(5) * 30.0,
            **{name: ("band", values) for name, values in band.items()},
        },
        name="image",
        attrs={"nodata": np.nan, "kind": "hyperspectral"},
    ).rio.write_crs("EPSG:32633")  # fmt: skip
    run(image, tmp_path / "image.zarr")
    again = bricks.open_bricks(tmp_path / "image.zarr")
    assert again.rio.crs.to_epsg() == 32633
    assert again.rio.transform(recalc=True) == image.rio.transform(recalc=True)
    assert np.isnan(again.attrs["nodata"])
    for name, values in band.items():
        assert again[name].dims == ("band",)
        assert again[name].values.tolist() == values


def test_a_cancelled_copy_goes_on(tmp_path, small_units):
    values = np.random.default_rng(0).normal(size=(20, 20, 20)).astype(np.float32)
    source = tmp_path / "source"
    source.write_bytes(b"x")
    survey, counting = lazily(values, source)
    stop = threading.Event()
    for copied in bricks.copy_bricks(survey, tmp_path / "a.zarr", stop=stop):
        if copied.done >= copied.total / 2:
            stop.set()
    assert not (tmp_path / "a.zarr").exists()
    half = counting.read
    assert values.size / 2 <= half < values.size
    generator = bricks.copy_bricks(survey, tmp_path / "a.zarr")
    assert next(generator).done == half * 4
    next(generator)
    generator.close()
    assert run(survey, tmp_path / "a.zarr") > half * 4
    assert counting.read == values.size, "nothing was read twice"
    np.testing.assert_array_equal(bricks.open_bricks(tmp_path / "a.zarr"), values)
    assert sorted(os.listdir(tmp_path)) == ["a.zarr", "source"]
    assert run(survey, tmp_path / "a.zarr") == values.nbytes, "a current copy is left alone"
    assert counting.read == values.size


def test_opening_a_copy_reads_no_value_with_any_xarray(tmp_path, small_units, monkeypatch):
    values = np.random.default_rng(0).normal(size=(20, 20, 20)).astype(np.float32)
    run(survey_of(values), tmp_path / "a.zarr")
    read = LazyArray._read_checked
    boxes: list[object] = []
    monkeypatch.setattr(LazyArray, "_read_checked", lambda self, box: boxes.append(box) or read(self, box))
    # As xarray did until 2026: a variable without its encoding is made of a copy of its values.
    monkeypatch.setattr(xr.Variable, "drop_encoding", lambda self: self._replace(data=self.data.copy(), encoding={}))
    opened = surveys.open(tmp_path / "a.zarr")
    assert boxes == []
    assert opened.encoding == {}
    assert all(coordinate.encoding == {} for coordinate in opened.coords.values())
    np.testing.assert_array_equal(opened, values)
    assert len(boxes) == 1


def test_a_discarded_copy_leaves_nothing(tmp_path, small_units):
    survey = survey_of(np.zeros((20, 20, 20), np.float32))
    generator = bricks.copy_bricks(survey, tmp_path / "a.zarr")
    next(generator)
    next(generator)
    generator.close()
    bricks.discard(tmp_path / "a.zarr")
    assert os.listdir(tmp_path) == []


KILLED = """
import sys
import numpy as np
from napari_fhn import surveys
from napari_fhn.surveys import bricks
survey = surveys.open(sys.argv[1])
for copied in bricks.copy_bricks(survey, sys.argv[2], brick=(4, 8, 8)):
    print(copied.done, flush=True)
    sys.stdin.readline()  # until it is told to go on
"""


@pytest.mark.usefixtures("copied_processes")
def test_a_killed_copy_goes_on_where_it_was(tmp_path, monkeypatch):
    values = np.random.default_rng(0).normal(size=(80, 16, 16)).astype(np.float32)
    np.save(tmp_path / "v.npy", values)
    target = tmp_path / "v.zarr"
    code = KILLED.replace("survey =", "from napari_fhn.surveys.bricks import plan as brick_plan\nsurvey =").replace(
        "for copied",
        "of = brick_plan.Plan.of.__func__\n"
        "brick_plan.Plan.of = classmethod(lambda cls, s, b=None, budget=0: of(cls, s, b, 2**12))\nfor copied",
    )
    with subprocess.Popen(
        [sys.executable, "-c", code, str(tmp_path / "v.npy"), str(target)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write("\n" * 5)
        process.stdin.flush()
        lines = [int(process.stdout.readline()) for _ in range(6)]
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
    assert lines[-1] > 0
    assert not target.exists()
    half = [f"zarr.json.{process.pid}-1.part", f"values/bricks.json.{process.pid}-1.part", "values/zarr.0a1b.partial"]
    for name in half:
        (tmp_path / ".v.zarr.partial" / name).write_text("half")
    original = brick_plan.Plan.of.__func__
    monkeypatch.setattr(brick_plan.Plan, "of", classmethod(lambda cls, s, b=None, budget=0: original(cls, s, b, 2**12)))
    survey = surveys.open(tmp_path / "v.npy")
    assert lines[-1] <= run(survey, target, brick=(4, 8, 8)) < values.nbytes
    np.testing.assert_array_equal(bricks.open_bricks(target), values)
    assert [c.done for c in bricks.verify(target, survey)][-1] == values.nbytes
    assert sorted(os.listdir(tmp_path)) == ["v.npy", "v.zarr"]
    assert not [path for path in target.rglob("*") if "part" in path.name]


def test_bricks_that_a_power_cut_left_empty_are_copied_again(tmp_path, small_units):
    values = np.random.default_rng(0).normal(size=(20, 20, 20)).astype(np.float32)
    np.save(tmp_path / "v.npy", values)
    survey = surveys.open(tmp_path / "v.npy")
    generator = bricks.copy_bricks(survey, tmp_path / "a.zarr")
    for _ in range(4):
        reached = next(generator).done
    generator.close()
    files = sorted((tmp_path / ".a.zarr.partial" / "values" / "c").rglob("*"))
    written = [file for file in files if file.is_file()]
    written[0].write_bytes(b"")
    assert 0 < run(survey, tmp_path / "a.zarr") < reached
    np.testing.assert_array_equal(bricks.open_bricks(tmp_path / "a.zarr"), values)


def test_damage_is_found_and_named(tmp_path, small_units):
    values = np.random.default_rng(0).normal(size=(20, 20, 20)).astype(np.float32)
    np.save(tmp_path / "v.npy", values)
    survey = surveys.open(tmp_path / "v.npy")
    target = tmp_path / "a.zarr"
    run(survey, target)
    assert list(bricks.verify(target))[-1].done == values.nbytes
    other = survey.copy(data=values + (np.arange(8000).reshape(values.shape) == 7999))
    with pytest.raises(surveys.SurveyError, match=r"the source is not what was copied, at axis_0 .* to 19, .* to 19"):
        list(bricks.verify(target, other))
    import zarr

    zarr.open_array(target / "values", mode="r+")[0, 0, 0] += 1
    with pytest.raises(surveys.SurveyError, match="the copy is not what was copied, at axis_0 0 to"):
        list(bricks.verify(target))
    (target / "values" / "bricks.json").unlink()
    with pytest.raises(surveys.SurveyError, match="no checksums"):
        list(bricks.verify(target))


def test_a_stale_copy_says_so_and_is_replaced(tmp_path):
    np.save(tmp_path / "v.npy", np.zeros((4, 5), np.float32))
    target = tmp_path / "a.zarr"
    run(surveys.open(tmp_path / "v.npy"), target)
    assert bricks.changed(target) == ""
    for values, what in ((np.ones((4, 5), np.float32), "headers"), (np.ones((4, 6), np.float32), "size")):
        np.save(tmp_path / "v.npy", values)
        assert what in bricks.changed(target)
        assert any("not what was copied" in note for note in bricks.open_bricks(target).attrs["notes"])
        assert run(surveys.open(tmp_path / "v.npy"), target) == 0
        np.testing.assert_array_equal(bricks.open_bricks(target), values)
        assert bricks.changed(target) == ""
    status = (tmp_path / "v.npy").stat()
    os.utime(tmp_path / "v.npy", ns=(status.st_atime_ns, status.st_mtime_ns + 1))
    assert "time of change" in bricks.changed(target)
    (tmp_path / "v.npy").unlink()
    assert bricks.changed(target) == "", "of a file that is gone nothing can be said"


def test_a_file_that_changes_while_it_is_copied_is_refused(tmp_path):
    np.save(tmp_path / "v.npy", np.zeros((4, 5), np.float32))
    generator = bricks.copy_bricks(surveys.open(tmp_path / "v.npy"), tmp_path / "a.zarr")
    next(generator)
    np.save(tmp_path / "v.npy", np.ones((4, 5), np.float32))
    with pytest.raises(surveys.SurveyError, match="has changed while it was copied"):
        list(generator)
    assert os.listdir(tmp_path) == ["v.npy"]


def test_what_is_there_is_not_run_over(tmp_path):
    survey = survey_of(np.zeros((4, 5), np.float32))
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "thesis.txt").write_text("years of work")
    (tmp_path / "file").write_text("x")
    for name in ("folder", "file"):
        with pytest.raises(surveys.SurveyError, match="something else"):
            run(survey, tmp_path / name)
    with pytest.raises(surveys.SurveyError, match="no survey in bricks"):
        bricks.open_bricks(tmp_path / "folder")
    with pytest.raises(surveys.SurveyError, match="cannot be written"):
        run(survey, tmp_path / "nowhere" / "a.zarr")
    first = bricks.copy_bricks(survey, tmp_path / "a.zarr")
    next(first)
    code = (
        "import sys, xarray as xr, numpy as np\nfrom napari_fhn.surveys import SurveyError, bricks\n"
        "try:\n    list(bricks.copy_bricks(xr.DataArray(np.zeros(3)), sys.argv[1]))\n"
        "except SurveyError as error:\n    print(error)\n"
    )
    command = [sys.executable, "-c", code, str(tmp_path / "a.zarr")]
    said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert "another process is copying" in said
    list(first)


@pytest.mark.skipif(sys.platform == "win32", reason="limits of files are POSIX")
@pytest.mark.usefixtures("copied_processes")
def test_a_full_disk_is_a_sentence(tmp_path):
    code = (
        "import resource, sys, numpy as np, xarray as xr\nfrom napari_fhn.surveys import SurveyError, bricks\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))\n"
        "values = np.random.default_rng(0).normal(size=(64, 64, 64)).astype(np.float32)\n"
        "try:\n    list(bricks.copy_bricks(xr.DataArray(values), sys.argv[1]))\n"
        "except SurveyError as error:\n    print(error)\n"
    )
    command = [sys.executable, "-c", code, str(tmp_path / "a.zarr")]
    said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert "the disk is full" in said
    assert not (tmp_path / "a.zarr").exists()


def test_a_copy_killed_between_its_two_moves_gets_its_name_back(tmp_path):
    np.save(tmp_path / "v.npy", np.zeros((4, 5), np.float32))
    survey = surveys.open(tmp_path / "v.npy")
    run(survey, tmp_path / "a.zarr")
    os.replace(tmp_path / "a.zarr", tmp_path / ".a.zarr.replaced")
    assert run(survey, tmp_path / "a.zarr") == survey.nbytes


def test_a_damaged_store_is_a_sentence(tmp_path):
    run(survey_of(np.zeros((4, 5), np.float32)), tmp_path / "a.zarr")
    content = json.loads((tmp_path / "a.zarr" / "zarr.json").read_text())
    content["attributes"]["napari_fhn"].pop("dims")
    (tmp_path / "a.zarr" / "zarr.json").write_text(json.dumps(content))
    with pytest.raises(surveys.SurveyError, match="damaged"):
        bricks.open_bricks(tmp_path / "a.zarr")


def test_two_arrays_of_one_file_are_two_surveys(tmp_path):
    both = {"near": np.zeros((8, 9, 10), np.float32), "far": np.ones((8, 9, 10), np.float32)}
    np.savez(tmp_path / "both.npz", **both)
    pages = factory.pages(tmp_path, values=np.arange(2 * 3 * 4, dtype=np.uint8).reshape(2, 3, 4))
    asked = [
        (tmp_path / "both.npz", {"variable": "near", "axes": ("inline", "crossline", "twt")}),
        (tmp_path / "both.npz", {"variable": "far", "axes": ("inline", "crossline", "twt")}),
        (tmp_path / "both.npz", {"variable": "far", "axes": ("crossline", "inline", "twt")}),
        (pages, {"page": 1}),
        (pages, {"page": 2}),
    ]
    for path, options in asked:
        survey = surveys.open(path, **options)
        assert run(survey, tmp_path / "copy.zarr") == 0, f"copied from the beginning, not taken for another: {options}"
        np.testing.assert_array_equal(bricks.open_bricks(tmp_path / "copy.zarr"), survey)
        assert run(survey, tmp_path / "copy.zarr") == survey.nbytes, "already there"
        assert not bricks.changed(tmp_path / "copy.zarr", survey)
    near = surveys.open(tmp_path / "both.npz", **asked[0][1])
    assert "is not this survey" in bricks.changed(tmp_path / "copy.zarr", surveys.open(pages, page=1))
    run(surveys.open(tmp_path / "both.npz", **asked[1][1]), tmp_path / "copy.zarr")
    assert with_bricks(near, tmp_path / "copy.zarr") is near
    first = surveys.open(tmp_path / "both.npz", **asked[1][1])[:4]
    run(first, tmp_path / "copy.zarr")
    second = surveys.open(tmp_path / "both.npz", **asked[1][1])[4:]
    assert run(second, tmp_path / "copy.zarr") == 0
