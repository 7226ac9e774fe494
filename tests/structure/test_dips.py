"""Dips of reflectors: right on planes, the same in bricks, never NaN, kept and found again."""

from __future__ import annotations

import tracemalloc
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from napari_fhn.box import Box
from napari_fhn.structure import dips as dips_module
from napari_fhn.structure.dip_store import Memory
from napari_fhn.structure.dips import DipField, Dips, DipSettings, brick_bytes, dips_of


def beds(shape: tuple[int, ...], slopes: tuple[float, ...], seed: int = 0) -> NDArray[np.float32]:
    """Beds of random reflectivity and a wavelet of some 9 samples, dipping by slopes in samples per trace."""
    rng = np.random.default_rng(seed)
    place = np.arange(-400, shape[-1] + 400, 0.25)
    spikes = rng.standard_normal(len(place))
    arg = (np.pi * 0.11 * np.arange(-12, 12.1, 0.25)) ** 2
    trace = np.convolve(spikes, (1 - 2 * arg) * np.exp(-arg), mode="same")
    depth = np.indices(shape, np.float32)
    flat = depth[-1] - sum(slope * depth[axis] for axis, slope in enumerate(slopes))
    return np.asarray(np.interp(flat, place, trace / trace.std()), np.float32)


def inner(shape: tuple[int, ...], edge: int = 6) -> tuple[slice, ...]:
    return tuple(slice(edge, size - edge) for size in shape)


@pytest.mark.parametrize("slopes", [(0.0, 0.0), (0.4, -0.2), (-1.5, 0.8), (2.6, -2.2)])
def test_a_plane_has_its_slope_everywhere(slopes: tuple[float, float]) -> None:
    shape = (24, 26, 80)
    dips = dips_of(beds(shape, slopes))
    for found, true in zip(dips.slopes, slopes, strict=True):
        error = np.abs(found[inner(shape, 9)] - true)
        assert float(error.max()) < 0.1
        assert float(error.mean()) < 0.02
    assert float(dips.coherence[inner(shape, 9)].min()) > 0.85


@settings(deadline=None, max_examples=15)
@given(st.floats(-3, 3), st.integers(0, 100), st.booleans())
def test_a_line_has_its_slope_too(slope: float, seed: int, odd: bool) -> None:
    shape = (50, 121 if odd else 120)
    dips = dips_of(beds(shape, (slope,), seed))
    assert dips.slopes.shape == (1, *shape)
    assert abs(float(np.median(dips.slopes[0][inner(shape, 10)])) - slope) < 0.03


def test_amplitudes_may_have_any_unit() -> None:
    data = beds((12, 14, 40), (0.5, -0.3))
    expected = dips_of(data)
    for factor in (2.0**-30, 2.0**40):
        found = dips_of(data * np.float32(factor))
        np.testing.assert_array_equal(found.slopes, expected.slopes)
        np.testing.assert_array_equal(found.coherence, expected.coherence)


def test_correction_makes_steep_slopes_more_exact() -> None:
    errors = []
    for rounds in (0, 1):
        slopes = [dips_of(beds((40, 120), (3.2,), seed), DipSettings(rounds=rounds)).slopes[0] for seed in range(3)]
        errors.append(float(np.mean([np.abs(one[inner(one.shape, 9)] - 3.2).mean() for one in slopes])))
    assert errors[1] < 0.8 * errors[0]


def test_noise_is_incoherent_and_a_fault_parts_what_is_coherent() -> None:
    noise = dips_of(np.random.default_rng(0).standard_normal((30, 30, 60)).astype(np.float32))
    assert float(noise.coherence.mean()) < 0.35
    data = beds((40, 120), (0.5,))
    data[20:] = beds((40, 120), (0.5,), seed=5)[20:]
    coherence = dips_of(data).coherence
    assert float(coherence[19:21].mean()) < 0.7 < 0.95 < float(coherence[5:15].mean())


def test_the_dip_at_a_fault_is_that_of_one_side() -> None:
    shape = (48, 120)
    data = beds(shape, (1.0,))
    data[24:] = beds(shape, (-1.0,), seed=3)[24:]
    slopes = dips_of(data).slopes[0][:, 20:100]
    assert float(np.median(slopes[21:23])) > 0.8
    assert float(np.median(slopes[25:27])) < -0.8


def test_nothing_is_no_data() -> None:
    data = beds((20, 24, 64), (0.5, -0.5))
    clean = dips_of(data)
    data[8, 10] = np.nan
    data[12, 5] = 0.0  # a dead trace
    data[:, :, :12] = 7.0  # a mute
    data[15, 15, 40] = np.inf
    dips = dips_of(data)
    assert np.isfinite(dips.slopes).all()
    assert np.isfinite(dips.coherence).all()
    assert not dips.coherence[8, 10].any()
    assert not dips.coherence[12, 5].any()
    assert not dips.coherence[:, :, :8].any()
    # Beside what is missing the rest is as it was.
    np.testing.assert_allclose(dips.slopes[:, 5:15, 4:18, 24:56], clean.slopes[:, 5:15, 4:18, 24:56], atol=0.1)
    for empty in (np.full((6, 7, 20), np.nan), np.zeros((6, 20)), np.full((1, 1, 3), 2.0)):
        dips = dips_of(empty)
        assert not dips.slopes.any()
        assert not dips.coherence.any()


@pytest.mark.parametrize("shape", [(1, 30, 40), (30, 1, 40), (2, 3, 5), (1, 7), (9, 1), (3, 2)])
def test_small_surveys_have_dips(shape: tuple[int, ...]) -> None:
    dips = DipField.open(beds(shape, (0.3,) * (len(shape) - 1))).read(Box.whole(shape))
    assert dips.slopes.shape == (len(shape) - 1, *shape)
    assert np.isfinite(dips.slopes).all()
    assert ((dips.coherence >= 0) & (dips.coherence <= 1)).all()


@pytest.fixture
def small_bricks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dips_module, "_MOST", {2: 1, 3: 1})
    monkeypatch.setattr(dips_module, "_LEAST", 12)


def folded(shape: tuple[int, ...]) -> NDArray[np.float32]:
    """Beds that bend, with holes in them."""
    data = beds(shape, (0.8, -1.1)[: len(shape) - 1])
    data += np.random.default_rng(1).standard_normal(shape).astype(np.float32) * 0.2
    data[3, ..., 5:40] = np.nan
    data[20:, ..., -9:] = 0.0
    return data


@pytest.mark.usefixtures("small_bricks")
@pytest.mark.parametrize("shape", [(26, 27, 101), (50, 130)])
@pytest.mark.parametrize("rounds", [0, 1, 2])
def test_bricks_are_the_whole(shape: tuple[int, ...], rounds: int) -> None:
    data = folded(shape)
    chosen = DipSettings(rounds=rounds, steepest=4.0)
    whole = dips_of(data, chosen)
    field = DipField.open(data, settings=chosen)
    assert sum(1 for _ in field.fill()) > 4
    found = field.read(Box.whole(shape))
    # Where two slopes are as clear as each other, rounding chooses, and some processors' products of matrices round by
    # their size, as bricks do. Such samples are found by rounding the data otherwise, and are few; a seam would be a
    # tenth of all.
    rng = np.random.default_rng(0)
    rounded = (data * (1 + np.finfo(np.float32).eps * rng.choice([-1, 1], data.shape)) for _ in range(32))
    others = [dips_of(one.astype(np.float32), chosen) for one in rounded]
    few = 2e-4 if int(np.__version__.split(".")[0]) > 1 else 1e-3
    for name, most in (("slopes", 2e-3), ("coherence", 5e-3)):
        expected = getattr(whole, name)
        undecided = np.any([np.abs(getattr(one, name) - expected) > most / 2 for one in others], axis=0)
        assert undecided.mean() < 0.2
        off = np.abs(getattr(found, name) - expected) > most
        assert off[~undecided].mean() < few


@pytest.mark.usefixtures("small_bricks")
@settings(deadline=None, max_examples=30)
@given(st.data())
def test_a_box_is_part_of_the_whole(data: st.DataObject) -> None:
    whole = _FIELD.read(Box.whole(_FIELD.shape))
    start = [data.draw(st.integers(0, size - 1)) for size in _FIELD.shape]
    stop = [data.draw(st.integers(a, size)) for a, size in zip(start, _FIELD.shape, strict=True)]
    box = Box(tuple(start), tuple(stop))
    part = _FIELD.read(box)
    assert part.coherence.shape == box.shape
    np.testing.assert_array_equal(part.slopes, whole.slopes[(slice(None), *box.slices)])
    np.testing.assert_array_equal(part.coherence, whole.coherence[box.slices])


_FIELD = DipField.open(beds((14, 13, 31), (0.4, 0.2)))


class Counted:
    """Data that count how often they are read."""

    def __init__(self, values: NDArray[np.float32]) -> None:
        self.values, self.shape, self.reads = values, values.shape, 0

    def __getitem__(self, index: tuple[slice, ...]) -> NDArray[np.float32]:
        self.reads += 1
        return self.values[index]


@pytest.mark.usefixtures("small_bricks")
def test_bricks_are_kept_and_found_again(tmp_path: Path) -> None:
    data = Counted(beds((26, 27, 60), (0.5, 0.1)))
    box = Box((0, 0, 0), (10, 27, 60))
    field = DipField.open(data, tmp_path, stamp="one", threads=1)
    assert not field.is_known(box)
    first = field.read(box)
    made = data.reads
    assert field.is_known(box)
    assert not field.is_known(Box.whole(field.shape))
    again = DipField.open(data, tmp_path, stamp="one", threads=1)
    assert again.is_known(box)
    np.testing.assert_array_equal(again.read(box).slopes, first.slopes)
    assert data.reads == made
    for other in (
        DipField.open(data, tmp_path, stamp="two"),
        DipField.open(data, tmp_path, stamp="one", settings=DipSettings(rounds=0)),
    ):
        assert not other.is_known(box)
    # What one makes, another that is open already sees.
    for _ in field.fill():
        pass
    assert again.is_known(Box.whole(field.shape))


@pytest.mark.usefixtures("small_bricks")
def test_a_brick_counts_only_when_it_is_flagged(tmp_path: Path) -> None:
    data = beds((26, 27, 60), (0.5, 0.1))
    field = DipField.open(data, tmp_path)
    expected = field.read(Box.whole(data.shape))
    folder = next(tmp_path.iterdir())
    done = np.lib.format.open_memmap(folder / "done.npy", mode="r+")
    slopes = np.lib.format.open_memmap(folder / "slopes.npy", mode="r+")
    done[1] = 0
    slopes[(slice(None), *field._nodes(1).slices)] = -1  # killed while it wrote
    found = DipField.open(data, tmp_path).read(Box.whole(data.shape))
    np.testing.assert_array_equal(found.slopes, expected.slopes)


def test_what_was_cut_off_is_made_again(tmp_path: Path) -> None:
    data = beds((6, 8, 40), (0.5, 0.1))
    whole = Box.whole(data.shape)
    expected = DipField.open(data, tmp_path).read(whole)
    folder = next(tmp_path.iterdir())
    for name, length in (("slopes.npy", 300), ("done.npy", 0)):
        (folder / name).write_bytes((folder / name).read_bytes()[:length])
        np.testing.assert_array_equal(DipField.open(data, tmp_path).read(whole).slopes, expected.slopes)
    (folder / "coherence.npy").unlink()
    np.testing.assert_array_equal(DipField.open(data, tmp_path).read(whole).slopes, expected.slopes)


def test_without_room_or_leave_dips_stay_in_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    data = beds((6, 8, 40), (0.5, 0.1))
    (tmp_path / "file").write_text("no folder")
    field = DipField.open(data, tmp_path / "file")
    assert field.read(Box.whole(data.shape)).slopes.shape == (2, *data.shape)
    monkeypatch.setattr("shutil.disk_usage", lambda _: SimpleNamespace(free=10))
    field = DipField.open(data, tmp_path / "full")
    assert field.read(Box.whole(data.shape)).slopes.shape == (2, *data.shape)
    assert not list((tmp_path / "full").iterdir())


@pytest.mark.parametrize("shape", [(70, 60, 200), (900, 500)])
@pytest.mark.parametrize("gaps", [False, True])
def test_what_finding_dips_takes_is_foretold(shape: tuple[int, ...], gaps: bool) -> None:
    data = beds(shape, (0.3,) * (len(shape) - 1))
    if gaps:
        data[..., :9] = np.nan
    field = DipField.open(data)
    tracemalloc.start()
    field.make(0)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    # Of the largest brick, with gaps; the first is one of the smallest, with a rim at fewer sides.
    assert 0.5 * brick_bytes(shape) < peak <= brick_bytes(shape)


def test_as_many_bricks_are_made_at_once_as_there_is_memory_for() -> None:
    data, each = np.zeros((200, 200, 400), np.float32), brick_bytes((200, 200, 400))
    assert 400e6 < each < 650e6
    assert [DipField.open(data, threads=8, memory=int(n * each)).threads for n in (0, 0.5, 1, 3.5, 20)] == [
        1,
        1,
        1,
        3,
        8,
    ]
    assert brick_bytes((20_000, 30_000, 2_000)) < 650e6
    assert brick_bytes((100, 100)) == 100 * 100 * 58


@pytest.mark.usefixtures("small_bricks")
def test_memory_stays_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    data = beds((26, 27, 60), (0.5, 0.1))
    expected = DipField.open(data).read(Box.whole(data.shape))
    monkeypatch.setattr(dips_module, "Memory", lambda: Memory(10_000))
    field = DipField.open(data)
    found = field.read(Box.whole(data.shape))
    np.testing.assert_array_equal(found.slopes, expected.slopes)
    assert not field.is_known(Box.whole(data.shape))


@pytest.mark.usefixtures("small_bricks")
def test_filling_can_be_left_in_the_middle(tmp_path: Path) -> None:
    data = beds((26, 27, 60), (0.5, 0.1))
    field = DipField.open(data, tmp_path, threads=2)
    box = next(iter(field.fill()))
    assert field.read(box).slopes.shape[1:] == box.shape


def test_what_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="not of 1 axis"):
        DipField.open(np.zeros(5))
    with pytest.raises(ValueError, match="steepest"):
        DipField.open(np.zeros((5, 5)), settings=DipSettings(steepest=40.0))
    with pytest.raises(ValueError, match="within the shape"):
        DipField.open(np.zeros((5, 5)), tmp_path).read(Box((0, 0), (6, 5)))


def test_a_section_of_dips() -> None:
    slopes = np.stack([np.full((4, 5, 6), 1.0), np.full((4, 5, 6), 2.0)]).astype(np.float32)
    dips = Dips(slopes, np.ones((4, 5, 6), np.float32))
    along_crosslines = dips.section(0, 2)
    assert along_crosslines.slopes.shape == (1, 5, 6)
    assert (along_crosslines.slopes == 2).all()
    assert (dips.section(1, 0).slopes == 1).all()
    assert dips.section(1, 0).coherence.shape == (4, 6)
    with pytest.raises(ValueError, match="no lateral axis"):
        dips.section(2, 0)
