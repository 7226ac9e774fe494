"""A survey copied into shards: by several, on a disk and in an object store, whatever is killed in between."""

from __future__ import annotations

import errno
import os
import random
import shutil
import signal

import numpy as np
import pytest
import xarray as xr

from faulty_disk import disk, killed
from napari_fhn import surveys
from napari_fhn.cli import main
from napari_fhn.shards import Part, Shards
from napari_fhn.surveys import SurveyError, bricks
from napari_fhn.surveys.bricks import marks as mark_files
from napari_fhn.surveys.bricks import plan as brick_plan
from napari_fhn.surveys.bricks import pyramid, store
from proofs import ASKED


@pytest.fixture(autouse=True)
def small_shards(monkeypatch):
    """Several shards of the small volume."""
    monkeypatch.setattr(store, "BRICK_BYTES", 2**5)
    original = brick_plan.Plan.of.__func__
    monkeypatch.setattr(
        brick_plan.Plan, "of", classmethod(lambda cls, s, brick=None, budget=2**6: original(cls, s, brick, budget))
    )


@pytest.fixture
def survey(volume) -> xr.DataArray:
    return surveys.open(volume)


def run(survey: xr.DataArray, target: object, part: Part | None = None) -> list[bricks.Copied]:
    return list(bricks.copy_shards(survey, target, part=part))


def assert_same(again: xr.DataArray, survey: xr.DataArray) -> None:
    xr.testing.assert_identical(again.drop_attrs(), survey.drop_attrs())
    assert again.attrs.get("geometry") == survey.attrs.get("geometry")
    assert "twt" not in survey.coords or again["twt"].attrs == survey["twt"].attrs


@pytest.mark.parametrize("where", ["folder", "memory"])
def test_parts_in_any_order_make_the_survey_and_until_then_nothing_opens_it(survey, tmp_path, where):
    target = tmp_path / "a.zarr" if where == "folder" else f"memory://{tmp_path.name}/a.zarr"
    (*_, half) = run(survey, target, Part(2, 2))
    assert 0 < half.done < half.total
    with pytest.raises(SurveyError, match="not whole yet"):
        surveys.open(target)
    first, *_, last = run(survey, target, Part(1, 2))
    assert first.done == half.done, "what another part has written counts"
    assert last.done == last.total
    assert_same(surveys.open(target), survey)
    assert run(survey, target) == [bricks.Copied(last.total, last.total)], "it is there"
    if where == "folder":
        assert sum(1 for path in (target / "values" / "c").rglob("*") if path.is_file()) == len(_boxes(survey))
        assert not (target / "values" / "shards").exists()
        assert bricks.changed(target, survey) == ""
        *_, checked = bricks.verify(target, survey)
        assert checked.done == checked.total


def _boxes(survey: xr.DataArray) -> list[object]:
    return list(brick_plan.Plan.of(survey).boxes())


def test_a_copy_goes_on_after_a_kill_and_after_a_full_disk(survey, tmp_path, monkeypatch):
    target = tmp_path / "a.zarr"
    original = mark_files.Marks.finish

    def fails(after: int, how: object) -> None:
        count = 0

        def finish(self, number, said):
            nonlocal count
            count += 1
            if count > after:
                how()
            original(self, number, said)

        monkeypatch.setattr(mark_files.Marks, "finish", finish)

    child = os.fork()
    if not child:
        fails(2, lambda: os.kill(os.getpid(), signal.SIGKILL))
        run(survey, target)
        os._exit(0)
    assert os.WIFSIGNALED(os.waitpid(child, 0)[1])
    written = {path: path.stat().st_mtime_ns for path in (target / "values" / "shards").glob("[0-9]*.json")}
    assert len(written) == 2

    def full() -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    fails(1, full)
    with pytest.raises(SurveyError, match="disk is full"):
        run(survey, target)
    assert len(mark_files.Marks(_target(target), "values/shards").done()) == 3
    monkeypatch.setattr(mark_files.Marks, "finish", original)
    assert all(path.stat().st_mtime_ns == then for path, then in written.items()), "what was there is not done again"
    run(survey, target)
    assert_same(surveys.open(target), survey)


@pytest.mark.skipif(not os.path.isdir("/proc/self/fd"), reason="what is synced is not told here")
@pytest.mark.parametrize("fault", ["kill", "power"])
def test_without_power_at_any_event_a_copy_goes_on_and_leaves_nothing_behind(tmp_path, fault, monkeypatch):
    np.save(tmp_path / "v.npy", np.arange(96, dtype=np.float32).reshape(4, 4, 6))
    survey, folder = surveys.open(tmp_path / "v.npy"), tmp_path / "here"
    target = folder / "a.zarr"
    monkeypatch.setattr(pyramid, "LONG", 4)

    def copy() -> None:
        run(survey, target)
        list(bricks.build_pyramid(target))

    def anew() -> None:
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()

    anew()
    with disk(folder, 0, fault) as seen:
        copy()
    whole, count = sorted(path.relative_to(target) for path in target.rglob("*")), len(seen.events)
    assert len(bricks.levels(target)) > 1
    chance = random.Random(4)
    for at in range(1, count + 1) if ASKED else sorted(chance.sample(range(1, count + 1), 8)):
        anew()
        seed = chance.choice((None, at))
        killed(folder, copy, at, fault, seed)
        said = target / "zarr.json"
        if said.exists() and (words := said.read_text()) and "unfinished" not in words and f'"{store.KEY}"' in words:
            assert_same(surveys.open(target), survey)  # what says that it is whole is
        copy()
        assert_same(surveys.open(target), survey)
        assert [*bricks.verify(target, survey)][-1].done == survey.nbytes
        assert len(bricks.levels(target)) > 1
        assert sorted(path.relative_to(target) for path in target.rglob("*")) == whole, (at, seen.events[at - 1], seed)
        assert os.listdir(folder) == [target.name]


def _target(path: object) -> object:
    from napari_fhn.surveys.remote.target import Target

    return Target(path)


def test_another_survey_or_a_later_state_of_it_is_refused(survey, tmp_path):
    target = tmp_path / "a.zarr"
    run(survey, target, Part(1, 2))
    with pytest.raises(SurveyError, match="another survey, or another state of this one, is there"):
        run(survey[1:], target)
    run(survey, target)
    with pytest.raises(SurveyError, match="another survey, or another state of this one, is there"):
        run(survey[1:], target)
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "notes.txt").write_text("mine")
    with pytest.raises(SurveyError, match="something else is there"):
        run(survey, tmp_path / "mine")
    with pytest.raises(SurveyError, match="nothing can be written to https"):
        run(survey, "https://example.org/a.zarr")


def test_the_command_line_copies_in_tasks(volume, survey, tmp_path, capsys):
    target = str(tmp_path / "out.zarr")
    assert main(["brick", str(volume), target, "--task", "1/3"]) == 0
    assert "it goes on from there" in capsys.readouterr().out
    assert main(["brick", str(volume), target, "--json"]) == 0
    assert '"kind": "Bricked"' in capsys.readouterr().out
    assert_same(surveys.open(target), survey)
    assert main(["brick", str(volume), target, "--task", "4/3"]) == 2
    assert "there is no part 4 of 3" in capsys.readouterr().err
    assert main(["brick", str(volume), "memory://here/a.zarr", "--levels"]) == 2


@pytest.mark.parametrize("count", [1, 2, 3, 7, 20])
def test_parts_share_every_shard_once(count):
    shards = Shards((5, 4, 9), (2, 4, 5))
    taken = [number for k in range(count) for number in Part(k + 1, count).of(shards.count)]
    assert taken == list(range(shards.count))
    seen = np.zeros(shards.shape, int)
    for number in taken:
        seen[shards.box(number).slices] += 1
    assert (seen == 1).all()
