"""Whoever is killed, or without power, at any moment loses nothing: a few times; benchmarks do it two hundred times."""

from __future__ import annotations

import importlib
import json
import subprocess
import sys
from pathlib import Path

import pytest

import forked
from napari_fhn.cli.commands import parser
from proofs import ASKED

KILLS = Path(__file__).parents[1] / "benchmarks" / "kills.py"

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="copies processes and looks at them in /proc")


def test_nothing_is_lost_where_commands_are_killed(tmp_path):
    found = kills(tmp_path / "kills.json", "--kills", "6", "--only", "train,predict,export", "--without-windows")
    assert [kill["phase"] for kill in found] == ["train", "predict", "export"] * 2
    assert [kill["lost"] for kill in found if kill["lost"]] == []
    assert all(kill["back"] is not None for kill in found)


def test_what_is_killed_while_it_works_is_something_that_can_be_typed(monkeypatch):
    monkeypatch.syspath_prepend(str(KILLS.parent))
    for name, words in importlib.import_module("small_work").TYPED.items():
        assert parser().parse_args(words).command == words[0], name


@pytest.mark.timeout(3600 if ASKED else 300)
def test_nothing_is_lost_where_the_power_goes_during_commands(tmp_path):
    output = tmp_path / "cuts.json"
    few = ("--cuts", "12", "--only", "train,predict,carry,export,rename a run,classes")
    command = [sys.executable, str(KILLS.with_name("power_cuts.py")), *(() if ASKED else few), "--seed", "1"]
    with forked.installed():
        done = subprocess.run([*command, "--output", str(output)], capture_output=True, text=True, check=False)
    assert output.exists(), done.stderr
    found = json.loads(output.read_text(encoding="utf-8"))["kills"]
    assert len(found) == (200 if ASKED else 12), done.stderr
    assert [cut for cut in found if cut["lost"]] == []
    assert all(cut["back"] is not None and 0 < cut["at"] <= cut["of"] for cut in found)


def kills(output: Path, *arguments: str) -> list[dict]:
    """Kill, and return what was found."""
    command = [sys.executable, str(KILLS), *arguments, "--seed", "1", "--output", str(output)]
    with forked.installed():
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert output.exists(), done.stderr
    return json.loads(output.read_text(encoding="utf-8"))["kills"]
