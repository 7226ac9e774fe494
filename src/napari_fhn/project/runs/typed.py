"""Settings of a training as a person types them: ``learning_rate=0.02``."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from napari_fhn.project.runs.settings import OBJECTIVE_FIELDS
from napari_fhn.project.runs.terms import pair

SETTING_EXAMPLE = "learning_rate=0.02"
_SEVERAL = ("block", "flips", "permute", "losses")


def settings_of(texts: Sequence[str]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Read settings as a person types them.

    Parameters
    ----------
    texts : sequence of str
        ``NAME=VALUE``: of the schedule or the objective, by the names that they have in a job. Several numbers have
        commas between them.

    Returns
    -------
    schedule, objective : dict
        For `Settings.with_parts`, which says what cannot be.

    Raises
    ------
    JobError
        When one has no name or no value.

    Examples
    --------
    >>> settings_of(["block=64,64", "learning_rate=0.02", "optimiser=sgd", "balance=full"])
    ({'block': [64, 64], 'learning_rate': 0.02, 'optimiser': 'sgd'}, {'balance': 'full'})
    """
    schedule: dict[str, Any] = {}
    objective: dict[str, Any] = {}
    for text in texts:
        name, value = (part.strip() for part in pair(text, SETTING_EXAMPLE))
        parts = [_value(part) for part in value.split(",")]
        found = parts if len(parts) > 1 or name in _SEVERAL else parts[0]
        (objective if name in OBJECTIVE_FIELDS else schedule)[name] = found
    return schedule, objective


def _value(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text.strip()
