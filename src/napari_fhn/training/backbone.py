"""Runs a network that somebody else trained over a survey, tile by tile: ``python -m napari_fhn.training.backbone``.

It is a process of its own, since the viewer's has no torch, and since a file of TorchScript runs what its maker has put
in it. It reads a task as JSON on standard input and writes lines of JSON on standard output: shares that are done, at
last what was found, or an error.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_fhn import mapped, record
from napari_fhn.box import Box
from napari_fhn.structure.attributes.backbone import MOST, Layout, resized
from napari_fhn.structure.attributes.deriving import Sources
from napari_fhn.structure.attributes.facts import Band
from napari_fhn.training.data.volume import open_input
from napari_fhn.training.job import Input
from napari_fhn.training.machine.leaving import leave_with_starter

Values = NDArray[np.float32]
Network = Callable[[Values], Values]

_LOOKED_AT = 12
"""Tiles that components are found from."""

_PIXELS = 2000
"""Pixels of each of them."""


@dataclass(frozen=True)
class Task:
    """What is to be done.

    Parameters
    ----------
    file : str
        Of the network.
    layout : Layout
        What it takes and gives.
    inputs : tuple of Input
        Of the survey.
    bands : tuple of Band
        How their values are stored.
    taken : tuple of int
        Bands that the input of the network is made of.
    vertical : int or None
        Axis of time or depth: sections along the last of the others are shown to it.
    fitted : tuple of float
        As it was found; found anew when empty.
    out : str
        ``.npy`` of float32 that is there, written into; only what is found is asked for when empty.
    """

    file: str
    layout: Layout
    inputs: tuple[Input, ...]
    bands: tuple[Band, ...]
    taken: tuple[int, ...]
    vertical: int | None
    fitted: tuple[float, ...] = ()
    out: str = ""


def load(file: Path, output: int = 0) -> Network:
    """Load a network, as a function of arrays ``(1, bands, height, width)``.

    Parameters
    ----------
    file : Path
        TorchScript, or ONNX.
    output : int
        Which of several outputs is returned.

    Raises
    ------
    ValueError
        When it cannot be loaded; the message says what is missing.
    """
    if file.suffix.lower() == ".onnx":
        return _onnx(file, output)
    import torch

    try:
        network = torch.jit.load(str(file), map_location="cpu").eval()  # type: ignore[no-untyped-call]
    except (RuntimeError, ValueError, OSError) as error:
        raise ValueError(f"{file} cannot be loaded as TorchScript: {str(error).splitlines()[0]}") from error

    def run(values: Values) -> Values:
        with torch.inference_mode():
            found = network(torch.from_numpy(np.ascontiguousarray(values)))
        if isinstance(found, dict):
            found = list(found.values())
        if isinstance(found, list | tuple):
            found = found[output]
        return np.asarray(found.float().numpy(), np.float32)

    return run


def _onnx(file: Path, output: int) -> Network:
    try:
        import onnxruntime
    except ImportError as error:
        raise ValueError(
            "files of ONNX are run by onnxruntime, which is not installed: pip install onnxruntime"
        ) from error
    try:
        session = onnxruntime.InferenceSession(str(file), providers=["CPUExecutionProvider"])
    except Exception as error:  # of the library's own kinds
        raise ValueError(f"{file} cannot be loaded as ONNX: {str(error).splitlines()[0]}") from error
    name = session.get_inputs()[0].name

    def run(values: Values) -> Values:
        try:
            found = session.run(None, {name: np.ascontiguousarray(values)})
        except Exception as error:  # of the library's own kinds, which are no RuntimeError
            raise ValueError(f"{file} cannot be run: {(str(error) or type(error).__name__).splitlines()[0]}") from error
        return np.asarray(found[output], np.float32)

    return run


class Features:
    """The features of a network over a survey.

    Parameters
    ----------
    task : Task
        What is to be done.
    network : callable
        As `load` returns it.
    """

    def __init__(self, task: Task, network: Network) -> None:
        self._task = task
        self._network = network
        self._sources = Sources([open_input(item) for item in task.inputs], task.bands)
        self.shape = self._sources.shape
        # The two axes of an image: rows and columns of a map; of a volume a lateral one, and time or depth.
        lateral = [axis for axis in range(len(self.shape)) if axis != task.vertical]
        self._across = lateral[-1] if task.vertical is not None else 0
        self._along = task.vertical if task.vertical is not None else 1

    def fit(self) -> tuple[float, ...]:
        """Find how the data spread, and the components of the features."""
        from napari_fhn.structure.attributes.spectra import principal

        blocks = self._sources.blocks(self._task.vertical)
        flat = np.concatenate([block.reshape(len(block), -1) for block in blocks], axis=1)
        scaling: list[float] = []
        for band in self._task.taken:
            values = flat[band][np.isfinite(flat[band])]
            low, middle, high = np.percentile(values, (16, 50, 84)) if values.size else (0.0, 0.0, 2.0)
            scaling += [float(middle), float((high - low) / 2) or 1.0]
        tiles = list(self.tiles())
        rng = np.random.default_rng(0)
        chosen = [tiles[k] for k in sorted(rng.permutation(len(tiles))[:_LOOKED_AT])]
        found = []
        for box in chosen:
            features = self._of(box, scaling)
            pixels = features.reshape(len(features), -1)
            pixels = pixels[:, np.isfinite(pixels).all(axis=0)]
            found.append(pixels[:, rng.permutation(pixels.shape[1])[:_PIXELS]])
        pixels = np.concatenate(found, axis=1)
        count = min(MOST, self._task.layout.features)
        if pixels.shape[1] <= count:
            raise ValueError("there are too few data to find components of its features")
        mean, directions = principal(pixels, count)
        numbers = np.concatenate([scaling, mean, directions.ravel()]).astype(np.float32)
        return tuple(float(one) for one in numbers)

    def write(self, out: NDArray[np.float32], fitted: tuple[float, ...], told: Callable[[float], None]) -> None:
        """Compute the components over the survey."""
        bands, features = len(self._task.taken), self._task.layout.features
        numbers = np.asarray(fitted, np.float32)
        scaling = [float(one) for one in numbers[: 2 * bands]]
        mean, directions = numbers[2 * bands : 2 * bands + features], numbers[2 * bands + features :]
        directions = directions.reshape(-1, features)
        tiles = list(self.tiles())
        for number, box in enumerate(tiles):
            found = self._of(box, scaling)
            flat = found.reshape(features, -1) - mean[:, np.newaxis]
            out[(slice(None), *box.slices)] = (directions @ flat).reshape(-1, *box.shape)
            told((number + 1) / len(tiles))

    def tiles(self) -> Iterator[Box]:
        """Yield boxes of one image each that make up the survey."""
        side = max(self._task.layout.multiple, self._task.layout.tile - 2 * self._margin)
        sides = [side if axis in (self._across, self._along) else 1 for axis in range(len(self.shape))]
        for start in product(*(range(0, size, step) for size, step in zip(self.shape, sides, strict=True))):
            yield Box(start, tuple(min(a + b, c) for a, b, c in zip(start, sides, self.shape, strict=True)))

    @property
    def _margin(self) -> int:
        """Pixels around a box that the network sees too: at the rim of what it is shown it knows least."""
        return self._task.layout.tile // 8

    def _of(self, box: Box, scaling: list[float]) -> Values:
        """Return the features ``(features, *box.shape)`` of a box; NaN in gaps of the data."""
        layout, images = self._task.layout, (self._across, self._along)
        seen = Box(
            tuple(max(0, a - (self._margin if axis in images else 0)) for axis, a in enumerate(box.start)),
            tuple(
                min(size, b + (self._margin if axis in images else 0))
                for axis, (b, size) in enumerate(zip(box.stop, self.shape, strict=True))
            ),
        )
        values = self._sources.read(seen)[list(self._task.taken)]
        order = (0, 1 + self._across, 1 + self._along)
        image = values.transpose(*order, *(axis for axis in range(values.ndim) if axis not in order))
        image = image.reshape(image.shape[:3])
        gap = ~np.isfinite(image).all(axis=0)
        centre, scale = (np.asarray(one, np.float32).reshape(-1, 1, 1) for one in (scaling[::2], scaling[1::2]))
        if layout.mean:
            centre, scale = (np.asarray(one, np.float32).reshape(-1, 1, 1) for one in (layout.mean, layout.std))
        ready = np.nan_to_num((image - centre) / scale)
        height, width = ready.shape[1:]
        pad = [(0, -size % layout.multiple) for size in (height, width)]
        padded = np.pad(ready, [(0, 0), *pad], mode="edge")
        found = _as_image(self._network(padded[np.newaxis]), padded.shape[1:], layout.features)
        found = resized(found, (padded.shape[1], padded.shape[2]))
        found = found[:, :height, :width].copy()
        found[:, gap] = np.nan
        inside = box.within(seen)
        found = found[:, inside[self._across], inside[self._along]]
        out = found.reshape(len(found), *(box.shape[axis] for axis in (self._across, self._along)))
        if self._across > self._along:
            out = out.swapaxes(1, 2)
        return np.ascontiguousarray(out.reshape(len(out), *box.shape), np.float32)


def _as_image(found: Values, shape: tuple[int, ...], features: int) -> Values:
    """Return features ``(features, height, width)`` of what a network gave: an image, or tokens of patches."""
    if found.ndim == 4 and found.shape[1] == features:
        return np.asarray(found[0])
    if found.ndim == 3 and found.shape[2] == features:
        for extra in (0, 1):  # some begin with a token of the whole image
            count = found.shape[1] - extra
            rows = round((count * shape[0] / shape[1]) ** 0.5)
            if rows and count % rows == 0 and abs(rows / shape[0] - count / rows / shape[1]) * shape[0] < 1:
                return found[0, extra:].T.reshape(features, rows, count // rows)
    raise ValueError(
        f"the network gave an array of shape {found.shape} for an image of {shape[0]} x {shape[1]}, and "
        f"(1, {features}, height, width) or (1, patches, {features}) is needed: see 'features' and 'output' of its "
        "layout"
    )


def main() -> int:
    """Do what a line of standard input says, as long as whoever says it is there."""
    leave_with_starter()
    if hasattr(os, "nice"):
        os.nice(5)  # beside somebody who paints
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)  # what a library prints is no answer

    def answer(told: dict[str, Any]) -> None:
        answers.write(json.dumps(told) + "\n")
        answers.flush()

    try:
        task = record.decode(Task, json.loads(sys.stdin.readline()))
        features = Features(task, load(Path(task.file), task.layout.output))
        fitted = task.fitted or features.fit()
        if task.out:
            out = mapped.open(task.out, "r+")
            features.write(out, fitted, lambda share: answer({"share": share}))
            out.flush()
        answer({"fitted": list(fitted)})
    except (ValueError, OSError, RuntimeError, IndexError) as error:
        answer({"error": str(error).splitlines()[0] if str(error) else type(error).__name__})
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
