"""What the next training will be."""

from __future__ import annotations

import pytest

from napari_fhn.network.presets import named
from napari_fhn.project.runs.settings import Settings
from napari_fhn.training import JobError
from napari_fhn.training.recipes import RECIPES


@pytest.mark.parametrize("name", RECIPES)
def test_a_plan_begins_as_its_recipe(name):
    settings = Settings.of(name)
    assert settings.changed == ()
    for part in ("network", "schedule", "objective", "job"):
        for setting, value in settings.values(part).items():
            assert settings.with_value(part, setting, value) == settings, setting


def test_changes_are_named_and_taken_back():
    settings = Settings.of("sections").with_value("schedule", "steps", 7)
    settings = settings.with_value("network", "layers", "2d 16: 2x8 | down 1x8").with_value("network", "h", 0.5)
    assert set(settings.changed) == {"steps", "layers", "h"}
    assert settings.network.h == 0.5
    assert settings.network.reading == Settings.of("sections").network.reading
    assert settings.schedule.steps == 7


@pytest.mark.parametrize(
    ("part", "name", "value", "words"),
    [
        ("schedule", "steps", 0, "at least 1"),
        ("schedule", "block", (3,), "one size for each"),
        ("schedule", "block", "wide", "block is"),
        ("network", "layers", "2d 16: 2y8", "group of layers"),
        ("network", "layers", "3d 16: 2x8", "another recipe"),
        ("network", "h", -1.0, "time step h"),
        ("objective", "losses", ("guess",), "losses can be"),
        ("job", "memory", 0, "bytes of memory"),
    ],
)
def test_what_cannot_be_is_said(part, name, value, words):
    with pytest.raises(JobError, match=words):
        Settings.of("sections").with_value(part, name, value)


def test_another_network_is_named_or_written():
    settings = Settings.of("paper.hyperspectral")
    assert settings.with_network(None) is settings
    assert settings.with_network("paper.resnet1").network == named("paper.resnet1")
    other = settings.with_network("3d 16: 2x16 | down 3x16").network
    assert (len(other.layers), other.reading) == (5, settings.network.reading)
    assert Settings.from_dict(settings.with_network("paper.resnet1").to_dict()).network == named("paper.resnet1")
    for words, sentence in (
        ("paper.c", "no network is called 'paper.c'"),
        ("map", "choose another recipe for a 2D one"),
    ):
        with pytest.raises(JobError, match=sentence):
            settings.with_network(words)
