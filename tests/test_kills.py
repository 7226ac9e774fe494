"""Whoever is killed at any moment loses nothing. A few kills; `benchmarks/kills.py` does two hundred."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

import forked

KILLS = Path(__file__).parents[1] / "benchmarks" / "kills.py"

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="copies processes and looks at them in /proc")


def test_nothing_is_lost_where_commands_are_killed(tmp_path):
    found = kills(tmp_path / "kills.json", "--kills", "6", "--only", "train,predict,export", "--without-windows")
    assert [kill["phase"] for kill in found] == ["train", "predict", "export"] * 2
    assert [kill["lost"] for kill in found if kill["lost"]] == []
    assert all(kill["back"] is not None for kill in found)


def kills(output: Path, *arguments: str) -> list[dict]:
    """Kill, and return what was found."""
    command = [sys.executable, str(KILLS), *arguments, "--seed", "1", "--output", str(output)]
    with forked.installed():
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert output.exists(), done.stderr
    return json.loads(output.read_text(encoding="utf-8"))["kills"]
