"""The page on the session folder names what there is: every field of the manifest, every file."""

from __future__ import annotations

import re
from dataclasses import fields
from pathlib import Path

from napari_fhn.project import Manifest
from napari_fhn.project.sessions import layout, lock, manifest

PAGE = (Path(__file__).parents[2] / "docs" / "session.md").read_text("utf-8")


def first_column(heading: str) -> set[str]:
    """Names in the first column of the table under a heading."""
    part = PAGE[PAGE.index(heading) :]
    rows = re.search(r"\n\|.*?\n\n", part, re.DOTALL)[0].strip().splitlines()[2:]
    return {name for row in rows for name in re.findall(r"`([^`]+)`", row.split("|")[1])}


def test_every_field_of_the_manifest_is_told():
    assert first_column("## The manifest") == {one.name for one in fields(Manifest)}


def test_every_file_is_told():
    top = " ".join(first_column("# The session folder"))
    for name in (layout.LABELS, layout.WEIGHTS, layout.ACCEPTED, layout.INPUTS, layout.MASKS, layout.RUNS, layout.KEPT):
        assert name in top
    assert {manifest.FILE, lock.FILE} <= first_column("# The session folder")
    run = first_column("## Runs")
    assert {layout.RUN, layout.JOB, layout.PREDICTION, layout.UNTIDIED} <= run
    assert {f"{layout.MODEL}/", f"{layout.BEGUN_WITH}/"} <= run
