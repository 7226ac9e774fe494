"""Options that say how a survey file is to be read."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import scipy.io
from tests.cli.conftest import run_of

from napari_fhn.cli import main, saying
from napari_fhn.cli.reading import as_options

pytestmark = pytest.mark.usefixtures("small")


def test_axes_and_variable_reach_every_command(capsys):
    rng = np.random.default_rng(0)
    np.savez("two.npz", near=rng.random((8, 10, 32)), far=rng.random((8, 10, 32)))
    labels = np.zeros((8, 10, 32), np.uint8)
    labels[2, 3, :16], labels[2, 3, 16:] = 1, 2
    np.save("labels.npy", labels)
    assert main(["info", "two.npz"]) == 2
    assert "far" in capsys.readouterr().err
    read = ["--variable", "far", "--axes", "inline,crossline,twt"]
    assert main(["info", "two.npz", *read]) == 0
    assert "crossline: 10" in capsys.readouterr().out
    assert main(["train", "two.npz", *read, "--labels", "labels.npy", "--session", "s", "--device", "cpu"]) == 0
    staged = np.load(run_of("s").job().inputs[0].path)
    np.testing.assert_array_equal(staged, np.load("two.npz")["far"])
    assert main(["predict", "--session", "s", "--output", "p.nc"]) == 0
    capsys.readouterr()
    assert main(["info", "p.nc"]) == 0
    assert "inline: 8" in capsys.readouterr().out


def test_bytes_of_a_segy_file(survey, capsys):
    assert main(["info", str(survey), "--inline-byte", "189", "--crossline-byte", "193", "--depth"]) == 0
    assert "depth: 32, 0 to 124" in capsys.readouterr().out
    assert main(["info", str(survey), "--line"]) == 0
    assert "trace: 80" in capsys.readouterr().out


def test_times_and_scalar_of_a_segy_file(survey, capsys):
    assert main(["info", str(survey), "--sample-interval-ms", "2", "--delay-ms", "100"]) == 0
    assert "twt: 32, 100 to 162" in capsys.readouterr().out
    assert main(["info", str(survey), "--sample-interval-ms", "0"]) == 2
    assert "a sample interval of 0 ms is none" in capsys.readouterr().err
    assert main(["info", str(survey), "--coordinate-scalar", "0"]) == 2
    assert "a coordinate scalar of 0 is none" in capsys.readouterr().err


def test_sentences_speak_of_options_and_not_of_arguments(capsys):
    for said, expected in (
        ("open it with inline_byte=9, crossline_byte=21.", "open it with --inline-byte 9, --crossline-byte 21."),
        ("or open its whole traces with incomplete=True", "or open its whole traces with --incomplete"),
        ("Say them: axes=('y', 'x', 'band').", "Say them: --axes y,x,band."),
        ("say wavelength_units='nm' (or what they are)", "say --wavelength-units nm (or what they are)"),
        ("https://a.org/b?page=3&line=4 is not there", "https://a.org/b?page=3&line=4 is not there"),
        ("a pipeline=x of others", "a pipeline=x of others"),
    ):
        assert as_options(said) == expected
    saying.say(["Give one with delay_ms=."])
    assert capsys.readouterr().err == "napari-fhn: Give one with --delay-ms.\n"


def test_rows_of_a_table_of_bands_x_pixels(capsys):
    scipy.io.savemat("table.mat", {"Y": np.random.default_rng(0).random((3, 80))})
    assert main(["info", "table.mat"]) == 2
    assert "for example --rows " in capsys.readouterr().err
    assert main(["info", "table.mat", "--rows", "8", "--pixels", "along"]) == 0
    assert "y: 8" in capsys.readouterr().out


def test_an_option_of_another_kind_of_file_is_a_sentence(survey, capsys):
    assert main(["info", str(survey), "--axes", "y,x"]) == 2
    told = capsys.readouterr().err
    assert "small.sgy: --axes names the axes of arrays that have no names, and it has names of its own." in told


def test_an_option_said_of_several_files_is_for_those_to_which_it_means_something(survey, capsys):
    np.save("cube.npy", np.zeros((4, 5, 6), np.float32))
    assert main(["info", str(survey), "cube.npy", "--axes", "y,x,band", "--inline-byte", "189"]) == 0
    told = capsys.readouterr()
    assert "band: 6" in told.out
    assert told.err == ""
    assert main(["info", str(survey), "cube.npy", "--page", "2"]) == 2
    assert "small.sgy: --page chooses one of several images of a TIFF, and it is none." in capsys.readouterr().err


def test_a_file_that_takes_values_from_elsewhere_is_followed_when_told_so(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("NAPARI_FHN_FOLLOWED", str(tmp_path / "followed.json"))
    Path("values").write_bytes(bytes(12))
    Path("box").mkdir()
    Path("box/map.vrt").write_text(
        '<VRTDataset rasterXSize="4" rasterYSize="3"><VRTRasterBand dataType="Byte" subClass="VRTRawRasterBand">'
        '<SourceFilename relativeToVRT="1">../values</SourceFilename></VRTRasterBand></VRTDataset>'
    )
    assert main(["info", "box/map.vrt"]) == 2
    assert "../values" in capsys.readouterr().err
    assert main(["info", "box/map.vrt", "--follow"]) == 0
    assert main(["info", "box/map.vrt"]) == 0


def test_of_a_file_that_cannot_be_opened_no_option_is_said_to_mean_nothing(survey, capsys):
    assert main(["info", str(survey), "absent.tif", "--page", "2"]) == 2
    told = capsys.readouterr().err
    assert "absent.tif" in told
    assert "--page" not in told


def test_a_sample_of_several_files_is_several_files(capsys):
    assert main(["info", "sample:hyperspectral", "--wavelength-units", "nm"]) == 0
    capsys.readouterr()
    assert main(["info", "sample:hyperspectral", "--page", "2"]) == 2
    told = capsys.readouterr()
    assert told.out.count("hyperspectral") > 1  # each is told of before the option is refused
    assert "--page chooses one of several images of a TIFF" in told.err
