"""The benchmarks of a training step still run, and what they compare computes the same thing."""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

BENCHMARKS = Path(__file__).parents[1] / "benchmarks"


def run(script: str, output: Path, *arguments: str) -> dict[str, Any]:
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    command = [sys.executable, str(BENCHMARKS / script), *arguments, "--output", str(output)]
    done = subprocess.run(command, capture_output=True, text=True, env=environment, check=False)
    assert done.returncode == 0, done.stderr
    return json.loads(output.read_text(encoding="utf-8"))


@pytest.mark.skipif(sys.platform != "linux", reason="reads the peak memory of a process the Linux way")
def test_a_step_beside_plain_autograd(tmp_path):
    found = run(
        *("step.py", tmp_path / "step.json", "--quick", "--only", "levels", "--contenders", "float32,autograd"),
        *("--repetitions", "1", "--calls", "1", "--loss-curves"),
    )
    for case, contenders in found["relative_differences"].items():
        for contender, apart in contenders.items():
            if contender == "memcnn" and importlib.util.find_spec("memcnn") is None:
                assert "memcnn" in apart
                continue
            most = 0.1 if contender == "bfloat16" else 1e-5
            assert max(apart.values()) < most, (case, contender)
        assert min(contenders["bfloat16"].values()) > 0
    entry = found["cases"]["levels"]
    for row in entry["contenders"].values():
        assert "problem" not in row
        assert row["seconds"] > 0
        assert row["peak_bytes"] > entry["state_bytes"]
    assert sum(row["layers"] for row in entry["convolutions"]["layers"]) == entry["layers"]
    assert entry["convolutions"]["share_of_step"] > 0
    assert found["aims"]["times faster than plain autograd"]["levels"] > 0
    curves = found["loss_curves"]
    assert curves["float32"][-1] < curves["float32"][0]
    assert 0 < curves["relative_difference"]["largest"] < 0.05


def test_what_a_gpu_would_do_runs_without_one(tmp_path):
    found = run("gpu.py", tmp_path / "gpu.json", "--dry-run")
    assert len(found["parts"]) == 28
    for name, part in found["parts"].items():
        assert "problem" not in part, (name, part)
        for value in part.values():
            assert not isinstance(value, dict) or "problem" not in value, (name, part)
        if name.startswith("training"):
            assert part["loss_fell"], (name, part)
