"""What is set in napari's Preferences counts for new sessions."""

from __future__ import annotations

from dataclasses import fields
from importlib.resources import files

import napari.settings
import pytest
from npe2 import PluginManifest

from napari_fhn.project.sessions.session_list import VARIABLE
from napari_fhn.widgets.folders import sessions_folder
from napari_fhn.widgets.preferences import PLUGIN, Preferences, preferences

needs_settings = pytest.mark.skipif(
    not hasattr(napari.settings, "get_plugin_settings"), reason="this napari keeps no settings of plugins"
)


def test_the_manifest_and_the_program_have_the_same_defaults():
    found = PluginManifest.from_file(files("napari_fhn") / "napari.yaml").contributions.configurations
    desk = found["desk"] if isinstance(found, dict) else found[0]
    assert {name: one.default for name, one in desk.properties.items()} == {
        one.name: one.default for one in fields(Preferences)
    }
    assert all(one.description for one in desk.properties.values())


@needs_settings
def test_what_is_set_counts(tmp_path, monkeypatch, viewer):
    kept = napari.settings.get_plugin_settings(PLUGIN).desk
    assert preferences() == Preferences()
    try:
        kept.radius, kept.opacity, kept.device, kept.sessions = 5.0, 0.25, "cpu", str(tmp_path / "mine")
        _, dock = viewer.window.add_plugin_dock_widget("napari-fhn", "Interpretation desk")
        viewer.open_sample("napari-fhn", "seismic")
        assert dock.desk.labelling.wells.state.radius == 5.0
        assert dock.desk.planning.state.device == "cpu"
        assert dock.network.device.value == "cpu"
        dock.labels.new.click()
        assert dock.desk.prediction.layer.opacity == 0.25
        monkeypatch.delenv(VARIABLE)
        assert sessions_folder() == tmp_path / "mine"
    finally:
        for one in fields(Preferences):
            setattr(kept, one.name, one.default)


def test_an_older_napari_has_the_defaults(monkeypatch):
    monkeypatch.delattr(napari.settings, "get_plugin_settings", raising=False)
    assert preferences() == Preferences()
