"""How fast training was on this computer."""

from __future__ import annotations

from napari_fhn.project.runs.speeds import Measured, Speed, kind
from napari_fhn.training.recipes import recipe


def test_a_speed_is_remembered_for_its_kind_of_training(tmp_path):
    path = tmp_path / "folder" / "measured.json"
    chosen = recipe("sections")
    key = kind(chosen.network, chosen.schedule, (96, 160), "cpu")
    assert key != kind(chosen.network, chosen.schedule, (96, 160), "cuda")
    assert Measured(path).of(key) is None
    Measured(path).remember(key, Speed(0.5, 4.2))
    assert Measured(path).of(key) == Speed(0.5, 4.2)
    assert Speed(0.5, 4.2).sentence(300) == "first view 4 s, all 2 min 30 s"


def test_a_damaged_file_is_written_again(tmp_path):
    path = tmp_path / "measured.json"
    path.write_text('{"x": 3}', "utf-8")
    assert Measured(path).of("x") is None
    Measured(path).remember("y", Speed(1.0, 2.0))
    assert Measured(path).of("y") == Speed(1.0, 2.0)
    assert list(tmp_path.glob("*.part")) == []
