"""Long proofs, of which the suite has a small form: set NAPARI_FHN_LONG to run them."""

from __future__ import annotations

import os

import pytest

ASKED = bool(os.environ.get("NAPARI_FHN_LONG"))
LONG = pytest.mark.skipif(not ASKED, reason="takes long, and what is like it runs; set NAPARI_FHN_LONG")


def examples(many: int) -> int:
    """How many examples a property is tried on: a sixth of them, unless the long proofs are asked for; 25 or more."""
    return many if ASKED else min(many, max(25, many // 6))
