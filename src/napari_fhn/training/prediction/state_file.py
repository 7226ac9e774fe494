"""The states of a network on the cells of a survey, as a file beside the prediction; read without torch."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_fhn import mapped, record
from napari_fhn.training.data.volume import open_array

_FORMAT, _VERSION = "states", 1


@dataclass(frozen=True)
class StatesRecord:
    """What is written beside the file.

    Parameters
    ----------
    model : str
        Digest of the network.
    inputs : tuple of str
        Stamps of the inputs that it saw.
    cell : tuple of int
        Voxels of a cell along each axis.
    """

    model: str
    inputs: tuple[str, ...]
    cell: tuple[int, ...]


def path_of(prediction: str | Path) -> Path:
    """Return the file of the states that belong to a prediction."""
    prediction = Path(prediction)
    return prediction.with_name(f"{prediction.stem}-states.npy")


def write(prediction: str | Path, states: NDArray[np.float16], said: StatesRecord) -> Path:
    """Write states ``(states, *cells)``; until they are whole, nothing says that they are there."""
    path = path_of(prediction)
    path.with_suffix(".json").unlink(missing_ok=True)
    mapped.save(path, states)
    record.write(path.with_suffix(".json"), _FORMAT, _VERSION, record.encode(said))
    return path


def read(prediction: str | Path) -> tuple[StatesRecord, NDArray[Any]] | None:
    """Return the states beside a prediction, mapped from the file; None where there are none that can be read."""
    path = path_of(prediction)
    try:
        said = record.decode(StatesRecord, record.read(path.with_suffix(".json"), _FORMAT, _VERSION))
        values = open_array(str(path))
    except (record.RecordError, OSError, ValueError):
        return None
    return (said, values) if values.ndim == len(said.cell) + 1 else None
