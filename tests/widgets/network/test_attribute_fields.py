"""Attributes are ticked in the dock, and are what the command line calls them."""

from __future__ import annotations

from dataclasses import replace

import pytest

from napari_fhn.project.data import backbones
from napari_fhn.project.data.facts import facts_of
from napari_fhn.project.runs import outlook
from napari_fhn.structure.attributes import Step
from napari_fhn.widgets.network import planning, trusting


@pytest.fixture
def fields(labelled):
    """The dock with a seismic volume; returns (dock, its fields)."""
    _, dock = labelled
    return dock, dock.network.advanced.attributes


def asked(dock) -> tuple[str, ...]:
    return dock.desk.planning.state.settings.attributes


def test_those_that_the_data_have_are_offered(fields):
    _, shown = fields
    assert {"envelope", "rms", "spectral", "dip", "auto"} <= set(shown.ticks)
    assert not {"tilt", "indices", "difference"} & set(shown.ticks)
    assert set(shown.lines) == {"rms", "spectral"}
    assert not any(tick.isChecked() for tick in shown.ticks.values())
    assert all(tick.toolTip() for tick in shown.ticks.values())


def test_a_tick_is_a_setting_and_counts_in_the_forecast(fields):
    dock, shown = fields
    before = dock.desk.planning.state.outlook.needs
    shown.ticks["envelope"].click()
    shown.ticks["auto"].click()
    assert asked(dock) == ("envelope", "auto")
    assert dock.desk.planning.state.outlook.needs >= before
    assert "1 changed" in dock.network.advanced.heading.text()
    shown.ticks["envelope"].click()
    assert asked(dock) == ("auto",)


def test_what_is_said_of_one_stands_beside_it(fields, monkeypatch):
    dock, shown = fields

    def in_time(*arguments):
        found = facts_of(*arguments)
        return replace(found, steps=(*found.steps[:-1], Step(4.0, "ms")))

    for module in (planning, outlook):
        monkeypatch.setattr(module, "facts_of", in_time)
    shown.lines["rms"].setText("40")
    shown.lines["rms"].editingFinished.emit()
    assert asked(dock) == ()  # nothing is ticked yet
    shown.ticks["rms"].click()
    assert asked(dock) == ("rms:40",)
    shown.lines["rms"].setText("60")
    shown.lines["rms"].editingFinished.emit()
    assert asked(dock) == ("rms:60",)
    dock.desk.planning.take(dock.desk.planning.state.settings.with_attributes(["spectral:20,40", "dip"]))
    assert [name for name, tick in shown.ticks.items() if tick.isChecked()] == ["spectral", "dip"]
    assert shown.lines["spectral"].text() == "20,40"


def test_what_cannot_be_is_refused_in_a_sentence(fields, capsys):
    dock, shown = fields
    shown.ticks["rms"].click()
    for typed, words in (("soon", "no positive number"), ("40", "only counts samples")):
        shown.lines["rms"].setText(typed)
        shown.lines["rms"].editingFinished.emit()
        assert asked(dock) == ("rms",)
        assert words in capsys.readouterr().out
        assert shown.lines["rms"].text() == ""


def test_all_ticks_them_all_and_reset_takes_them_back(fields):
    dock, shown = fields
    dock.desk.planning.take(dock.desk.planning.state.settings.with_attributes("all"))
    assert all(tick.isChecked() for name, tick in shown.ticks.items() if name != "auto")
    shown.ticks["dip"].click()
    assert "dip" not in asked(dock)
    assert "envelope" in asked(dock)
    dock.network.advanced.reset.click()
    assert asked(dock) == ()
    assert not any(tick.isChecked() for tick in shown.ticks.values())


def test_other_data_have_other_attributes(fields):
    dock, shown = fields
    shown.ticks["envelope"].click()
    dock.desk.data.choose(())
    assert shown.ticks == {}


def test_a_network_of_somebody_else_is_taken_once_it_is_trusted(fields, tmp_path, monkeypatch):
    dock, shown = fields
    asked_for: list[str] = []
    answers = iter((False, True))
    monkeypatch.setattr(backbones, "_trusted", set())
    monkeypatch.setattr(trusting, "ask_trust", lambda file, parent=None: (asked_for.append(file), next(answers))[1])
    file = tmp_path / "net.pt"
    file.write_bytes(b"whatever")
    (tmp_path / "net.pt.json").write_text('{"bands": 1, "features": 4}')
    shown.take_file(str(file))
    assert asked(dock) == ()  # not trusted
    shown.take_file(str(file))
    assert asked(dock) == (f"backbone:{file}",)
    tick = shown.ticks[f"backbone:{file}"]
    assert (tick.text(), tick.isChecked()) == ("features of net.pt", True)
    shown.ticks["envelope"].click()
    assert asked(dock) == ("envelope", f"backbone:{file}")
    assert len(asked_for) == 2
    tick.click()
    assert asked(dock) == ("envelope",)
    assert f"backbone:{file}" not in shown.ticks


def test_what_a_network_takes_has_to_be_said_beside_it(fields, tmp_path, capsys):
    dock, shown = fields
    file = tmp_path / "net.onnx"
    file.write_bytes(b"whatever")
    shown.take_file(str(file))
    assert asked(dock) == ()
    assert "net.onnx.json is to say" in capsys.readouterr().out
