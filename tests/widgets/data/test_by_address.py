"""What lies at an address comes into the dock with a bar; what is large is asked for; its key is shown nowhere."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest
from qtpy.QtCore import QMimeData, QPointF, Qt, QUrl
from qtpy.QtGui import QDropEvent, QGuiApplication
from tests.surveys.remote.server import KEY, Server

from napari_fhn import keys, sample_data
from napari_fhn.surveys import reaching
from napari_fhn.surveys.remote import fetching
from napari_fhn.surveys.segy import header_cache
from napari_fhn.widgets.data import by_address

pytest.importorskip("aiohttp")


@pytest.fixture
def server(tmp_path, monkeypatch):
    monkeypatch.setenv(reaching.VARIABLE, str(tmp_path / "followed.json"))
    monkeypatch.setenv(header_cache.VARIABLE, str(tmp_path / "cache"))
    monkeypatch.setenv(keys.VARIABLE, "")
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
    sample = sample_data.HYPERSPECTRAL
    for path in (sample.dates[0], sample.dates[0].with_suffix(".hdr"), sample.labels, sample.classes):
        (tmp_path / "web").mkdir(exist_ok=True)
        shutil.copy(path, tmp_path / "web" / path.name)
    found = Server(tmp_path / "web")
    found.mood = "key"
    yield found
    found.close()


def test_an_address_is_taken_from_the_clipboard_once_it_is_whole(qtbot, server):
    QGuiApplication.clipboard().setText(f"{server.address}/a.sgy?{KEY}")
    dialog = by_address.AddressDialog("Open")
    qtbot.addWidget(dialog)
    open_ = dialog.buttons.button(dialog.buttons.StandardButton.Open)
    assert (dialog.url, open_.isEnabled()) == (f"{server.address}/a.sgy", True)
    dialog.line.setText("survey.sgy")
    assert (dialog.url, open_.isEnabled()) == (None, False)
    # What is no address is said as it is typed, and nothing of one that is only begun.
    for text, words in (
        ("survey.sgy", "An address begins with https://"),
        ("ftp://a.org/b.sgy", "ftp:// is not read"),
        ("https://a.org/b c.sgy", "no blanks"),
        ("htt", ""),
        ("s3://", ""),
        ("https://a.org/b.sgy", ""),
    ):
        dialog.line.setText(text)
        assert words in dialog.wrong.text()
        assert bool(words) == bool(dialog.wrong.text())
        assert open_.isEnabled() == (text == "https://a.org/b.sgy")
    QGuiApplication.clipboard().setText("words")
    assert by_address.AddressDialog("Open").line.text() == ""


def test_a_survey_and_its_labels_come_in_by_address(viewer, dock, server, spin, monkeypatch):
    monkeypatch.setattr(fetching, "UNASKED", 100_000)
    asked = []
    monkeypatch.setattr(by_address, "ask_fetch", lambda words, parent: asked.append(words) or True)
    name = sample_data.HYPERSPECTRAL.dates[0].name
    data = QMimeData()
    data.setUrls([QUrl(f"{server.address}/{name}?{KEY}")])
    drop = QDropEvent(QPointF(5, 5), Qt.DropAction.CopyAction, data, Qt.MouseButton.LeftButton, Qt.KeyboardModifier(0))
    dock.data.dropEvent(drop)
    assert spin(lambda: len(viewer.layers) == 1)
    assert len(asked) == 1
    assert "MB from 127.0.0.1" in asked[0]
    survey = viewer.layers[0].metadata["survey"]
    assert survey.attrs["source"] == f"{server.address}/{name}"
    taken = []
    by_address.fetch_known(dock.desk.context, f"{server.address}/labels.csv?{KEY}", taken.append)
    assert spin(lambda: taken)
    assert taken[0].read_bytes() == sample_data.HYPERSPECTRAL.labels.read_bytes()
    # Of a store the address itself is handed on.
    by_address.fetch_known(dock.desk.context, f"{server.address}/l.zarr", taken.append)
    assert taken[1:] == [Path(f"{server.address}/l.zarr")]
    # What goes wrong is said, without the key.
    server.mood = "closed"
    by_address.open_address(dock.desk.context, f"{server.address}/other.tif?{KEY}")
    assert spin(lambda: dock.desk.messages.error)
    assert "asks for credentials" in dock.desk.messages.message
    assert "geheim" not in dock.desk.messages.message + dock.desk.messages.detail
    assert not np.any(dock.desk.background.under_way)
