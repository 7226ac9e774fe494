"""Warnings about labels as sentences."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import TypeVar

from napari_fhn.labels.errors import LabelWarning

_T = TypeVar("_T")


def collect_warnings(work: Callable[[], _T]) -> tuple[_T, list[str]]:
    """Return what work returns, and the warnings about labels that it gave, each once."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", LabelWarning)
        result = work()
    return result, list(dict.fromkeys(str(w.message) for w in caught if issubclass(w.category, LabelWarning)))
