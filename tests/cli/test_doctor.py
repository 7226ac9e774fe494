"""What the doctor says of a machine, and of one on which something is wrong."""

from __future__ import annotations

import json

import pytest

from napari_fhn.cli import checks, doctor, main


def test_a_quick_look_names_versions_devices_and_room(capsys):
    assert main(["doctor", "--quick"]) == 0
    said = capsys.readouterr().out
    for word in ("napari-fhn", "Python", "torch", "GB free", "processors", "Everything works here."):
        assert word in said
    assert main(["doctor", "--quick", "--json"]) == 0
    found = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert {one["kind"] for one in found} == {"Check"}
    assert "devices" in [one["name"] for one in found]


def test_what_is_wrong_comes_with_what_to_do(capsys, monkeypatch):
    def no_torch():
        return checks.Check("devices", "none", "wrong", "networks are computed by torch: pip install torch")

    monkeypatch.setattr(checks, "_devices", no_torch)
    monkeypatch.setattr(
        checks, "_window", lambda: checks.Check("window", "no display", "worth knowing", "use xvfb-run")
    )
    assert main(["doctor"]) == 2
    said = capsys.readouterr().out
    assert "! networks are computed by torch: pip install torch" in said
    assert "- use xvfb-run" in said
    assert said.splitlines()[-1] == "1 of these keep something from working."
    assert "training" not in said, "nothing is tried that cannot work"


@pytest.mark.parametrize(("free", "state"), [(1e9, "worth knowing"), (64e9, "well")])
def test_little_memory_is_worth_knowing(monkeypatch, free, state):
    monkeypatch.setattr("napari_fhn.training.machine.memory.free_bytes", lambda: int(free))
    assert checks._memory().state == state


def test_the_self_test_learns_and_predicts(monkeypatch):
    monkeypatch.setattr(checks, "_STEPS", 15)
    found = checks._training()
    assert found.state == "well", found
    assert "% of the voxels right" in found.found


def test_a_slow_machine_is_no_fault(monkeypatch):
    monkeypatch.setattr(checks, "_TRAINING_S", 0)
    found = checks._training()
    assert found.state == "worth knowing", found


def test_a_machine_without_a_display_is_no_fault(monkeypatch):
    pytest.importorskip("napari", reason="without a viewer there is no window to look at")
    monkeypatch.setattr(checks.sys, "platform", "linux")
    for name in ("DISPLAY", "WAYLAND_DISPLAY"):
        monkeypatch.delenv(name, raising=False)
    assert checks._window().state == "worth knowing"


def test_text_for_an_issue_stands_in_columns():
    found = [checks.Check("a", "1"), checks.Check("longer", "2", "wrong", "do this")]
    assert doctor.lines(found) == ["a       1", "longer  2", "", "! do this", "1 of these keep something from working."]
