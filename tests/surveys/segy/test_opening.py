from __future__ import annotations

import contextlib
import pickle
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
import segyio
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from napari_fhn import surveys
from napari_fhn.surveys.segy import trace_bytes as segy_bytes
from proofs import examples

FORMATS = {1: np.float32, 2: np.int32, 3: np.int16, 5: np.float32, 8: np.int8, 11: np.uint16, 16: np.uint8}


def numbers(n: int) -> st.SearchStrategy[np.ndarray]:
    """Survey numbers with any start, step and direction."""
    return st.builds(
        lambda start, step: start + step * np.arange(n),
        st.integers(100, 5000),
        st.integers(-7, 7).filter(bool),
    )


@settings(max_examples=examples(150), deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data())
def test_any_numbers_sorting_format_and_byte_order_come_back(data, tmp_path_factory, make_segy):
    n_il, n_xl, n_t = (data.draw(st.integers(2, 5)) for _ in range(3))
    ilines, xlines = data.draw(numbers(n_il)), data.draw(numbers(n_xl))
    format = data.draw(st.sampled_from(sorted(FORMATS)))
    kind = np.dtype(FORMATS[format])
    cube = np.random.default_rng(0).integers(0, 100, (n_il, n_xl, n_t)).astype(kind)
    interval_us = data.draw(st.sampled_from([500, 2000, 3909, 4000]))
    delay = data.draw(st.integers(0, 3000))
    path = make_segy(
        tmp_path_factory.mktemp("segy") / "any.sgy",
        ilines,
        xlines,
        cube,
        format=format,
        sorting=data.draw(st.sampled_from([1, 2])),
        endian=data.draw(st.sampled_from(["big", "little"])),
        delay_ms=delay,
        interval_us=interval_us,
        ext_headers=data.draw(st.integers(0, 2)),
    )
    survey = surveys.open(path)
    up, across = np.argsort(ilines), np.argsort(xlines)
    expected = cube[up][:, across]
    assert survey.dims == ("inline", "crossline", "twt")
    np.testing.assert_array_equal(survey["inline"], ilines[up])
    np.testing.assert_array_equal(survey["crossline"], xlines[across])
    np.testing.assert_array_equal(survey["twt"], delay + np.arange(n_t) * (interval_us / 1000))
    assert survey.dtype == (kind if kind.itemsize == 1 else np.float32)
    np.testing.assert_array_equal(survey.values, expected)

    # Any basic index reads what numpy reads, whatever the access underneath.
    index = tuple(data.draw(st.one_of(st.integers(-n, n - 1), st.slices(n))) for n in (n_il, n_xl, n_t))
    np.testing.assert_array_equal(np.asarray(survey[index]), expected[index].astype(survey.dtype))

    geometry = survey.attrs["geometry"]
    x, y = geometry.to_xy(*np.meshgrid(ilines[up], xlines[across], indexing="ij"))
    np.testing.assert_allclose(x, np.broadcast_to(500000 + 25.0 * ilines[up][:, None], x.shape))
    np.testing.assert_allclose(y, np.broadcast_to(6000000 + 12.5 * xlines[across], y.shape))


def test_axes_say_their_units_and_bins_are_in_metres(volume):
    survey = surveys.open(volume)
    assert survey["twt"].attrs["units"] == "ms"
    assert survey["twt"].values.tolist() == [100.0, 104.0, 108.0, 112.0, 116.0, 120.0]
    geometry = survey.attrs["geometry"]
    np.testing.assert_allclose(geometry.bin_size, (25.0, 25.0))
    np.testing.assert_allclose(geometry.azimuth, 0.0, atol=1e-6)
    assert survey.attrs["sorting"] == "inline"
    assert survey.attrs["kind"] == "seismic"
    assert surveys.open(volume, vertical="depth").dims[-1] == "depth"


@pytest.fixture
def reads(monkeypatch) -> list[int]:
    """Numbers of bytes that each read of a file took."""
    sizes: list[int] = []
    fill = segy_bytes.TraceBytes._fill

    def spy(self, buffer, offset):
        sizes.append(buffer.size)
        fill(self, buffer, offset)

    monkeypatch.setattr(segy_bytes.TraceBytes, "_fill", spy)
    return sizes


def test_looking_at_an_array_reads_nothing_and_a_section_only_its_own(tmp_path, make_segy, reads):
    cube = np.arange(4 * 5 * 9000, dtype=np.float32).reshape(4, 5, 9000)
    survey = surveys.open(make_segy(tmp_path / "a.sgy", np.arange(10, 14), np.arange(20, 25), cube))
    reads.clear()
    repr(survey)
    section = survey[1:].transpose("twt", "inline", "crossline")
    assert reads == []
    trace = 240 + 4 * 9000
    np.asarray(section[:, 1])
    assert sum(reads) == 5 * trace - 240
    reads.clear()
    # Traces of a crossline lie far apart, and so do the samples of a time slice: only they are read.
    np.asarray(survey[:, 3])
    assert reads == [4 * 9000] * 4
    reads.clear()
    np.testing.assert_array_equal(np.asarray(survey[..., 700]), cube[..., 700])
    assert reads == [4] * 20


@pytest.mark.parametrize("sorting", [1, 2])
def test_a_time_slice_of_short_traces_is_read_in_one_go(sorting, tmp_path, make_segy, reads):
    cube = np.arange(3 * 4 * 5, dtype=np.float32).reshape(3, 4, 5)
    survey = surveys.open(make_segy(tmp_path / "a.sgy", np.arange(3), np.arange(1, 5), cube, sorting=sorting))
    reads.clear()
    np.testing.assert_array_equal(np.asarray(survey[..., 2]), cube[..., 2])
    assert reads == [11 * 260 + 4]


def test_lists_of_lines_can_be_picked(volume):
    survey = surveys.open(volume)
    picked = survey[[3, 0], :, [5, 1, 2]]
    np.testing.assert_array_equal(picked.values, survey.values[[3, 0]][..., [5, 1, 2]])


def test_slices_from_many_threads_agree(volume):
    survey = surveys.open(volume)
    whole = survey.values
    with ThreadPoolExecutor(8) as pool:
        for k, section in enumerate(pool.map(lambda k: np.asarray(survey[k % 4]), range(200))):
            np.testing.assert_array_equal(section, whole[k % 4])


def test_a_lazy_survey_can_be_sent_to_another_process(volume):
    survey = surveys.open(volume)
    np.asarray(survey[0])
    np.testing.assert_array_equal(pickle.loads(pickle.dumps(survey)).values, survey.values)


def test_one_inline_is_a_line(tmp_path, make_segy):
    cube = np.arange(12, dtype=np.float32).reshape(1, 4, 3)
    survey = surveys.open(make_segy(tmp_path / "line.sgy", np.array([7]), np.arange(4), cube))
    assert survey.dims == ("trace", "twt")
    np.testing.assert_array_equal(survey.values, cube[0])
    np.testing.assert_array_equal(np.asarray(survey[1:3, ::-1]), cube[0, 1:3, ::-1])
    assert survey["inline"].values.tolist() == [7.0] * 4


def test_numbers_in_other_bytes(tmp_path, make_segy):
    path = make_segy(tmp_path / "a.sgy", np.arange(3), np.arange(4), np.ones((3, 4, 5), np.float32), coordinates=False)
    with segyio.open(str(path), "r+", ignore_geometry=True) as file:
        for trace in range(12):
            file.header[trace] = {9: trace // 4 + 1, 21: trace % 4 + 50, 189: 0, 193: 0}
    survey = surveys.open(path, inline_byte=9, crossline_byte=21)
    assert survey.shape == (3, 4, 5)
    assert survey["crossline"].values.tolist() == [50, 51, 52, 53]
    assert survey.attrs["geometry"] is None
    assert survey.attrs["header_bytes"] == (9, 21)
    for wrong in ({"inline_byte": 238}, {"crossline_byte": -1}, {"x_byte": 241}):
        with pytest.raises(surveys.SurveyError, match="no trace header field starts at byte"):
            surveys.open(path, **wrong)


def test_without_a_sample_interval_the_axis_counts_samples(volume):
    with segyio.open(str(volume), "r+") as file:
        file.bin.update({3217: 0})
        for trace in range(file.tracecount):
            file.header[trace].update({117: 0})
    survey = surveys.open(volume)
    assert survey.dims[-1] == "sample"
    assert survey["sample"].values.tolist() == [0, 1, 2, 3, 4, 5]
    assert "sample interval" in " ".join(survey.attrs["notes"])


def patch(path: Path, byte: int, data: bytes) -> None:
    """Overwrite bytes, counted from 1 as in the SEG-Y standard."""
    content = bytearray(path.read_bytes())
    content[byte - 1 : byte - 1 + len(data)] = data
    path.write_bytes(content)


@pytest.mark.parametrize(
    ("damage", "sentence"),
    [
        (lambda p: p.write_bytes(p.read_bytes()[:-10]), "goes on for"),
        (lambda p: p.write_bytes(p.read_bytes()[:3000]), "ends at byte 3000"),
        (lambda p: p.write_bytes(p.read_bytes()[:3600]), "holds no trace"),
        (lambda p: p.write_bytes(p.read_bytes()[: 3600 + 264]), "single trace"),
        (lambda p: p.write_text("dear diary, " * 1000), "bytes 3225-3226"),
        (lambda p: p.write_bytes(b""), "ends at byte 0"),
        (lambda p: patch(p, 3225, b"\x00\x07"), "goes on for"),
        (lambda p: patch(p, 3225, b"\x00\x63"), "sample format at bytes 3225-3226 is 99"),
        (lambda p: patch(p, 3221, b"\x00\x00"), "no samples"),
        (lambda p: patch(p, 3221, b"\xff\xff"), "65,535 samples"),
        (lambda p: p.write_text("dear diary"), "it is text, not SEG-Y"),
    ],
)
def test_a_damaged_file_is_refused_in_a_sentence(volume, damage, sentence):
    damage(volume)
    before = volume.read_bytes()
    with pytest.raises(surveys.SurveyError, match=sentence) as caught:
        surveys.open(volume)
    assert str(caught.value).startswith("volume.sgy: ")
    assert caught.value.way_out
    assert volume.read_bytes() == before


@pytest.mark.parametrize(
    ("damage", "note", "missing"),
    [
        (lambda p: patch(p, 3505, b"\xff\xff"), "", 0),
        (lambda p: patch(p, 3505, b"\x7f\xff"), "number of extended text headers (32767", 0),
        (lambda p: patch(p, 3505, b"\x00\x01"), "number of extended text headers (1", 0),
        (lambda p: patch(p, 3501, b"\x02\x00" + b"\x00" * 4 + b"\x00\x03"), "additional trace headers", 0),
        (lambda p: patch(p, 3600 + 189, (99).to_bytes(4, "big")), "far off the rest", 1),
        (lambda p: patch(p, 3600 + 193, (22).to_bytes(4, "big")), "repeats the place of another", 1),
    ],
)
def test_a_lying_header_is_seen_through_and_said(volume, damage, note, missing):
    damage(volume)
    survey = surveys.open(volume)
    assert survey.shape == (4, 5, 6)
    assert np.isnan(survey.values).sum() == missing * 6
    assert any(note in said for said in survey.attrs["notes"]) or not note


def test_pre_stack_files_say_what_they_are(volume):
    with segyio.open(str(volume), "r+") as file:
        for trace in range(file.tracecount):
            file.header[trace].update({193: 20 + 2 * (trace % 5 // 2), 37: trace % 2 + 1})
    with pytest.raises(surveys.SurveyError, match="pre-stack: 20 traces on 12 places, offsets 1 to 2"):
        surveys.open(volume)


def test_uneven_and_unsorted_numbers_leave_gaps_and_keep_their_traces(tmp_path, make_segy):
    cube = np.arange(3 * 3 * 2, dtype=np.float32).reshape(3, 3, 2)
    uneven = surveys.open(make_segy(tmp_path / "uneven.sgy", np.array([1, 2, 4]), np.arange(3), cube))
    assert uneven["inline"].values.tolist() == [1, 2, 3, 4]
    np.testing.assert_array_equal(uneven.values[[0, 1, 3]], cube)
    assert np.isnan(uneven.values[2]).all()
    snake = make_segy(tmp_path / "snake.sgy", np.arange(3), np.arange(1, 4), cube)
    with segyio.open(str(snake), "r+") as file:
        for trace in (3, 4, 5):
            file.header[trace].update({193: 6 - trace})
    found = surveys.open(snake)
    expected = cube.copy()
    expected[1] = cube[1, ::-1]
    np.testing.assert_array_equal(found.values, expected)
    np.testing.assert_array_equal(np.asarray(found[:, 2, ::-1]), expected[:, 2, ::-1])


def test_a_file_cut_short_while_open_is_an_error_and_not_a_crash(volume):
    survey = surveys.open(volume)
    np.asarray(survey[0])
    with volume.open("rb+") as file:
        file.truncate(4000)
    with pytest.raises(surveys.SurveyError, match="become shorter"):
        np.asarray(survey[1])


@settings(max_examples=examples(400), deadline=None)
@given(data=st.data())
def test_mutated_headers_open_or_are_refused(data, tmp_path_factory, make_segy):
    path = tmp_path_factory.getbasetemp() / "mutated.sgy"
    cube = np.ones((2, 3, 4), np.float32)
    content = bytearray(make_segy(path, np.arange(1, 3), np.arange(1, 4), cube).read_bytes())
    for _ in range(data.draw(st.integers(1, 6))):
        at = data.draw(st.integers(3200, len(content) - 1))
        content[at] = data.draw(st.integers(0, 255))
    path.write_bytes(content)
    # Anything but a SurveyError fails the test.
    with contextlib.suppress(surveys.SurveyError):
        survey = surveys.open(path)
        # A number changed may leave gaps, but never more of them than a few places for each trace.
        assert np.asarray(survey).size == survey.size <= 25 * len(content)


REFUSED = {
    "1x1": "pre-stack",
    "1xN": "pre-stack",
    "Mx1": "pre-stack",
    "broken": "cut short",
    "delay-scalar": "single trace",
    "interval-neg-bin-neg-trace": "single trace",
    "interval-neg-bin-pos-trace": "single trace",
    "interval-pos-bin-neg-trace": "single trace",
    "multi-text": "single trace",
    "shot-gather": "shot gathers",
    "small-ps": "pre-stack",
    "text": "holds no trace",
    "mapping-unsupported-type": "'xline' at byte 5 as 'ieee32'",
    "long": "lie on no grid",
    "viking_small": "pre-stack",
}


def test_every_real_segy_file_opens_right_or_is_refused(shared):
    refused, opened = {}, {}
    for path in sorted(shared("segy").rglob("*.s*gy")):
        try:
            opened[path.stem] = surveys.open(path)
        except surveys.SurveyError as error:
            refused[path.stem] = str(error)
    for stem, words in REFUSED.items():
        assert words in refused[stem]
    assert {stem for stem in refused if not stem.startswith("small-ps")} == set(REFUSED) - {"small-ps"}
    assert len(opened) == 93
    for stem, survey in opened.items():
        # An independent read where segyio has one: its own geometry and cube.
        path = survey.attrs["source"]
        if stem.startswith(("Format4", "Format7", "Format15", "mapping", "stanzas", "trace-header", "crement")):
            continue
        if stem in ("f3-withdead", "rotated-small-rev2") or "crement" in stem:
            continue
        endian = "little" if "little" in survey.attrs["format"] else "big"
        with segyio.open(path, endian=endian, ignore_geometry=survey.ndim == 2) as file:
            cube = file.trace.raw[:] if survey.ndim == 2 else segyio.tools.cube(file)
            if survey.ndim == 3:
                np.testing.assert_array_equal(survey["inline"], file.ilines)
                np.testing.assert_array_equal(survey["crossline"], file.xlines)
        np.testing.assert_array_equal(survey.values, cube.astype(survey.dtype), err_msg=stem)
    # The same crop in every format; unsigned ones cannot hold what is below zero.
    f3 = opened["f3"].values
    for code, kind in ((4, None), (7, None), (15, 2**24)):
        for end in ("msb", "lsb"):
            expected = f3 if kind is None else np.where(f3 < 0, f3 + kind, f3)
            np.testing.assert_array_equal(opened[f"Format{code}{end}"].values, expected)
    whole, gaps = f3, opened["f3-withdead"].values
    assert np.isnan(gaps).any(axis=2).sum() == 414 - 239
    np.testing.assert_array_equal(gaps[~np.isnan(gaps)], whole[~np.isnan(gaps)])
    left, right = opened["left-small"], opened["right-small"]
    # Crosslines of "left" run west, of "right" east.
    assert left.attrs["geometry"].azimuth == pytest.approx(270.0)
    assert right.attrs["geometry"].azimuth == pytest.approx(90.0)
    assert opened["mapping-shifted"].attrs["header_bytes"] == (190, 194)
    assert opened["mapping-minimal"].attrs["header_bytes"] == (1, 5)


def test_penobscot_opens_lazily_and_slices_right(shared):
    path = shared("penobscot/penobscot.sgy")

    def bytes_read() -> int:
        io = Path("/proc/self/io")
        return int(io.read_text().split()[1]) if io.exists() else 0

    before = bytes_read()
    survey = surveys.open(path)
    section = np.asarray(survey[18])
    # Mapped pages are not counted here; what is read by calls must be a few headers only.
    assert bytes_read() - before < path.stat().st_size / 4
    assert survey.shape == (36, 512, 1536)
    assert survey.dtype == np.int8
    with segyio.open(str(path)) as file:
        np.testing.assert_array_equal(section, file.iline[1093])
        np.testing.assert_array_equal(np.asarray(survey[:, 77]), file.xline[1077])
        np.testing.assert_array_equal(np.asarray(survey[..., 700]), file.depth_slice[700])


def test_real_lines_open_as_lines(shared):
    arbitrary = surveys.open(shared("f3_line/arbitrary_line.sgy"))
    assert arbitrary.dims == ("trace", "twt")
    assert arbitrary.shape == (1019, 462)
    assert arbitrary["x"].values[0] == pytest.approx(606552.3)
    unnumbered = surveys.open(shared("f3_line/trace_maths_pimpedance.sgy"))
    assert unnumbered.shape == (1019, 462)
    assert "inline" not in unnumbered.coords
