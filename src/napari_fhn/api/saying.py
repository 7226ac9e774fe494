"""What is known as a person says it in Python: keywords, arrays, classes, and what is held out."""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence, Sized
from dataclasses import fields
from pathlib import Path
from typing import Any

import numpy as np

from napari_fhn.box import Box
from napari_fhn.labels import ClassTable, LabelError
from napari_fhn.labels.classes.legends import read_legend
from napari_fhn.project import HeldOut
from napari_fhn.project.knowledge.naming import Said
from napari_fhn.surveys.remote.opening import at_hand
from napari_fhn.training.errors import JobError

Classes = ClassTable | Mapping[int, str] | Sequence[str] | str | Path


def is_array(labels: object) -> bool:
    """Whether labels are an array, and no files."""
    if labels is None or isinstance(labels, str | Path):
        return False
    if isinstance(labels, list | tuple):
        return not all(isinstance(one, str | Path) for one in labels)
    return True


def said_by_keywords(**given: Any) -> Said:
    """Return what is said by keywords; one that says nothing is refused, with the one that is meant."""
    known = [field.name for field in fields(Said)]
    for name in given:
        if name not in known:
            near = difflib.get_close_matches(name, known, 1)
            hint = f"Is '{near[0]}' meant?" if near else f"There are {', '.join(known)}"
            raise LabelError(f"'{name}' says nothing of what is known", hint)
    return Said(**given)


def class_table(classes: Classes) -> ClassTable:
    """Return classes as a person says them as a table, in the usual colours."""
    if isinstance(classes, ClassTable):
        return classes
    if isinstance(classes, str | Path):
        return read_legend(at_hand(classes, whole=True))
    named = classes if isinstance(classes, Mapping) else dict(enumerate(classes, 1))
    return ClassTable.of_codes({int(code): str(name) for code, name in named.items()})


def held_out_of(hold_out: int | Sequence[Box] | HeldOut | None, blocks: int | None, kept: HeldOut | None) -> HeldOut:
    """Return what is held out: what is said, else what is kept from before."""
    if isinstance(hold_out, HeldOut):
        return hold_out
    if hold_out is None or isinstance(hold_out, int | np.integer):
        return HeldOut.asked(None if hold_out is None else int(hold_out), blocks, kept)
    return HeldOut(len(hold_out), tuple(hold_out), blocks)


def check_resumed(said: Mapping[str, Any]) -> None:
    """Refuse what is said beside a training that goes on, which has its own: it would be passed over."""
    for name in sorted(said):
        value = said[name]
        if value is not None and not (isinstance(value, Sized) and not len(value)):
            raise JobError(f"a saved job has its labels and its settings: leave {name} out, or train anew")
