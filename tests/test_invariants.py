"""What holds at every door, over the list of all doors; `docs/invariants.md` states each rule."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import xarray as xr
from tests.surveys.remote.server import KEY, Server

import proofs
from doors import DOORS, GRIDS, NOT_VOXELS, Door, Work, truth_at, variants
from napari_fhn.cli.commands import parser
from napari_fhn.surveys import Grid

#: Several options may be one door.
_DOORS = tuple({door.bring: door for door in DOORS}.values())
_IDS = [door.name for door in _DOORS]
_CASES = [(kind, name) for kind, make in GRIDS.items() for name in variants(make())]


def _tried() -> list[Any]:
    """Each door with what lies elsewhere and half of the other cases, or, where asked for, with all of both kinds."""

    def in_turn(at: int, turn: int, case: str) -> bool:
        return case == "elsewhere" or (at + turn // 2) % 2 == 0

    found = []
    for at, door in enumerate(_DOORS):
        for turn, case in enumerate(dict.fromkeys(case for _, case in _CASES)):
            kinds = [kind for kind, known in _CASES if known == case]
            asked = kinds if proofs.ASKED else [kinds[(at + turn) % len(kinds)]] if in_turn(at, turn, case) else []
            found += [pytest.param(door, kind, case, id=f"{door.name}-{kind}, {case}") for kind in asked]
    return found


_EXACTLY = ("there", "in seconds")
_EXACTLY_OR_REFUSED = ("stored the other way round",)


def wrong(work: Work, door: Door, arrived: xr.DataArray) -> tuple[int, int]:
    """How many voxels arrived with a value, and how many of these with one that belongs elsewhere.

    Between the lines and samples of the survey a door may interpolate; there nothing is compared.
    """
    grid = seconds_aside(Grid.of(arrived))
    expected = truth_at(grid)
    values = np.asarray(arrived)
    on = [np.isclose(a.numbers[:, None], b.numbers).any(axis=1) for a, b in zip(grid.axes, work.grid.axes, strict=True)]
    compared = np.zeros(values.shape, bool)
    compared[np.ix_(*on)] = True
    if door.takes == "mask":
        return int((values > 0).sum()), int((compared & (values > 0) & (expected != 2)).sum())
    known = np.isfinite(values) & (values != 0)
    return int(known.sum()), int((compared & known & (np.abs(values - expected) > 1e-4)).sum())


def seconds_aside(grid: Grid) -> Grid:
    """The grid with its times in milliseconds."""
    return Grid(tuple(axis.into("ms") if axis.name == "twt" else axis for axis in grid.axes))


@pytest.mark.parametrize(("door", "kind", "case"), _tried())
def test_place_domain_and_unit(door, kind, case, tmp_path):
    """What lies elsewhere is brought over by its coordinates, or refused in a sentence; never taken by index."""
    work = Work(tmp_path, kind)
    grid = variants(work.grid)[case]
    path = _in_seconds(work, grid, door) if case == "in seconds" else work.file(grid, door.takes)
    must = case in _EXACTLY or (case in _EXACTLY_OR_REFUSED and not door.exact)
    try:
        arrived = door.bring(work, path)
    except ValueError:
        if must:
            raise
        return
    assert case not in ("elsewhere", "in depth"), "it lies elsewhere, and was let in"
    known, misplaced = wrong(work, door, arrived)
    assert misplaced == 0
    assert known > 0
    if must:
        whole = truth_at(seconds_aside(Grid.of(arrived)))
        assert known == (np.count_nonzero(whole == 2) if door.takes == "mask" else whole.size)


def _in_seconds(work: Work, grid: Grid, door: Door) -> Path:
    """The survey's own values, with times in seconds."""
    from napari_fhn import surveys

    values = truth_at(work.grid)
    values = values - 1 if door.takes == "mask" else values
    stored = values.astype(np.float32) if door.takes == "amounts" else values
    return surveys.save(work.folder / "other.nc", stored, grid.template())


@pytest.mark.parametrize("kind", list(GRIDS))
@pytest.mark.parametrize("door", _DOORS, ids=_IDS)
def test_nothing(door, kind, tmp_path):
    """A value that says "no data" is neither a class nor an amount."""
    work = Work(tmp_path, kind)
    path = work.file(work.grid, door.takes, holes=True)
    arrived = door.bring(work, path)
    values = np.asarray(arrived).ravel()
    known, misplaced = wrong(work, door, arrived)
    assert misplaced == 0
    if door.takes != "place":
        assert not np.nan_to_num(values[::3]).any()
    assert known > 0


@pytest.mark.parametrize("door", _DOORS if proofs.ASKED else _DOORS[::3], ids=lambda door: door.name)
def test_by_address(door, tmp_path, named_by_address):
    """What lies at an address comes in as a file does, with the key of the address, which is written nowhere."""
    kind = list(GRIDS)[_DOORS.index(door) // 3 % len(GRIDS)]
    work = Work(tmp_path, kind)
    path = work.file(work.grid, door.takes)
    url = named_by_address(path)
    arrived = door.bring(work, Path(url))
    assert named_by_address.server.asked, "nothing was fetched"
    expected = door.bring(work, path)
    np.testing.assert_array_equal(np.asarray(arrived), np.asarray(expected))
    secret = KEY.encode()
    assert [one for one in tmp_path.rglob("*") if one.is_file() and secret in one.read_bytes()] == []


@pytest.fixture
def named_by_address(tmp_path, monkeypatch):
    """What serves a folder, and tells the address of a file in it as the command line goes on with it."""
    from napari_fhn import keys
    from napari_fhn.surveys import reaching
    from napari_fhn.surveys.segy import header_cache

    pytest.importorskip("aiohttp")
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv(keys.VARIABLE, "")
    monkeypatch.setenv(header_cache.VARIABLE, str(tmp_path / "cache"))
    monkeypatch.setenv(reaching.VARIABLE, str(tmp_path / "followed.json"))
    server = Server(tmp_path)
    server.mood = "key"

    def named(path: Path) -> str:
        return keys.taken(f"{server.address}/{path.name}?{KEY}")

    named.server = server
    yield named
    server.close()


@pytest.mark.parametrize("door", _DOORS, ids=_IDS)
def test_an_axis_that_counts_has_no_place(door, tmp_path):
    """An array without coordinates is taken voxel by voxel where it has as many, and refused where it has not."""
    if door.takes == "place":
        pytest.skip("a survey without coordinates gives no headers")
    work = Work(tmp_path, "volume")
    values = truth_at(work.grid)
    stored = values - 1 if door.takes == "mask" else values
    np.save(tmp_path / "bare.npy", stored)
    known, misplaced = wrong(work, door, door.bring(work, tmp_path / "bare.npy"))
    assert misplaced == 0
    assert known
    np.save(tmp_path / "less.npy", stored[:, 1:])
    with pytest.raises(ValueError, match=r".{10}"):
        door.bring(work, tmp_path / "less.npy")


def test_every_option_that_takes_a_file_is_a_door_or_says_why_not():
    """A new option of the command line that takes a file is noticed here: add it to tests/doors.py."""
    doors = {door.name for door in DOORS}
    strange = []
    for command, action in _actions(parser(), ""):
        names = [*action.option_strings, action.dest]
        takes_file = action.type is Path or (action.metavar in ("FILE", "SURVEY", "CLASS=MASK", "CSV"))
        if not takes_file:
            continue
        keys = {f"{command.split()[0]} {name}" for name in names} if command else set(names)
        if not keys & doors and not (keys | set(names)) & set(NOT_VOXELS):
            strange.append(f"{command} {names[0]}")
    assert strange == []


def _actions(found: argparse.ArgumentParser, command: str):
    for action in found._actions:
        if isinstance(action, argparse._SubParsersAction):
            for name, child in action.choices.items():
                yield from _actions(child, f"{command} {name}".strip())
        else:
            yield command, action
