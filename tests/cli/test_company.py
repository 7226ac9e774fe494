"""Commands as one of several processes, and on another machine."""

from __future__ import annotations

import json
import math

import pytest

from napari_fhn.cli import main
from napari_fhn.cli.company import started_together

TORCHRUN = {"RANK": "1", "WORLD_SIZE": "2", "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": "1"}


def test_what_one_process_does_is_refused_to_several(monkeypatch, capsys):
    for name, value in TORCHRUN.items():
        monkeypatch.setenv(name, value)
    assert main(["predict", "--job", "job.json"]) == 2
    assert "several processes train together, and predict is done by one" in capsys.readouterr().err
    assert main(["train", "--job", "job.json", "--on", "ssh://gpu"]) == 2
    assert "leave --on out" in capsys.readouterr().err


def test_one_process_is_not_several():
    assert started_together(TORCHRUN)
    assert not started_together(TORCHRUN | {"WORLD_SIZE": "1"})
    assert not started_together({"WORLD_SIZE": "8"})  # of some other program


def test_an_address_that_is_none_is_refused_before_anything_is_read(capsys):
    assert main(["train", "missing.sgy", "--on", "gpu"]) == 2
    assert "no address of a machine" in capsys.readouterr().err


@pytest.mark.parametrize(("recipe", "shard"), [("sections", [384, 384, 1500]), ("volume", [384, 384, 1500])])
def test_a_forecast_says_in_which_shards_a_large_survey_is_predicted(capsys, recipe, shard):
    asked = ["forecast", "--shape", "8000,20000,1500", "--recipe", recipe, "--memory", "8GB", "--device", "cpu"]
    assert main([*asked, "--json"]) == 0
    (told,) = [one for one in map(json.loads, capsys.readouterr().out.splitlines()) if one["kind"] == "Shards"]
    assert told["shard"] == shard
    assert told["count"] == math.prod(-(-n // side) for n, side in zip((8000, 20000, 1500), shard, strict=True))
    assert told["seen"] > 1
    assert main(asked) == 0
    assert f"predict --task 1/{told['count']}" in capsys.readouterr().out
    assert main(["forecast", "--shape", "64,64,64", "--recipe", recipe, "--memory", "8GB"]) == 0
    assert "shards" not in capsys.readouterr().out


def test_a_forecast_is_of_as_many_processes_as_train(capsys):
    asked = ["forecast", "--shape", "64,64,64", "--recipe", "volume", "--memory", "1GB", "--ranks"]
    assert main([*asked, "8"]) == 0
    assert "8 x " in (said := capsys.readouterr().out)
    assert "1 at a time" in said
    assert main([*asked, "0"]) == 2


def test_a_forecast_counts_what_the_dips_take_beside_the_first_steps(capsys):
    asked = ["forecast", "--shape", "300,300,300", "--recipe", "sections", "--device", "cpu", "--memory"]
    assert main([*asked, "8GB", "--json"]) == 0
    (told,) = [one for one in map(json.loads, capsys.readouterr().out.splitlines()) if one["kind"] == "Forecast"]
    dips, step = told["bytes_of_dips"], told["networks"][0]["bytes"]
    assert dips > 400e6
    features = told["bytes_of_features"]
    assert features > 100e6
    for memory, fits in ((step + dips + features, True), (3 * step // 2, False)):
        assert main([*asked, str(memory), "--json"]) == 0
        (told,) = [one for one in map(json.loads, capsys.readouterr().out.splitlines()) if one["kind"] == "Forecast"]
        assert told["fits"] == fits
    assert main([*asked, "8GB"]) == 0
    said = capsys.readouterr().out
    assert "The dips of the survey, found beside the first steps, take" in said
    assert "Features that were learnt beforehand, of which the prediction is made too, take up to" in said


def test_what_does_not_fit_is_told_the_block_that_does(capsys):
    assert main(["forecast", "--shape", "400,400,400", "--recipe", "volume", "--memory", "40MB"]) == 0
    assert "so no network has to be cut over several devices" in capsys.readouterr().out
