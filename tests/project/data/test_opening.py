"""Surveys of a session, opened again as they were."""

from __future__ import annotations

from napari_fhn.project.data import opening


def test_a_session_cannot_agree_that_files_are_followed_elsewhere():
    assert opening.options({"follow": True, "axes": ["y", "x"]}) == {"axes": ("y", "x")}
