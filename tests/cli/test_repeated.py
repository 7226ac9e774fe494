"""The command in a report makes the network of that report again."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest
from tests.cli.conftest import run_of

from napari_fhn.cli import main


@pytest.mark.usefixtures("small")
def test_the_command_in_the_report_gives_the_same_weights(survey, wells):
    assert main(["train", str(survey), *wells, "--session", "s", "--device", "cpu", "--json"]) == 0
    assert main(["predict", "--session", "s", "--json"]) == 0
    assert main(["report", "--session", "s"]) == 0
    first = run_of("s", "run-001")
    page = (first.folder / "report.html").read_text(encoding="utf-8")
    assert "It was computed on" in page
    again = re.search(r"napari-fhn (train --job [^<]*)", page)[1]
    assert main([*shlex.split(again), "--json"]) == 0
    second = run_of("s", "run-002")
    # Files of weights are called after what is in them.
    names = [[path.name for path in Path(run.job().model).glob("weights-*")] for run in (first, second)]
    assert names[0] == names[1]
    assert len(names[0]) == 1
