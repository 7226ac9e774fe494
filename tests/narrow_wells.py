"""What is known of wells, no wider than the trace each goes through: the usual radius is meant for whole surveys."""

from __future__ import annotations

from collections.abc import Iterable

from napari_fhn.labels import Source


def narrow(sources: Iterable[Source]) -> list[Source]:
    """Return files, those of wells with a radius of 0."""
    return [one.answered(radius=0.0) if one.kind in ("wells", "tops", "las") else one for one in sources]
