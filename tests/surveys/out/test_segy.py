from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import segyio
import zarr
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from napari_fhn import surveys
from napari_fhn.surveys.out import save, save_layers
from napari_fhn.surveys.out import segy as segy_save
from napari_fhn.surveys.segy import inspect
from proofs import examples
from survey_files import segy as factory

N_SAMPLES = 7


def raw_segy(
    path: Path,
    places: list[tuple[int, int]],
    *,
    endian: str = "big",
    revision: int = 1,
    texts: int = 0,
    extensions: int = 0,
    trailer: int = 0,
    at: tuple[int, int] = (189, 193),
    n_samples: int = N_SAMPLES,
    code: int = 5,
    seed: int = 0,
) -> Path:
    """Any trace order, any outline: random bytes in every header field that does not matter."""
    rng = np.random.default_rng(seed)

    def number(value: int, width: int = 2) -> bytes:
        return value.to_bytes(width, endian, signed=True)

    head = bytearray(rng.bytes(3600))
    head[3200:3600] = bytes(400)
    for byte, value in ((3217, 4000), (3221, n_samples), (3225, code), (3505, texts)):
        head[byte - 1 : byte + 1] = number(value)
    head[3500:3502] = bytes([revision, 0])
    if revision == 2:
        head[3506:3508] = number(extensions)
        head[3528:3532] = number(trailer, 4)
    parts = [bytes(head), rng.bytes(3200 * texts)]
    for k, (inline, crossline) in enumerate(places):
        header = bytearray(rng.bytes(240 * (1 + extensions)))
        header[28:30] = number(1)
        # Coordinates: 25 m between unit inlines to the east, 12.5 m between unit crosslines to the north.
        header[70:72] = number(-10)
        header[180:184], header[184:188] = number(250 * inline, 4), number(125 * crossline, 4)
        header[188:196] = bytes(8)
        for byte, value in zip(at, (inline, crossline), strict=True):
            if byte:
                header[byte - 1 : byte + 3] = number(value, 4)
        parts += [bytes(header), np.full(n_samples, k, f"{'>' if endian == 'big' else '<'}f4").tobytes()]
    path.write_bytes(b"".join([*parts, rng.bytes(3200 * trailer)]))
    return path


def parts(
    data: bytes, n_traces: int, sample_bytes: int, texts: int = 0, extensions: int = 0
) -> tuple[list, list, bytes]:
    """Headers, samples and what is behind the last trace of a file, cut by hand."""
    first, header = 3600 + 3200 * texts, 240 * (1 + extensions)
    step = header + N_SAMPLES * sample_bytes
    starts = [first + k * step for k in range(n_traces)]
    headers = [data[:first], *(data[s : s + header] for s in starts)]
    return headers, [data[s + header : s + step] for s in starts], data[first + n_traces * step :]


@settings(max_examples=examples(60), deadline=None)
@given(data=st.data())
def test_every_trace_of_any_outline_gets_its_samples_and_keeps_its_headers(data, tmp_path_factory):
    folder = tmp_path_factory.mktemp("segy")
    inlines = range(100, 100 + 3 * data.draw(st.integers(1, 5)), 3)
    crosslines = range(-20, -20 + 2 * data.draw(st.integers(1, 6)), 2)
    places = [(i, j) for i in inlines for j in crosslines]
    # Some places twice, and some not at all.
    kept = data.draw(st.permutations(places))[data.draw(st.integers(0, len(places) // 2)) :]
    kept += data.draw(st.lists(st.sampled_from(kept), max_size=2))
    order = data.draw(st.sampled_from(["as drawn", "inline", "crossline", "reversed"]))
    if order == "inline":
        kept = sorted(set(kept))
    elif order == "crossline":
        kept = sorted(set(kept), key=lambda place: place[::-1])
    elif order == "reversed":
        kept = sorted(set(kept), reverse=True)
    endian = data.draw(st.sampled_from(["big", "little"]))
    revision = data.draw(st.sampled_from([0, 1, 2]))
    modern = {"extensions": data.draw(st.integers(0, 2)), "trailer": data.draw(st.integers(0, 2))}
    texts = data.draw(st.integers(0, 2))
    at = data.draw(st.sampled_from([(189, 193), (9, 21)]))
    source = raw_segy(
        folder / "in.sgy", kept, endian=endian, revision=revision, texts=texts, at=at,
        **(modern if revision == 2 else {}),
    )  # fmt: skip
    try:
        like = surveys.open(source, inline_byte=at[0], crossline_byte=at[1])
    except surveys.SurveyError:
        assume(False)
    kind, width = data.draw(st.sampled_from([("u1", 1), ("f4", 4), ("i2", 2)]))
    values = np.random.default_rng(1).integers(0, 100, like.shape).astype(kind)
    if kind == "i2":
        values.flat[-1] = -300
    stored = values
    if data.draw(st.booleans()):
        stored = zarr.create_array(store={}, shape=values.shape, dtype=values.dtype, chunks=(2, 3, 4)[-like.ndim :])
        stored[:] = values
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(segy_save, "_BLOCK", data.draw(st.sampled_from([1, 2000, 2**20])))
        out = save(folder / "out.sgy", stored, like).read_bytes()

    extensions = modern["extensions"] if revision == 2 else 0
    old, _, old_tail = parts(source.read_bytes(), len(kept), 4, texts, extensions)
    new, samples, new_tail = parts(out, len(kept), width, texts, extensions)
    assert new_tail == old_tail
    assert new[1:] == old[1:]
    assert new[0][:3224] + new[0][3226:] == old[0][:3224] + old[0][3226:]
    assert int.from_bytes(new[0][3224:3226], endian) == {1: 8, 4: 5, 2: 3}[width]
    mark = ">" if endian == "big" else "<"
    axes = [like[dim].values.tolist() for dim in like.dims[:2]]
    for k, got in enumerate(samples):
        place = (k,) if like.ndim == 2 else tuple(axis.index(n) for axis, n in zip(axes, kept[k], strict=True))
        np.testing.assert_array_equal(np.frombuffer(got, f"{mark}{kind}"), values[place])


OPENED = dict(factory.variants())
for name, _ in factory.refusals():
    del OPENED[name]


@pytest.mark.parametrize("name", OPENED)
def test_every_variant_that_opens_goes_out_and_comes_back(name, tmp_path):
    source, out = tmp_path / "in.sgy", tmp_path / "out.sgy"
    truth = OPENED[name](source)
    like = surveys.open(source, **truth.options)
    # The damage of the source is not in what is written.
    needed = {k: v for k, v in truth.options.items() if k not in ("sample_format", "incomplete")}
    rng = np.random.default_rng(0)
    for values in (
        rng.integers(0, 6, like.shape).astype(np.uint8),
        rng.integers(-300, 300, like.shape).astype(np.int16),
        rng.random(like.shape).astype(np.float32),
    ):
        save(out, values, like)
        again = surveys.open(out, **needed)
        missing = np.isnan(again.values)
        assert not (missing & ~np.isnan(like.values)).any()
        np.testing.assert_array_equal(again.values[~missing], values[~missing])
        assert again.coords.equals(like.coords)
        old, new, trace = source.read_bytes(), out.read_bytes(), inspect(source, **like.attrs["read_as"]).layout
        first, wide, n = trace.first_trace, trace.trace_header_bytes, trace.n_traces
        step = wide + values.itemsize * trace.n_samples
        assert new[:3224] + new[3226:first] == old[:3224] + old[3226:first]
        for k in range(n):
            at = first + k * trace.trace_bytes
            assert new[first + k * step :][:wide] == old[at : at + wide]
        assert new[first + n * step :] == old[trace.file_bytes : trace.file_bytes + trace.trailer_bytes]


def test_a_count_that_lies_is_corrected_where_it_would_be_believed(tmp_path):
    """40 samples are promised, 20 are there: with single bytes 39 traces of 40 samples are as long as 42 of 20."""
    source = tmp_path / "in.sgy"
    factory.volume(source, n_samples=40, xy=None)
    like = surveys.open(source)
    out = save(tmp_path / "out.sgy", np.ones(like.shape, np.uint8), like)
    assert surveys.open(out).shape == like.shape
    old, new = source.read_bytes(), out.read_bytes()
    assert {k + 1 for k in range(3600) if old[k] != new[k]} == {3222, 3226}


def test_segyio_reads_an_irregular_survey_back(tmp_path):
    places = [(i, j) for i in range(1, 9) for j in range(1, 11) if i + j > 5 and (i, j) != (4, 4)]
    source = raw_segy(tmp_path / "in.sgy", places)
    like = surveys.open(source)
    for values in (
        np.random.default_rng(0).integers(0, 6, like.shape).astype(np.uint8),
        np.random.default_rng(0).integers(0, 255, like.shape).astype(np.uint8),
        np.random.default_rng(0).random(like.shape).astype(np.float32),
    ):
        out = save(tmp_path / "out.sgy", values, like)
        with segyio.open(str(out), ignore_geometry=True) as file, segyio.open(str(source), ignore_geometry=True) as old:
            assert file.tracecount == len(places)
            assert bytes(file.text[0]) == bytes(old.text[0])
            for k, (i, j) in enumerate(places):
                np.testing.assert_array_equal(file.trace[k].astype(values.dtype), values[i - 1, j - 1])
                assert bytes(file.header[k].buf) == bytes(old.header[k].buf)


def test_without_numbers_traces_are_placed_by_their_coordinates(tmp_path):
    places = [(i, j) for i in range(10, 14) for j in range(20, 25) if (i, j) != (11, 22)]
    source = raw_segy(tmp_path / "in.sgy", places, at=(0, 0))
    like = surveys.open(source, inline_byte=0, crossline_byte=0)
    values = np.arange(like.size, dtype=np.float32).reshape(like.shape)
    out = save(tmp_path / "out.sgy", values, like)
    with segyio.open(str(out), ignore_geometry=True) as file:
        for k in range(len(places)):
            ((i, j),) = np.argwhere(like.values[..., 0] == k)
            np.testing.assert_array_equal(file.trace[k], values[i, j])


def test_padding_without_numbers_gets_zeros(tmp_path):
    places = [(1, 1), (0, 0), (1, 2), (2, 1), (2, 2), (0, 0)]
    source = raw_segy(tmp_path / "in.sgy", places)
    like = surveys.open(source)
    out = save(tmp_path / "out.sgy", np.ones(like.shape, np.uint8), like)
    with segyio.open(str(out), ignore_geometry=True) as file:
        assert [int(file.trace[k].max()) for k in range(6)] == [1, 0, 1, 1, 1, 0]


def test_a_source_that_is_no_longer_the_survey_is_refused(tmp_path):
    source = raw_segy(tmp_path / "in.sgy", [(1, 1), (1, 2), (2, 1), (2, 2)])
    like = surveys.open(source)
    values = np.ones(like.shape, np.uint8)
    raw_segy(source, [(1, 1), (1, 2), (2, 1), (3, 2)])
    with pytest.raises(surveys.SurveyError, match="not the whole survey"):
        save(tmp_path / "out.sgy", values, like)
    source.write_bytes(source.read_bytes()[:3000])
    with pytest.raises(surveys.SurveyError, match=r"has changed since it was opened.*ends at byte 3000"):
        save(tmp_path / "out.sgy", values, like)
    source.unlink()
    with pytest.raises(surveys.SurveyError, match="is gone"):
        save(tmp_path / "out.sgy", values, like)
    assert os.listdir(tmp_path) == []


def test_probabilities_go_into_a_file_for_each_class(tmp_path, volume):
    survey = surveys.open(volume)
    values = np.random.default_rng(0).random((3, *survey.shape)).astype(np.float32)
    heard: list[float] = []
    names = ["salt", "top sand", "top/sand"]
    written = save_layers(tmp_path / "p.sgy", values, survey, names, progress=heard.append)
    assert [path.name for path in written] == ["p_salt.sgy", "p_top-sand.sgy", "p_top-sand-3.sgy"]
    for path, layer in zip(written, values, strict=True):
        np.testing.assert_array_equal(surveys.open(path).values, layer)
    assert heard == sorted(heard)
    assert heard[-1] == 1
    with pytest.raises(surveys.SurveyError, match="3 layers have 1 names"):
        save_layers(tmp_path / "p.sgy", values, survey, ["salt"])


def test_no_room_is_known_before_anything_is_written(tmp_path, volume, monkeypatch):
    from napari_fhn.surveys import moving

    monkeypatch.setattr(moving, "_free", lambda path: 1000)
    survey = surveys.open(volume)
    with pytest.raises(surveys.SurveyError, match=r"needs .* only 1.0 kB free"):
        save(tmp_path / "out.sgy", np.zeros(survey.shape, np.float32), survey)
    assert os.listdir(tmp_path) == ["volume.sgy"]


FULL = """
import resource, sys
import numpy as np
from napari_fhn import surveys
resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000))
survey = surveys.open(sys.argv[1])
try:
    surveys.save(sys.argv[2], np.ones(survey.shape, np.float32), survey)
except surveys.SurveyError as error:
    print(error)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="limits of files are POSIX")
@pytest.mark.parametrize("suffix", [".sgy", ".npy", ".nc", ".zarr"])
def test_a_disk_that_fills_up_is_a_sentence_and_the_old_file_stays(tmp_path, make_segy, suffix):
    cube = np.random.default_rng(0).normal(size=(20, 20, 30)).astype(np.float32)
    source = make_segy(tmp_path / "in.sgy", np.arange(20), np.arange(20), cube)
    out = tmp_path / f"out{suffix}"
    code = FULL
    if suffix in (".nc", ".zarr"):
        code = FULL.replace("np.ones(survey.shape, np.float32)", "np.random.default_rng(0).random(survey.shape)")
    if suffix != ".zarr":
        out.write_bytes(b"precious")
    found = subprocess.run([sys.executable, "-c", code, str(source), str(out)], capture_output=True, text=True)
    assert "the disk is full" in found.stdout, found.stderr
    assert suffix == ".zarr" or out.read_bytes() == b"precious"
    assert sorted(os.listdir(tmp_path)) == sorted(["in.sgy"] + (["out" + suffix] if suffix != ".zarr" else []))


SLOW = """
import sys
import numpy as np
from napari_fhn import surveys
from napari_fhn.surveys.out import segy as segy_save
segy_save._BLOCK = 2000
survey = surveys.open(sys.argv[1])
def slowly(share):
    print(share, flush=True)
    sys.stdin.readline()  # until it is told to go on
surveys.save(sys.argv[2], np.full(survey.shape, 5, np.uint8), survey, progress=slowly)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="signals are POSIX")
@pytest.mark.usefixtures("copied_processes")
def test_a_killed_export_leaves_the_old_file_and_the_next_one_tidies_up(tmp_path, make_segy):
    cube = np.zeros((20, 20, 30), np.float32)
    source = make_segy(tmp_path / "in.sgy", np.arange(20), np.arange(20), cube)
    survey = surveys.open(source)
    out = save(tmp_path / "out.sgy", np.full(survey.shape, 3, np.uint8), survey)
    before = out.read_bytes()
    with subprocess.Popen(
        [sys.executable, "-c", SLOW, str(source), str(out)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdout.readline()
        process.stdin.write(b"\n")
        process.stdin.flush()
        process.stdout.readline()
        living = sorted(os.listdir(tmp_path))
        assert len(living) == 3
        save(out, np.full(survey.shape, 4, np.uint8), survey)
        assert sorted(os.listdir(tmp_path)) == living, "what another process is writing is left alone"
        save(out, np.full(survey.shape, 3, np.uint8), survey)
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
    assert out.read_bytes() == before
    assert len(os.listdir(tmp_path)) == 3
    save(out, np.full(survey.shape, 4, np.uint8), survey)
    assert sorted(os.listdir(tmp_path)) == ["in.sgy", "out.sgy"]
    np.testing.assert_array_equal(surveys.open(out), 4)


def test_what_progress_raises_ends_the_writing(tmp_path, volume):
    survey = surveys.open(volume)

    def stop(share: float) -> None:
        raise InterruptedError("enough")

    for suffix in (".sgy", ".npy", ".nc", ".zarr"):
        with pytest.raises((InterruptedError, surveys.SurveyError)):
            save(tmp_path / f"out{suffix}", np.zeros(survey.shape, np.uint8), survey, progress=stop)
    assert os.listdir(tmp_path) == ["volume.sgy"]
