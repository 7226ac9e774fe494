"""On the command line files lie on the survey by their coordinates, are brought there with a word, or are refused."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from tests.cli.conftest import prepared
from tests.project.predicted import as_if_trained

from napari_fhn import surveys
from napari_fhn.cli import main
from napari_fhn.project import Project
from napari_fhn.report.runs import truth_for
from napari_fhn.surveys import Grid, PlaceError

pytestmark = pytest.mark.usefixtures("small")

SHAPE = (8, 10, 32)


def train(*arguments: object):
    return prepared(*map(str, arguments), "--session", "s").begun.job


def truth(path: object, job) -> np.ndarray:
    return truth_for(path, job, Project.open("s")).values


@pytest.fixture
def known(survey) -> np.ndarray:
    """Two classes, saved as ``known.sgy`` on the survey."""
    values = np.random.default_rng(1).integers(1, 3, SHAPE).astype(np.uint8)
    surveys.save("known.sgy", values, surveys.open(survey))
    return values


def moved(survey: Path, inlines: int = 0, step: float = 4.0) -> Grid:
    grid = Grid.of(surveys.open(survey))
    first, middle, last = grid.axes
    return replace(
        grid, axes=(replace(first, first=first.first + inlines), middle, replace(last, step=step)), geometry=None
    )


def amounts(path: str, grid: Grid) -> str:
    surveys.save(path, np.random.default_rng(2).standard_normal(SHAPE).astype(np.float32), grid.template())
    return path


def test_two_volumes_are_cut_to_what_they_have_in_common(survey, known, capsys):
    other = amounts("other.nc", moved(survey, 3))
    job = train(survey, other, "--labels", "known.sgy")
    said = capsys.readouterr().err
    assert "Only what small.sgy and other.nc have in common is used: inlines 103 to 107" in said
    assert "known.sgy: what lies beyond the survey was left out." in said
    one, two = (np.load(item.path) for item in job.inputs)
    np.testing.assert_array_equal(one, surveys.open(survey).values[3:])
    np.testing.assert_array_equal(two, surveys.open(other).values[:5])
    np.testing.assert_array_equal(np.load(job.labels), known[3:])
    # What was predicted there goes back into the whole survey, where it belongs.
    as_if_trained(Path("s"), job.run, known[3:])
    for like in (("--like", str(survey)), ()):
        assert main(["export", "classes", "out.sgy", "--session", "s", *like]) == 0
        assert "it covers inlines 103 to 107" in capsys.readouterr().err
        written = surveys.open("out.sgy").values
        np.testing.assert_array_equal(written[3:], known[3:])
        assert not written[:3].any()


@pytest.mark.parametrize(
    ("inlines", "step", "said"),
    [(5000, 4.0, "its inlines run from 5100 to 5107 instead of 100 to 107"), (0, 2.0, "2 ms apart instead of 4 ms")],
)
def test_volumes_of_two_places_are_refused(survey, known, inlines, step, said, capsys):
    other = amounts("other.nc", moved(survey, inlines, step))
    assert main(["train", str(survey), other, "--labels", "known.sgy", "--session", "s"]) == 2
    assert said in capsys.readouterr().err
    assert not Path("s").exists()


def test_labels_in_the_order_of_the_volume_s_file(known, capsys):
    np.save("volume.npy", np.random.default_rng(0).standard_normal((32, 8, 10)).astype(np.float32))
    np.save("labels.npy", np.moveaxis(known, 2, 0))
    job = train("volume.npy", "--labels", "labels.npy", "--axes", "twt,inline,crossline")
    np.testing.assert_array_equal(np.load(job.labels), known)
    assert "its axes were taken to be twt, inline, crossline" in capsys.readouterr().err


def test_a_mask_of_any_kind_is_brought_onto_the_survey(survey, known, capsys):
    mask = np.zeros(SHAPE, np.uint8)
    mask[2:4] = 7
    np.save("mask.npy", mask)
    surveys.save("mask.nc", mask, moved(survey).template())
    surveys.save("part.nc", mask[2:], replace(moved(survey, 2), axes=(
        replace(moved(survey, 2).axes[0], size=6), *moved(survey).axes[1:])).template())  # fmt: skip
    for name in ("mask.npy", "mask.nc", "part.nc"):
        shutil.rmtree("s", ignore_errors=True)
        job = train(survey, "--labels", "known.sgy", "--absent", f"class 1={name}")
        path = Path(job.schedule.objective.absences[0].mask)
        # In the session: moved with it, it is found again.
        assert path.parent == Path("s/masks").absolute()
        np.testing.assert_array_equal(np.load(path) != 0, mask != 0)
    np.save("small.npy", mask[1:])
    assert main(["train", str(survey), "--labels", "known.sgy", "--absent", "class 1=small.npy", "--session", "t"]) == 2
    assert "small.npy: its shape is 7 x 10 x 32" in capsys.readouterr().err


def test_a_survey_that_lies_elsewhere_is_refused_before_anything_is_predicted(survey, known, capsys):
    as_if_trained(Path("s"), train(survey, "--labels", "known.sgy").run, known)
    elsewhere = amounts("elsewhere.nc", moved(survey, 5000))
    assert main(["predict", "--session", "s", "--output", "out.nc", "--like", elsewhere]) == 2
    said = capsys.readouterr().err
    assert "elsewhere.nc: it is not where the prediction lies" in said
    assert "Name the survey that was predicted" in said
    assert not Path("out.nc").exists()


def test_a_truth_is_placed_by_its_coordinates(survey, known, capsys):
    job = train(survey, "--labels", "known.sgy")
    shifted = moved(survey, 3)
    surveys.save("truth.nc", np.full(SHAPE, 2, np.uint8), shifted.template())
    found = truth_for("truth.nc", job, Project.open("s"))
    assert not found.values[:3].any()
    assert (found.values[3:] == 2).all()
    assert "it covers inlines 103 to 107" in found.words[0]
    surveys.save("far.nc", np.full(SHAPE, 2, np.uint8), moved(survey, 5000).template())
    with pytest.raises(PlaceError, match="they do not meet"):
        truth("far.nc", job)


_CASES = Path(__file__).parents[3] / "shared" / "cases" / "places"


@pytest.mark.skipif(not _CASES.is_dir(), reason="without the shared cases")
def test_cases(capsys):
    for name in ("lab_southup.tif", "lab_ok.tif"):
        shutil.rmtree("s", ignore_errors=True)
        job = train(_CASES / "img.tif", "--labels", _CASES / name)
        np.testing.assert_array_equal(np.load(job.labels), surveys.open(_CASES / "lab_ok.tif").values[0])
    np.testing.assert_array_equal(truth(_CASES / "lab_southup.tif", job), np.load(job.labels))
    assert main(["train", str(_CASES / "img.tif"), "--labels", str(_CASES / "lab_shift.tif"), "--session", "t"]) == 2
    assert "they do not meet" in capsys.readouterr().err
    labels = surveys.read_classes(_CASES / "lab_otherrange.sgy", surveys.open(_CASES / "vol.sgy")).values
    assert not labels[:8].any()
    assert (labels[8:] == 1).all()
