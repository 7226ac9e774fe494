"""The recipe to begin with follows from the data, the device and the memory, and the sentence says how."""

import pytest

from napari_fhn.training import JobError
from napari_fhn.training.choice import choose
from napari_fhn.training.data.neighbours import Agreement
from napari_fhn.training.recipes import fitting, recipe

GB = 10**9


@pytest.mark.parametrize(
    ("shape", "channels", "device", "memory", "vertical", "name", "words"),
    [
        ((300, 240), 224, "cpu", 4 * GB, None, "spectra", "224 bands"),
        ((300, 240), 9, "cpu", 4 * GB, None, "map", "9 channels"),
        ((300, 240), 1, "cuda", 80 * GB, None, "map", "1 channel:"),
        ((400, 500, 800), 1, "cpu", 16 * GB, 2, "sections", "processor"),
        ((400, 500, 800), 1, "cuda", 80 * GB, 2, "volume", "GPU with 80 GB"),
        ((400, 500, 800), 1, "cuda", GB // 100, 2, "sections", "10 MB free"),
        ((9, 500, 800), 1, "cuda", 80 * GB, 2, "sections", "9 voxels thin"),
        ((400, 500, 800), 1, "cpu", 16 * GB, None, "volume", "No axis of the volume is vertical"),
        ((800, 400, 500), 1, "cpu", 16 * GB, 0, "volume", "not the last axis of the volume, as sections need it"),
    ],
)
def test_chooses_by_data_device_and_memory(shape, channels, device, memory, vertical, name, words):
    chosen = choose(shape, channels, device, memory, vertical_axis=vertical)
    assert chosen.name == name
    assert words in chosen.why
    assert chosen.name in fitting(len(shape))
    assert recipe(chosen.name).network.dimensions <= len(shape)


def test_wells_that_foretell_each_other_are_listened_to():
    assert choose((400, 500, 800), 1, "cpu", GB, agreement=Agreement(0.9, 4)).name == "layers"
    assert "kappa 0.90" in choose((400, 500, 800), 1, "cpu", GB, agreement=Agreement(0.9, 4)).why
    assert choose((400, 500, 800), 1, "cpu", GB, agreement=Agreement(0.3, 4)).name == "sections"


def test_patches_of_a_map_are_listened_to_where_there_are_many_and_the_data_are_no_spectra():
    told = choose((300, 240), 9, "cpu", GB, vertical_axis=None, agreement=Agreement(0.4, 39))
    assert told.name == "regions"
    assert "39 labelled places" in told.why
    assert choose((300, 240), 9, "cpu", GB, vertical_axis=None, agreement=Agreement(0.6, 10)).name == "map"
    assert choose((300, 240), 9, "cpu", GB, vertical_axis=None, agreement=Agreement(0.1, 39)).name == "map"
    assert choose((300, 240), 60, "cpu", GB, vertical_axis=None, agreement=Agreement(0.5, 89)).name == "spectra"


def test_dates_of_few_bands_are_no_spectrum():
    assert choose((400, 400), 12, "cpu", GB, vertical_axis=None, bands=6).name == "map"
    assert choose((400, 400), 40, "cpu", GB, vertical_axis=None, bands=10).name == "map"
    assert choose((400, 400), 120, "cpu", GB, vertical_axis=None, bands=60).name == "spectra"


def test_larger_scenes_of_spectra_take_more_steps():
    steps = [choose((side, side), 100, "cpu", GB, vertical_axis=None).steps for side in (100, 128, 400, 3000)]
    assert steps == [120, 120, 250, 300]
    assert choose((400, 400), 6, "cpu", GB, vertical_axis=None).steps is None


def test_other_surveys_have_no_recipe():
    with pytest.raises(JobError, match="4 spatial axes"):
        choose((1, 2, 3, 4), 1, "cpu", GB)
