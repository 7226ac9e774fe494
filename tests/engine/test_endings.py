"""What is said of a process that ended without a word."""

from __future__ import annotations

import pytest

from napari_fhn.engine.endings import epitaph


@pytest.mark.parametrize(
    ("code", "short", "words"),
    [
        (-9, True, "because memory ran out: the system, or the limit of the container or group"),
        (-9, False, "most often because memory ran out"),
        (-11, False, "ended by signal 11"),
        (3, False, "exit code 3"),
    ],
)
def test_it_says_what_is_known_and_that_the_labels_are_safe(code, short, words):
    said = epitaph(code, short_of_memory=short)
    assert words in said
    assert "labels are safe" in said
