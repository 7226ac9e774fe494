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
from napari_fhn.surveys import segy_values

FORMATS = {1: np.float32, 2: np.int32, 3: np.int16, 5: np.float32, 8: np.int8, 11: np.uint16, 16: np.uint8}


def numbers(n: int) -> st.SearchStrategy[np.ndarray]:
    """Survey numbers with any start, step and direction."""
    return st.builds(
        lambda start, step: start + step * np.arange(n),
        st.integers(100, 5000),
        st.integers(-7, 7).filter(bool),
    )


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
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


class Calls:
    """Records how many samples each read asks for."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.samples: list[int] = []
        read = segy_values.SegyValues._read_line

        def spy(file, buffer, start, step, count, samples):
            self.samples.append(buffer.size)
            read(file, buffer, start, step, count, samples)

        monkeypatch.setattr(segy_values.SegyValues, "_read_line", staticmethod(spy))


def test_opening_reads_no_sample_and_a_section_only_its_own(volume, monkeypatch):
    calls = Calls(monkeypatch)
    survey = surveys.open(volume)
    repr(survey)
    section = survey[1:].transpose("twt", "inline", "crossline")[2]
    assert calls.samples == []
    np.asarray(section)
    assert sum(calls.samples) == section.size
    calls.samples.clear()
    np.asarray(survey[:, 3])
    assert calls.samples == [4 * 6], "one call: a crossline's traces are evenly spaced in the file"


@pytest.mark.parametrize("sorting", [1, 2])
def test_a_time_slice_is_one_call_in_either_sorting(sorting, tmp_path, make_segy, monkeypatch):
    cube = np.arange(3 * 4 * 5, dtype=np.float32).reshape(3, 4, 5)
    survey = surveys.open(make_segy(tmp_path / "a.sgy", np.arange(3), np.arange(1, 5), cube, sorting=sorting))
    calls = Calls(monkeypatch)
    np.testing.assert_array_equal(np.asarray(survey[..., 2]), cube[..., 2])
    assert calls.samples == [12]


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
    with pytest.raises(surveys.SurveyError, match="byte 10 or 21"):
        surveys.open(path, inline_byte=10, crossline_byte=21)


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
        (lambda p: patch(p, 3225, b"\x00\x07"), "integer, 3 bytes"),
        (lambda p: patch(p, 3221, b"\x00\x00"), "no samples"),
        (lambda p: patch(p, 3221, b"\xff\xff"), "65535 samples"),
        (lambda p: patch(p, 3505, b"\xff\xff"), "variable number of extended text headers"),
        (lambda p: patch(p, 3501, b"\x02\x00" + b"\x00" * 4 + b"\x00\x03"), "additional headers"),
        (lambda p: patch(p, 3600 + 189, (99).to_bytes(4, "big")), "irregular"),
        (lambda p: patch(p, 3600 + 193, (22).to_bytes(4, "big")), "repeat an inline"),
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


def test_pre_stack_uneven_and_unsorted_files_say_what_they_are(volume, tmp_path, make_segy):
    with segyio.open(str(volume), "r+") as file:
        for trace in range(file.tracecount):
            file.header[trace].update({193: 20 + 2 * (trace % 5 // 2), 37: trace % 2 + 1})
    with pytest.raises(surveys.SurveyError, match="pre-stack: 20 traces on 12 places, offsets 1 to 2"):
        surveys.open(volume)
    cube = np.zeros((3, 3, 2), np.float32)
    uneven = make_segy(tmp_path / "uneven.sgy", np.array([1, 2, 4]), np.arange(3), cube)
    with pytest.raises(surveys.SurveyError, match="inline numbers are unevenly spaced: 2 is followed by 4"):
        surveys.open(uneven)
    snake = make_segy(tmp_path / "snake.sgy", np.arange(3), np.arange(1, 4), cube)
    with segyio.open(str(snake), "r+") as file:
        for trace in (3, 4, 5):
            file.header[trace].update({193: 6 - trace})
    with pytest.raises(surveys.SurveyError, match="neither by inline nor by crossline"):
        surveys.open(snake)


def test_a_file_cut_short_while_open_is_an_error_and_not_a_crash(volume):
    survey = surveys.open(volume)
    np.asarray(survey[0])
    with volume.open("rb+") as file:
        file.truncate(4000)
    with pytest.raises(surveys.SurveyError, match="become shorter"):
        np.asarray(survey[1])


@settings(max_examples=400, deadline=None)
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
        assert np.asarray(survey).size == survey.size <= 24 * 4


REFUSED = {
    "1x1": "pre-stack",
    "1xN": "pre-stack",
    "Mx1": "pre-stack",
    "broken": "cut short",
    "delay-scalar": "single trace",
    "shot-gather": "shot gathers",
    "small-ps": "pre-stack",
    "text": "holds no trace",
    "stanzas-unknown-count": "variable number",
    "rotated-small-rev2": "additional headers",
    "long": "irregular",
}


def test_every_real_segy_file_opens_right_or_is_refused(shared):
    refused, opened = {}, {}
    for path in sorted(shared("segy").rglob("*.s*gy")):
        try:
            survey = surveys.open(path)
        except surveys.SurveyError as error:
            refused[path.stem] = str(error)
            continue
        endian = "little" if "little" in survey.attrs["format"] else "big"
        # An independent read: segyio's own geometry and cube.
        with segyio.open(str(path), endian=endian, ignore_geometry=survey.ndim == 2) as file:
            cube = file.trace.raw[:] if survey.ndim == 2 else segyio.tools.cube(file)
            if survey.ndim == 3:
                np.testing.assert_array_equal(survey["inline"], file.ilines)
                np.testing.assert_array_equal(survey["crossline"], file.xlines)
        np.testing.assert_array_equal(survey.values, cube.astype(survey.dtype), err_msg=path.name)
        opened[path.stem] = survey
    for stem, words in REFUSED.items():
        assert words in refused[stem]
    assert len(opened) >= 69
    assert {"f3", "f3-lsb", "Format8msb", "Format12lsb", "小文件", "text-embed-null"} <= set(opened)
    left, right = opened["left-small"], opened["right-small"]
    # Crosslines of "left" run west, of "right" east.
    assert left.attrs["geometry"].azimuth == pytest.approx(270.0)
    assert right.attrs["geometry"].azimuth == pytest.approx(90.0)


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
