"""Of which files a stack was made, noted beside it."""

from __future__ import annotations

import pytest

from napari_fhn.project.data import stack_sources


def test_what_is_noted_is_read_again(tmp_path):
    stack = tmp_path / "maps-1.tif"
    assert stack_sources.noted(stack) == ()
    stack_sources.note(stack, ["/a.tif", "/b.tif"])
    assert stack_sources.noted(stack) == ("/a.tif", "/b.tif")


@pytest.mark.parametrize("files", [["", ""], ["/a.tif", ""]])
def test_a_stack_of_maps_without_files_is_not_known_by_some_of_them(files, tmp_path):
    stack_sources.note(tmp_path / "maps-1.tif", files)
    assert stack_sources.noted(tmp_path / "maps-1.tif") == ()
