"""What is known of the voxels of a block beside the data: labels, how much they count, where nothing counts."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray

from napari_fhn.box import Box
from napari_fhn.training.data.batch import Batch
from napari_fhn.training.data.boxes import check_axes, clear, read_padded, within
from napari_fhn.training.data.frame import Frame
from napari_fhn.training.data.labelled import LabelFile
from napari_fhn.training.data.pseudo_labels import Tile, filled
from napari_fhn.training.data.volume import open_array
from napari_fhn.training.job import JobError
from napari_fhn.training.objective import Objective

_FULL = 100
"""Percent of a label that counts fully."""


class Annotations:
    """Reads what is known of a box as rows of small whole numbers, which are then moved about like the data.

    The first row is the labels. Where they are asked for, there follow the weights of the labels in percent, whether a
    voxel counts for what is known without labels, where each absence of the objective holds, and pseudo-labels.

    Parameters
    ----------
    frame : Frame
        How the network looks at the volume.
    labels : LabelFile
        What is labelled.
    objective : Objective
        What is minimised.
    weights : str, optional
        ``.npy`` of whole percents on the grid of the labels: from 1 to 100, and 0 where nothing is said and a label
        counts fully, so that a new file of zeros changes nothing.
    ignored : sequence of Box
        Where nothing counts.
    pseudo : bool
        Whether the last row is for pseudo-labels, which are not read here: it is empty.

    Raises
    ------
    JobError
        When a file does not lie on the grid of the labels, or a label weighs more than 100 percent.
    """

    def __init__(
        self,
        frame: Frame,
        labels: LabelFile,
        objective: Objective | None = None,
        weights: str | None = None,
        ignored: Sequence[Box] = (),
        *,
        pseudo: bool = False,
    ) -> None:
        self.frame = frame
        self.labels = labels
        self._objective = objective or Objective()
        self._ignored = tuple(ignored)
        self.pseudo = pseudo
        self._weights = None if weights is None else _on_grid(weights, frame.shape, "weights")
        self._masks = [
            None if item.mask is None else _on_grid(item.mask, frame.shape, f"a mask without {item.class_name}")
            for item in self._objective.absences
        ]
        check_axes("absence", (box for item in self._objective.absences for box in item.boxes), frame.shape)
        if self._weights is not None:
            self._check(self._weights, weights)

    def _check(self, weights: NDArray[np.generic], path: str | None) -> None:
        for positions in self.labels.positions:
            index = np.unravel_index(positions, weights.shape)
            percents = np.asarray(weights[index], np.int64)
            wrong = np.flatnonzero((percents < 0) | (percents > _FULL))
            if wrong.size:
                voxel = tuple(int(axis[wrong[0]]) for axis in index)
                raise JobError(
                    f"{path} has weight {percents[wrong[0]]} at voxel {voxel}: weights are percents from 1 to 100, "
                    "and 0 where nothing is said"
                )

    def read(self, box: Box) -> NDArray[np.uint8]:
        """Read a box.

        Parameters
        ----------
        box : Box
            Of the labels' grid; may reach outside, where nothing is known.

        Returns
        -------
        ndarray
            ``(rows, *box.shape)``.
        """
        counted = self.frame.present(box).astype(np.uint8)
        clear(counted, box, self._ignored)
        rows = [self.labels.read(box) * counted]
        if self._weights is not None:
            said = read_padded(self._weights, box)
            rows.append(np.where(said == 0, _FULL, np.minimum(said, _FULL)).astype(np.uint8))
        if self._objective.knowledge:
            rows.append(counted)
        for item, mask in zip(self._objective.absences, self._masks, strict=True):
            row = np.zeros(box.shape, np.uint8) if mask is None else (read_padded(mask, box) != 0).astype(np.uint8)
            for part in item.boxes:
                row[within(box, part)] = 1
            rows.append(row)
        if self.pseudo:
            rows.append(np.zeros(box.shape, np.uint8))
        return np.stack(rows)

    def fill(self, known: NDArray[np.uint8], box: Box, tile: Tile) -> None:
        """Put pseudo-labels into what was read of a box, where there are data, and neither labels nor what is ignored.

        Parameters
        ----------
        known : ndarray
            From :meth:`read`.
        box : Box
            Of which it was read.
        tile : Tile
            Of the pseudo-labels.
        """
        filled(tile, box, known[-1])
        counted = self.frame.present(box).astype(np.uint8)
        clear(counted, box, self._ignored)
        known[-1] *= counted * (known[0] == 0)

    def batch(self, data: NDArray[np.float32], known: NDArray[np.uint8], parts: int = 1) -> Batch:
        """Put blocks and what is known of them into a batch.

        Parameters
        ----------
        data : ndarray
            ``(batch, channels, *space)``.
        known : ndarray
            ``(batch, rows, *space)``, from :meth:`read`.
        parts : int
            In how many the batch is shown.

        Returns
        -------
        Batch
        """
        each = torch.from_numpy(known).unbind(1)
        pseudo = each[-1].long() if self.pseudo else None
        rows = iter(each[:-1] if self.pseudo else each)
        labels = next(rows).long()
        weights = None if self._weights is None else next(rows).float() / _FULL
        counted = next(rows).bool() if self._objective.knowledge else None
        absent = [row.bool() for row in rows]
        stacked = torch.stack(absent, 1) if absent else None
        return Batch(torch.from_numpy(data), labels, weights, counted, stacked, pseudo, parts)


def _on_grid(path: str, shape: tuple[int, ...], what: str) -> NDArray[np.generic]:
    array = open_array(path)
    if array.shape != shape or array.dtype.kind not in "biu":
        raise JobError(
            f"{path} is {array.dtype} of shape {array.shape}: {what} must be whole numbers on the labels' grid, {shape}"
        )
    return array
