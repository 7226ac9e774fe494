"""What is asked before something is opened: axes that a file does not name, and data from far away."""

from __future__ import annotations

import time

import numpy as np
import pytest

from napari_fhn import surveys
from napari_fhn.sample_data import public
from napari_fhn.sample_data.public import Cancelled, FetchError, Member, PublicSample
from napari_fhn.widgets.data import axes_dialog, fetch_dialog, reader, samples
from napari_fhn.widgets.data.axes_dialog import AxesDialog, open_asking
from napari_fhn.widgets.data.fetch_dialog import FetchDialog
from napari_fhn.widgets.data.opening import open_surveys


@pytest.fixture(autouse=True)
def forget(monkeypatch):
    monkeypatch.setattr(axes_dialog, "_answers", {})


@pytest.fixture
def array(tmp_path):
    path = tmp_path / "cube.npy"
    np.save(path, np.arange(4 * 5 * 6, dtype=np.float32).reshape(4, 5, 6))
    return path


def test_axes_are_asked_for_once(array):
    asked = []

    def ask(question, choices):
        asked.append(question)
        return next(one for one in choices if one.options["axes"] == ("inline", "crossline", "twt"))

    assert open_asking(array, ask).dims == ("inline", "crossline", "twt")
    assert open_asking(array, ask).dims == ("inline", "crossline", "twt")
    assert len(asked) == 1
    assert "cube.npy (4 x 5 x 6)" in asked[0]


def test_which_array_and_then_its_axes(tmp_path):
    path = tmp_path / "two.npz"
    np.savez(path, one=np.zeros((4, 5, 6)), two=np.ones((4, 5, 6)))
    asked = []

    def ask(question, choices):
        asked.append(question)
        wanted = ("variable", "two") if len(asked) == 1 else ("axes", ("y", "x", "band"))
        return next(one for one in choices if one.options.get(wanted[0]) == wanted[1])

    survey = open_asking(path, ask)
    assert len(asked) == 2
    assert set(survey.dims) == {"band", "y", "x"}
    assert float(survey[0, 0, 0]) == 1


def test_whether_a_file_is_followed_elsewhere_is_asked_and_cancelling_follows_nothing(tmp_path, monkeypatch):
    monkeypatch.setenv("NAPARI_FHN_FOLLOWED", str(tmp_path / "followed.json"))
    (tmp_path / "values").write_bytes(bytes(12))
    (tmp_path / "box").mkdir()
    path = tmp_path / "box" / "map.vrt"
    path.write_text(
        '<VRTDataset rasterXSize="4" rasterYSize="3"><VRTRasterBand dataType="Byte" subClass="VRTRawRasterBand">'
        '<SourceFilename relativeToVRT="1">../values</SourceFilename></VRTRasterBand></VRTDataset>'
    )
    asked = []

    def ask(question, choices):
        asked.append((question, [choice.words for choice in choices]))
        return choices[0] if len(asked) > 1 else None

    assert open_asking(path, ask) is None
    assert open_asking(path, ask).shape == (1, 3, 4)
    assert asked[0][0].endswith("which is not followed unless you say so. Read that too?")
    assert asked[0][1] == ["Follow it to ../values"]


def test_saying_no_opens_nothing_and_asks_again(viewer, array, monkeypatch):
    asked = []
    monkeypatch.setattr(reader, "ask_person", lambda *said: asked.append(said))
    assert open_surveys(viewer, [array]) == []
    assert open_surveys(viewer, [array]) == []
    assert len(asked) == 2


def test_the_dialog_ticks_the_likeliest(qapp, array):
    choices = surveys.open(array).attrs["choices"]
    dialog = AxesDialog("What is it?", choices)
    assert dialog.choice is choices[0]
    dialog.group.button(2).setChecked(True)
    assert dialog.choice is choices[2]


@pytest.fixture
def sample(tmp_path, monkeypatch):
    monkeypatch.setattr(public, "cache_folder", lambda: tmp_path / "cache")
    return PublicSample(
        "far", "Far cube", "a server", "CC BY 4.0", "https://example.org/far.zip", 1_500_000_000,
        (Member("cube.npy", {"axes": ("inline", "crossline", "sample")}, "far cube"),), "md5:0",
    )  # fmt: skip


def test_size_and_licence_are_shown_before_anything_is_fetched(qapp, sample, monkeypatch, array, spin):
    fetched = []

    def fetch(one, *, progress, stop, folder):
        fetched.append(one)
        progress(sample.size, sample.size)
        return {"cube.npy": array}

    monkeypatch.setattr(public, "fetch", fetch)
    dialog = FetchDialog(sample)
    assert "1.5 GB" in dialog.words.text()
    assert "CC BY 4.0" in dialog.words.text()
    assert not fetched
    dialog.start.click()
    assert spin(lambda: dialog.files is not None)
    assert dialog.result() == dialog.DialogCode.Accepted


def test_what_goes_wrong_is_said_in_the_dialog_and_can_be_tried_again(qapp, sample, monkeypatch, spin):
    def fetch(one, **how):
        raise FetchError("Far cube: example.org cannot be reached.")

    monkeypatch.setattr(public, "fetch", fetch)
    dialog = FetchDialog(sample)
    dialog.start.click()
    assert spin(lambda: "cannot be reached" in dialog.message.text())
    assert dialog.start.isEnabled()
    assert dialog.start.text() == "Try again"


def test_cancel_stops_the_download(qapp, sample, monkeypatch, spin):
    ended = []

    def fetch(one, *, progress, stop, folder):
        while not stop.is_set():
            progress(1, 2)
            time.sleep(0.01)
        ended.append(True)
        raise Cancelled

    monkeypatch.setattr(public, "fetch", fetch)
    dialog = FetchDialog(sample)
    dialog.start.click()
    assert spin(lambda: "of 0 MB" in dialog.message.text())
    dialog.cancel.click()
    assert spin(lambda: bool(ended))
    assert dialog.files is None


def test_an_unknown_size_is_asked_for(qapp, sample, monkeypatch, spin):
    from dataclasses import replace

    monkeypatch.setattr(public, "size_of", lambda one: 42_000_000)
    dialog = FetchDialog(replace(sample, size=0))
    assert spin(lambda: "42 MB" in dialog.words.text())


def test_a_cached_sample_opens_without_a_question(viewer, sample, array, monkeypatch):
    monkeypatch.setattr(fetch_dialog.FetchDialog, "wait", lambda self: pytest.fail("asked"))
    folder = public.cache_folder() / sample.key
    folder.mkdir(parents=True)
    (folder / "cube.npy").write_bytes(array.read_bytes())
    monkeypatch.setattr(public, "F3", sample)
    (layer,) = viewer.open_sample("napari-fhn", "f3")
    assert layer.name == "far cube"
    assert layer.axis_labels == ("inline", "crossline", "sample")
    assert viewer.dims.order == (0, 2, 1)


def test_saying_no_is_one_sentence(viewer, sample, monkeypatch):
    monkeypatch.setattr(fetch_dialog.FetchDialog, "wait", lambda self: None)
    with pytest.raises(FetchError, match="was not fetched"):
        samples.open_public(sample)
