"""Large files: what a sample of trace headers shows, and when all of them must be looked at."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from napari_fhn import surveys
from napari_fhn.surveys import segy
from napari_fhn.surveys.segy import grid as segy_grid
from napari_fhn.surveys.segy import headers as segy_headers
from napari_fhn.surveys.segy import layout as segy_layout
from napari_fhn.surveys.segy import order as segy_order
from napari_fhn.surveys.segy import trace_bytes as segy_bytes
from napari_fhn.surveys.segy.coordinates import bin_coordinates
from napari_fhn.surveys.segy.rows import grid_of_rows, regular_rows
from proofs import examples
from survey_files import segy as factory

SURVEY = factory.Survey(n=(60, 50, 6), inlines=(1000, 2), crosslines=(5000, -1))


@pytest.fixture
def scans(monkeypatch) -> list[tuple[int, ...]]:
    """Take every file for a large one; tell which fields all headers were read for."""
    monkeypatch.setattr(segy_headers, "SMALL_TRACES", 0)
    monkeypatch.setattr(segy_headers, "SMALL_BYTES", 0)
    seen: list[tuple[int, ...]] = []
    scan = segy_headers.Headers.all

    def spy(self, *bytes_, progress=None):
        seen.append(bytes_)
        return scan(self, *bytes_, progress=progress)

    monkeypatch.setattr(segy_headers.Headers, "all", spy)
    return seen


@pytest.mark.parametrize("sorting", ["inline", "crossline"])
def test_a_regular_file_is_not_scanned(tmp_path, scans, sorting):
    truth = factory.volume(tmp_path / "a.sgy", SURVEY, sorting=sorting)
    survey = surveys.open(tmp_path / "a.sgy")
    assert scans == []
    assert survey.attrs["sorting"] == sorting
    np.testing.assert_array_equal(survey["inline"], truth.inlines)
    np.testing.assert_array_equal(survey["crossline"], truth.crosslines)
    np.testing.assert_array_equal(survey.values, truth.values)
    np.testing.assert_allclose(survey.attrs["geometry"].bin_size, truth.bins, rtol=1e-3)


def test_regular_coordinates_are_not_scanned_either(tmp_path, scans):
    truth = factory.volume(tmp_path / "a.sgy", SURVEY, places=None)
    survey = surveys.open(tmp_path / "a.sgy")
    assert "coordinates" in {guess.how for guess in segy.guesses(tmp_path / "a.sgy")}
    assert scans == []
    np.testing.assert_array_equal(survey.values, truth.values[:, ::-1])
    np.testing.assert_allclose(survey.attrs["geometry"].bin_size, truth.bins, rtol=1e-3)


def test_two_rows_of_coordinates_are_offered(tmp_path, scans):
    factory.volume(tmp_path / "a.sgy", factory.Survey(n=(2, 50, 6)), places=None)
    assert "coordinates" in {guess.how for guess in segy.guesses(tmp_path / "a.sgy")}
    assert scans == []


@pytest.mark.parametrize(
    "options",
    [
        {"keep": lambda i, j: (i != 17) | (j != 30)},
        {"keep": lambda i, j: i + j > 20},
        {"order": lambda n: np.roll(np.arange(n), 1)},
        {"order": lambda n: np.random.default_rng(0).permutation(n)},
        {"places": None, "keep": lambda i, j: i + j > 20},
    ],
)
def test_an_irregular_file_is_scanned_once_with_progress(tmp_path, scans, options, monkeypatch):
    monkeypatch.setattr(segy_bytes, "CHUNK", 20_000)
    truth = factory.volume(tmp_path / "a.sgy", SURVEY, **options)
    told: list[float] = []
    survey = surveys.open(tmp_path / "a.sgy", progress=told.append)
    assert len(scans) == 1
    assert len(told) > 5
    assert told == sorted(told)
    assert told[-1] == 1.0
    values = truth.values if options.get("places", ()) is not None else truth.values[:, ::-1]
    np.testing.assert_array_equal(survey.values, values)


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda path: factory.gathers(path, "cdp"), r"pre-stack.*CDP gathers"),
        (factory.numbered, r"pre-stack: 120 traces on 20 places \(bytes 189 and 193\), numbered 1 to 6 within each"),
    ],
)
def test_gathers_are_refused_without_a_scan(tmp_path, scans, monkeypatch, make, words):
    make(tmp_path / "a.sgy")
    monkeypatch.setattr(segy_headers, "_SINGLES", 60)
    with pytest.raises(surveys.SurveyError, match=words):
        surveys.open(tmp_path / "a.sgy")
    assert scans == []


def numbers(il: np.ndarray, xl: np.ndarray):
    pairs = np.stack([il, xl], axis=1).astype(float)
    looked_at = np.unique(np.linspace(0, len(pairs) - 1, 7).astype(np.int64))
    return pairs, regular_rows(lambda t: pairs[t], len(pairs), looked_at, pairs[looked_at])


@settings(max_examples=examples(200), deadline=None)
@given(
    n=st.tuples(st.integers(2, 12), st.integers(2, 12)),
    steps=st.tuples(*[st.integers(-5, 5).filter(bool)] * 2),
    by_crossline=st.booleans(),
    data=st.data(),
)
def test_rows_are_found_and_nothing_irregular_is_taken_for_them(n, steps, by_crossline, data):
    i, j = (k.ravel() for k in np.meshgrid(np.arange(n[0]), np.arange(n[1]), indexing="ij"))
    if by_crossline:
        i, j = i.reshape(n).T.ravel(), j.reshape(n).T.ravel()
    il, xl = 100 + steps[0] * i, 500 + steps[1] * j
    _, rows = numbers(il, xl)
    grid = grid_of_rows(rows)
    t = np.arange(i.size)
    gi, gj = grid.places(t)
    np.testing.assert_array_equal(grid.inlines[gi], il)
    np.testing.assert_array_equal(grid.crosslines[gj], xl)
    np.testing.assert_array_equal(grid.traces(range(n[0]), range(n[1]))[gi, gj], t)
    # The slow way comes to the same.
    whole = segy_grid.arrange(il.astype(np.int64), xl.astype(np.int64)).order
    assert (whole.first, whole.inline_stride, whole.crossline_stride) == (
        grid.first,
        grid.inline_stride,
        grid.crossline_stride,
    )
    # One trace less, anywhere: rows no longer fill the file.
    gone = data.draw(st.integers(0, i.size - 1))
    _, rows = numbers(np.delete(il, gone), np.delete(xl, gone))
    found = grid_of_rows(rows) if rows is not None else None
    if found is not None:
        gi, gj = found.places(np.arange(i.size - 1))
        np.testing.assert_array_equal(found.inlines[gi], np.delete(il, gone))


@pytest.mark.parametrize("azimuth", [33, 170, 289])
def test_rows_are_found_where_coordinates_are_rounded(azimuth):
    n, (slow, fast) = (40, 64), (25.0, 12.5)
    i, j = np.divmod(np.arange(n[0] * n[1]), n[1])
    cos, sin = np.cos(np.radians(azimuth)), np.sin(np.radians(azimuth))
    x, y = 500_000 + fast * j * cos - slow * i * sin, 6_000_000 + fast * j * sin + slow * i * cos
    places = np.round(np.stack([x, y], axis=1))
    some = np.arange(0, len(places), 97)
    found = regular_rows(lambda t: places[t], len(places), some, places[some], tolerance=0.3)
    assert (found.n_rows, found.n_fast, found.origin) == (*n, tuple(places[0]))
    np.testing.assert_allclose(found.fast, (fast * cos, fast * sin), atol=0.02)
    np.testing.assert_allclose(found.slow, (-slow * sin, slow * cos), atol=0.03)
    assert regular_rows(lambda t: places[t], len(places), some, places[some]) is None
    places[97 * 20] += 6  # half a place off
    assert regular_rows(lambda t: places[t], len(places), some, places[some], tolerance=0.3) is None


@settings(max_examples=examples(100), deadline=None)
@example(azimuth=0.0, bins=(10.5, 10.0), n=(14, 6), shear=0.0, rounding=1.0, gaps=False)
@given(
    azimuth=st.floats(0, 360),
    bins=st.tuples(st.floats(10, 60), st.floats(10, 60)),
    n=st.tuples(st.integers(3, 25), st.integers(6, 25)),
    shear=st.floats(-0.05, 0.05),
    rounding=st.sampled_from([0.01, 0.1, 1.0]),
    gaps=st.booleans(),
)
def test_any_grid_is_found_from_coordinates(azimuth, bins, n, shear, rounding, gaps):
    i, j = (k.ravel() for k in np.meshgrid(np.arange(n[0]), np.arange(n[1]), indexing="ij"))
    if gaps:
        kept = np.random.default_rng(0).random(i.size) > 0.05
        kept[[0, -1]] = True
        i, j = i[kept], j[kept]
    a = np.radians(azimuth)
    u, v = i * bins[0], j * bins[1] + shear * i * bins[0]
    x = 500_000 + np.round((u * np.cos(a) + v * np.sin(a)) / rounding) * rounding
    y = 6_000_000 + np.round((-u * np.sin(a) + v * np.cos(a)) / rounding) * rounding
    found = bin_coordinates(x, y)
    assert found is not None
    np.testing.assert_array_equal(found.i, i - i.min())
    np.testing.assert_array_equal(found.j, j - j.min())


def test_no_grid_is_seen_where_there_is_none():
    rng = np.random.default_rng(0)
    t = np.arange(300)
    for x, y in (
        (1000 + 25.0 * t, 2000 + 0 * t),
        (1000 + 25.0 * t, 2000 + 400 * np.sin(t / 20)),
        (rng.uniform(1, 1e4, 300), rng.uniform(1, 1e4, 300)),
        (np.zeros(300), np.zeros(300)),
        (np.full(300, 7.0), np.full(300, 9.0)),
    ):
        found = bin_coordinates(x, y)
        # Whatever is made of a crooked line is thin: it is then refused for its gaps.
        assert found is None or segy_order._FILLED * (found.i.max() + 1) * (found.j.max() + 1) > 300


def test_pieces_are_the_bytes_of_the_file(tmp_path, monkeypatch):
    path = tmp_path / "a.sgy"
    factory.volume(path, SURVEY)
    content = np.frombuffer(path.read_bytes()[3600:], np.uint8).reshape(3000, -1)
    layout = segy_layout.read_layout(path)
    rng = np.random.default_rng(0)
    for gap, chunk in ((0, 1), (16_384, 1000), (600, 2**20)):
        monkeypatch.setattr(segy_bytes, "GAP", gap)
        monkeypatch.setattr(segy_bytes, "CHUNK", chunk)
        file = segy_bytes.TraceBytes(layout)
        for traces in (
            np.arange(3000),
            np.array([5]),
            rng.choice(3000, 200),
            np.arange(2999, 0, -7),
            np.array([], int),
        ):
            np.testing.assert_array_equal(file.gather(traces.astype(np.int64), 100, 250), content[traces, 100:250])
