"""`napari-fhn recipes`, `forecast` and `diagnose`: networks looked at before and after training."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import numpy as np
import pytest
from tests.cli.conftest import prepared

from napari_fhn import surveys
from napari_fhn.cli import main
from napari_fhn.cli.networks import sizes
from napari_fhn.cli.typed import number_of_bytes
from napari_fhn.network.diagnostics import Energy, Stability
from napari_fhn.network.forecast import forecast
from napari_fhn.network.language import write
from napari_fhn.network.presets import architecture
from napari_fhn.sample_data import HYPERSPECTRAL
from napari_fhn.training import Job
from napari_fhn.training.machine import device, memory
from napari_fhn.training.models.diagnosis import verdict
from napari_fhn.training.recipes import RECIPES

TINY = "2d 8: 2x4 | down 2x8"


def test_recipes_are_listed_and_shown(capsys):
    assert main(["recipes"]) == 0
    said = capsys.readouterr().out
    assert all(f"{name}: {found.title}" in said for name, found in RECIPES.items())
    assert main(["recipes", "map"]) == 0
    said = capsys.readouterr().out
    assert "block rank" in said
    assert "learning rate: 0.03" in said
    assert main(["recipes", "--json"]) == 0
    told = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [line["name"] for line in told] == list(RECIPES)
    assert told[0]["schedule"]["steps"] == RECIPES[told[0]["name"]].schedule.steps


def test_forecast_is_that_of_the_network_room(capsys):
    assert main(["forecast", "--network", "volume", "--shape", "200,100,300", "--memory", "1GB", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["block"] == [64, 64, 64]
    assert told["input_channels"] == 2  # the data, and where a voxel lies
    own = forecast(architecture("volume"), (64, 64, 64), input_channels=2, classes=8)
    full = forecast(
        architecture("volume"), (64, 64, 64), input_channels=2, classes=8, invertible=False, block_low_rank=False
    )
    assert told["networks"][0]["bytes"] == own.total
    assert told["networks"][3]["bytes"] == full.total
    assert told["fits"] is True
    largest = told["networks"][0]["largest_block"]
    assert np.prod(largest) > 64**3
    assert forecast(architecture("volume"), largest, input_channels=2, classes=8).total <= 1e9
    assert main(["forecast", "--network", "volume", "--shape", "200,100,300", "--memory", "1MB"]) == 0
    said = capsys.readouterr().out
    assert "There are 1 MB on cpu: it does not fit" in said
    assert said.count("none") >= 1


def forecasts(capsys, *options):
    assert main(["forecast", *options, "--json"]) == 0
    return json.loads(capsys.readouterr().out)


def test_networks_of_the_paper_are_forecast_on_the_blocks_they_were_trained_on(capsys):
    card = ("--device", "cuda", "--memory", "24GB", "--class-count", "2")
    cubes = ("--shape", "368,288,184", "--channels", "2", *card)
    resnets = [forecasts(capsys, "--network", f"paper.resnet{n}", *cubes) for n in (1, 2, 3)]
    assert [told["block"] for told in resnets] == [[368, 288, 184]] * 3
    assert all(16e9 < told["networks"][0]["bytes"] < 20e9 and told["fits"] for told in resnets)
    assert forecasts(capsys, "--network", "paper.hyperspectral", *cubes)["networks"][0]["bytes"] < 8e9
    seismic = ("--shape", "401,701,248", *card)
    whole, a, b = (forecasts(capsys, "--network", f"paper.{name}", *seismic) for name in ("seismic", "a", "b"))
    assert (whole["batch"], whole["block"], whole["device"]) == (4, [248, 248, 248], "cuda")
    assert whole["networks"][0]["bytes"] < 6e9  # one block at a time
    assert forecasts(capsys, "--network", "paper.seismic", *seismic, "--accumulate", "1")["fits"] is True
    assert forecasts(capsys, "--network", "paper.seismic", *seismic, "--accumulate", "1")["networks"][0]["bytes"] > 15e9
    assert max(told["networks"][0]["bytes"] for told in (a, b)) < 9e9


def test_auto_counts_with_the_gpu_where_there_is_one(capsys, monkeypatch):
    asked = []

    def free(device):
        asked.append(device)
        return {"cpu": 10**12, "cuda": 10**9}[device]

    monkeypatch.setattr(memory, "free_bytes", free)
    monkeypatch.setattr(memory, "_GPUS", ("null",))  # something that every /dev has
    monkeypatch.setattr(device, "present", lambda: ["cuda", "cuda:0", "cpu"])
    told = forecasts(capsys, "--network", "volume", "--shape", "200,100,300")
    assert (asked, told["device"], told["budget"]) == (["cuda"], "cuda", 10**9)
    monkeypatch.setattr(device, "present", lambda: ["cpu"])
    assert forecasts(capsys, "--network", "volume", "--shape", "200,100,300")["device"] == "cpu"
    assert main(["forecast", "--network", "volume", "--shape", "9,9,9", "--device", "cuda:3"]) == 2
    assert "has no device 'cuda:3'; it has cpu" in capsys.readouterr().err


def test_a_resnet_is_forecast_in_words(capsys):
    given = ["--network", "paper.resnet1", "--shape", "64,64,64", "--channels", "2", "--memory", "1GB"]
    assert main(["forecast", *given]) == 0
    said = capsys.readouterr().out
    assert "ResNet, low block rank, every state kept" in said
    assert "There are 1 GB on cpu: it fits" in said


@pytest.mark.usefixtures("small")
def test_forecast_of_a_survey_and_of_its_session_agree(survey, wells, capsys):
    assert main(["forecast", str(survey), "--recipe", "sections", "--class-count", "2", "--json"]) == 0
    before = json.loads(capsys.readouterr().out)
    assert main(["train", str(survey), *wells, "--session", "s", "--json"]) == 0
    capsys.readouterr()
    assert main(["forecast", "--session", "s", "--json"]) == 0
    after = json.loads(capsys.readouterr().out)
    assert after["networks"][0]["bytes"] == before["networks"][0]["bytes"]
    assert after["block"] == before["block"] == [8, 32]


@pytest.mark.usefixtures("small")
def test_a_survey_is_forecast_with_the_recipe_that_a_session_chooses(survey, wells, capsys):
    given = [str(survey), "--device", "cpu"]
    assert main(["forecast", *given]) == 0
    said = capsys.readouterr().out.splitlines()[0]
    chosen = said.removesuffix(" With labels that foretell each other train takes 'layers'.")
    assert chosen != said
    proposed, named = forecasts(capsys, *given), forecasts(capsys, *given, "--recipe", "sections")
    assert proposed.pop("recipe") == "sections"
    assert proposed.pop("why") == said
    assert proposed.keys() == named.keys()
    assert proposed["networks"][0]["bytes"] == named["networks"][0]["bytes"]
    assert main(["train", *given, *wells, "--session", "s"]) == 0
    assert capsys.readouterr().out.splitlines()[0] == chosen


def test_what_is_not_there_yet_is_forecast_with_the_recipe_that_a_session_chooses(capsys):
    assert forecasts(capsys, "--shape", "60,200,300", "--device", "cpu")["recipe"] == "sections"
    assert forecasts(capsys, "--shape", "60,200", "--device", "cpu")["recipe"] == "map"
    assert forecasts(capsys, "--shape", "60,200", "--vertical-axis", "1", "--device", "cpu")["recipe"] == "sections"
    assert forecasts(capsys, "--shape", "60,200", "--channels", "200", "--device", "cpu")["recipe"] == "spectra"


def test_a_volume_without_names_is_forecast_when_it_is_said_where_it_is_up(tmp_path, capsys):
    np.save(tmp_path / "a.npy", np.zeros((20, 24, 40), np.float32))
    given = ["forecast", str(tmp_path / "a.npy"), "--device", "cpu"]
    assert main(given) == 2
    assert "--vertical-axis N" in capsys.readouterr().err
    assert main([*given, "--vertical-axis", "-1"]) == 0
    assert "Recipe 'sections'" in capsys.readouterr().out


def test_a_recipe_for_sections_tells_its_network_where_it_is_on_a_line(capsys):
    """What two axes are is told by the recipe: an upright line has its height as a channel, as it is trained."""
    assert forecasts(capsys, "--shape", "60,200", "--recipe", "sections")["input_channels"] == 2


def test_a_spectrum_is_forecast_without_its_bad_bands(capsys):
    told = forecasts(capsys, "sample:hyperspectral", "--device", "cpu")
    opened = surveys.open(HYPERSPECTRAL.dates[0])
    assert told["recipe"] == "spectra"
    assert told["input_channels"] == 2 * int(opened["good"].sum()) < 2 * opened.sizes["band"]


def test_diagnose_a_network_in_words(capsys):
    assert main(["diagnose", "--network", TINY, "--h", "0.5", "1", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["trained"] is False
    assert told["over_time_step"]["h"] == [0.5, 1.0]
    assert told["error"] == told["over_time_step"]["single"][1] < 1e-5
    assert told["verdict"].startswith("Stable")
    assert main(["diagnose", "--network", TINY, "--h", "0.1"]) == 0
    said = capsys.readouterr().out
    assert "A network with random kernels, 4 layers" in said
    assert "error in float32" in said
    assert said.rstrip().endswith("as good as exact.")


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["diagnose", "--network", TINY, "--h", "nan"], "time steps are above 0, and at most 1000"),
        (
            ["diagnose", "--network", TINY, "--seed", f"{2**63}"],
            "a seed is a number from 0 to 9,223,372,036,854,775,807",
        ),
        (["diagnose", "--network", TINY, "--seed", "-1"], "a seed is a number from 0 to"),
        (["forecast", "--network", TINY, "--shape", "8,8", "--batch", "1000000000"], "it can be at most 4,096"),
        (["forecast", "--network", TINY, "--shape", "8,8", "--class-count", "0"], "0 classes cannot be planned for"),
        (["forecast", "--network", TINY, "--shape", "8,8", "--channels", "0"], "0 channels cannot be planned for"),
    ],
)
def test_numbers_that_nothing_can_be_computed_with_are_refused(options, words, capsys):
    assert main(options) == 2
    assert words in capsys.readouterr().err


@pytest.mark.usefixtures("small")
def test_diagnose_what_was_trained(survey, wells, capsys):
    assert main(["train", str(survey), *wells, "--session", "s", "--device", "cpu", "--json"]) == 0
    capsys.readouterr()
    assert main(["diagnose", "--session", "s"]) == 0
    assert "A trained network" in capsys.readouterr().out
    assert main(["train", "--session", "s", "--network", TINY, "--steps", "2", "--json"]) == 0
    trained = sorted(Path("s/runs").iterdir())[-1]
    assert write(Job.load(trained / "job.json", trusted=True).network) == TINY
    capsys.readouterr()
    assert main(["train", "--session", "s", "--network", "paper.c"]) == 2
    assert "no network is called 'paper.c'" in capsys.readouterr().err


def test_verdicts():
    energy = Energy((1.0, 7.0), (0.1, 0.1), None)
    unstable = verdict(Stability(2.0, (1.0, 1.5)), energy, 0.3)
    assert "Not stable: the largest h^2 |K|^2 is 9" in unstable
    assert "a time step below 1.3 would be" in unstable
    assert "States grow 7-fold" in unstable
    assert "refuse its steps" in unstable
    assert "no better" in verdict(Stability(1.0, (1.0,)), energy, 0.01)
    assert "States do not grow" in verdict(Stability(1.0, (1.0,)), Energy((0.9,), (0.1,), None), 1e-7)


def test_sizes_of_memory_and_of_blocks():
    assert number_of_bytes("6GB") == 6_000_000_000
    assert number_of_bytes("1.5 GiB") == 3 << 29
    assert number_of_bytes("500000") == 500_000
    assert sizes("64,32x16") == (64, 32, 16)
    for text in ("6 apples", "GB", "0", "-1GB", "1e9"):
        with pytest.raises(argparse.ArgumentTypeError, match="is no size"):
            number_of_bytes(text)
    with pytest.raises(argparse.ArgumentTypeError, match="are no sizes"):
        sizes("64,0")


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["recipes", "cake"], "no recipe is called 'cake'"),
        (["diagnose"], "say which network"),
        (["forecast"], "one of SURVEY and --shape"),
        (["forecast", "--shape", "8,8", "--recipe", "map", "--network", TINY], "say which network"),
        (["forecast", "--shape", "8,8", "--vertical-axis", "2"], "2 axes and no axis 2"),
        (["forecast", "--shape", "8,8,8,8"], "no recipe for 4 spatial axes"),
        (["forecast", "--recipe", "map"], "one of SURVEY and --shape"),
        (
            ["forecast", "--recipe", "volume", "--shape", "9,9"],
            "the recipe 'volume' does not go with a map: choose map, spectra,",
        ),
        (["forecast", "--recipe", "map", "--shape", "9,9,9"], "the recipe 'map' does not go with a volume: choose sec"),
        (["forecast", "--recipe", "map", "--shape", "9,9", "--block", "8"], "2 axes and the block 1"),
        (["forecast", "--recipe", "map", "--shape", "9,9", "--memory", "much"], "'much' is no size"),
        (["forecast", "--session", "absent"], "there is no such folder"),
        (["diagnose", "--network", "2d 8: sideways"], "--network: at character"),
        (["diagnose", "--network", "moon"], "no network is called 'moon'"),
        (["diagnose", "--network", TINY, "--h", "0"], "time steps are above 0"),
        (["diagnose", "--session", "absent"], "there is no such folder"),
    ],
)
def test_what_is_wrong_is_one_sentence(arguments, sentence, capsys):
    assert main(arguments) == 2
    told = capsys.readouterr().err
    assert sentence in told
    assert told.startswith("napari-fhn: ")
    assert told.count("\n") == 1


def test_a_job_of_a_comparison_network_is_not_forecast(predicted_job, capsys):
    predicted_job.save("job.json")
    for command in ("forecast", "diagnose"):
        assert main([command, "--job", "job.json"]) == 2
        assert "one to compare with" in capsys.readouterr().err


@pytest.fixture
def predicted_job(small, survey, wells) -> Job:
    """Of a U-Net."""
    from dataclasses import replace

    from napari_fhn.network import equivalent_unet

    job = prepared(str(survey), *wells, "--session", "s").begun.job
    return replace(job, network=equivalent_unet(job.network))


def test_a_cube_is_forecast_as_it_is_trained_and_its_block_is_of_values(capsys):
    survey = str(HYPERSPECTRAL.dates[0])
    assert main(["forecast", survey, "--recipe", "paper.hyperspectral"]) == 0
    assert capsys.readouterr().out.startswith("1 x 112 x 128 x 62 values, 1 channel, ")
    assert main(["forecast", survey, "--recipe", "spectra", "--class-count", "2"]) == 0
    assert capsys.readouterr().out.startswith("1 x 112 x 128 pixels, 62 channels, 2 classes")
