"""Trained networks for other programs: ONNX, files of ``torch.export``, weights for the published Julia package.

The first two hold everything: normalisation, network, class codes, and a text that says what goes in and comes out.
Whoever reads them needs nothing of this program.
"""

from __future__ import annotations

import io
import json
import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch

from napari_fhn import record
from napari_fhn.network.architecture import Architecture
from napari_fhn.network.published import weights_to
from napari_fhn.training.job import JobError
from napari_fhn.training.models.model import Model, load
from napari_fhn.training.models.portable import PortableModel

SUFFIXES = (".onnx", ".pt2", ".npz")
"""Kinds of file, by suffix: ONNX, `torch.export`, weights in the order of the published Julia package."""

METADATA = "napari-fhn.json"
"""Under which name a file holds what there is to say of it: an entry of an ONNX file's metadata, an extra file of the
other."""


@dataclass(frozen=True)
class Exported:
    """What was written.

    Parameters
    ----------
    path : Path
        The file.
    about : dict
        What it says of itself.
    notes : tuple of str
        What a person should know.
    """

    path: Path
    about: dict[str, Any]
    notes: tuple[str, ...] = ()


def export(network: str | Path, path: str | Path) -> Exported:
    """Write a trained network for other programs.

    Parameters
    ----------
    network : path-like
        Folder of a model.
    path : path-like
        The file, replaced when the new one is whole: ``.onnx``, ``.pt2`` or ``.npz``.

    Returns
    -------
    Exported

    Raises
    ------
    JobError
        When there is no trained network, it cannot be written so, or a package is missing.

    Examples
    --------
    >>> export("nowhere", "net.txt")
    Traceback (most recent call last):
        ...
    napari_fhn.training.errors.JobError: net.txt: a network is written as .onnx, .pt2 or .npz
    """
    path = Path(path)
    if path.suffix.lower() not in SUFFIXES:
        raise JobError(f"{path}: a network is written as {', '.join(SUFFIXES[:-1])} or {SUFFIXES[-1]}")
    model = load(network)
    if path.suffix.lower() == ".npz":
        return _weights(model, path)
    portable = PortableModel(model).eval()
    about = _about(model, portable)
    with _quiet(), torch.no_grad():
        program, sizes = _traced(portable)
        about["sizes"] = sizes
        text = json.dumps(about, indent=1, ensure_ascii=False)
        if path.suffix.lower() == ".onnx":
            data = _onnx(program, portable, text)
        else:
            buffer = io.BytesIO()
            torch.export.save(program, buffer, extra_files={METADATA: text})
            data = buffer.getvalue()
    record.write_bytes(path, data)
    return Exported(path, about, _notes(model, about))


def _traced(portable: PortableModel) -> tuple[Any, str]:
    """Return the program for sizes that are free, or for one where they cannot be; and which that is, in words."""
    example = portable.example()
    axes = [axis for axis in range(portable.dimensions) if axis != portable.map_axis]
    space = {2 + axis: torch.export.Dim(f"size_{axis}", min=portable.minimum[axis]) for axis in axes}
    free = {0: torch.export.Dim("batch"), **space}
    shapes: dict[str, Any] = {"data": free}
    if portable.inputs[1:]:
        shapes["further"] = tuple(None if name == "place" else free for name in portable.inputs[1:])
    try:
        program = torch.export.export(portable, example, dynamic_shapes=shapes)
    except Exception as error:  # torch says in many ways that a size has to be known
        logging.getLogger(__name__).info("sizes are fixed: %s", error)
        whole = tuple(_FIXED if axis in axes else portable.bands for axis in range(portable.dimensions))
        example = tuple(one if one.ndim == 2 else one[:1] for one in portable.example(whole))
        return torch.export.export(portable, example), f"fixed: {' x '.join(map(str, example[0].shape))}"
    return program, f"free, from {' x '.join(str(portable.minimum[axis]) for axis in axes)} on"


_FIXED = 128
"""Size along each axis where it has to be known."""


def _onnx(program: Any, portable: PortableModel, text: str) -> bytes:
    try:
        made = torch.onnx.export(
            program, input_names=list(portable.inputs), output_names=["probabilities", "classes"], verbose=False
        )
    except ImportError as error:
        raise JobError(f"writing ONNX needs {error.name or 'onnxscript'}: pip install 'napari-fhn[onnx]'") from error
    assert made is not None
    made.model.metadata_props[METADATA] = text
    data: bytes = made.model_proto.SerializeToString()
    return data


def _weights(model: Model, path: Path) -> Exported:
    architecture = model.network.architecture
    if not isinstance(architecture, Architecture):
        raise JobError("the published code has no network of this kind: write it as .onnx or .pt2")
    try:
        kernels, biases = weights_to(architecture, model.network.state_dict())
    except ValueError as error:
        raise JobError(f"{error}: write it as .onnx or .pt2") from None
    arrays: dict[str, Any] = {f"W{n}": kernel.numpy() for n, kernel in enumerate(kernels, 1)}
    arrays |= {f"b{n}": bias.numpy() for n, bias in enumerate(biases, 1)}
    normalisation = model.normalisation
    numbers = {"alpha": architecture.h**2, "centre": normalisation.centre, "scale": normalisation.scale}
    arrays |= {name: np.asarray(value) for name, value in numbers.items()}
    buffer = io.BytesIO()
    np.savez(buffer, **arrays)
    record.write_bytes(path, buffer.getvalue())
    about = {"layers": len(kernels), "alpha": architecture.h**2, "classes": list(model.classes)}
    return Exported(path, about, ("It holds weights alone, in the order of InvertibleNetworks.jl.",))


def _about(model: Model, portable: PortableModel) -> dict[str, Any]:
    names = [axis.name for axis in model.axes]
    return {
        "format": "napari-fhn network",
        "version": 1,
        "classes": list(model.classes),
        "codes": portable.codes.tolist(),
        "colors": list(model.colors),
        "nothing": portable.nothing,
        "inputs": {
            "data": f"(batch, {portable.channels}, *space), float32, as measured; NaN where there are no data",
            **(
                {"place": f"({len(portable.placed)}, 2), float32: [-1, 1] for the whole of an axis"}
                if portable.placed
                else {}
            ),
            **(
                {"known": f"(batch, {portable.known}, *space), float32: what the nearest labels say"}
                if portable.known
                else {}
            ),
        },
        "outputs": {
            "probabilities": f"(batch, {len(model.classes)}, *space), float32",
            "classes": "(batch, *space), int64, codes",
        },
        "channels": list(model.inputs),
        "neighbouring sections": portable.context,
        "axes": [asdict(axis) for axis in model.axes],
        "vertical axis": model.framing.vertical_axis,
        "places along": [names[axis] if names else axis for axis in portable.placed],
        "centre": list(model.normalisation.centre),
        "scale": list(model.normalisation.scale),
        "recipe": model.recipe,
        "steps": model.steps,
        "sha256": model.sha256,
        "versions": dict(model.versions or {}),
    }


def _notes(model: Model, about: dict[str, Any]) -> tuple[str, ...]:
    notes = [f"Sizes are {about['sizes']}."]
    if model.combination is not None:
        notes.append(
            "It is the network alone: the other parts of a prediction, and what is done after them, stay here."
        )
    if "known" in about["inputs"]:
        notes.append("It wants to be told what the nearest labels say, as another input.")
    return tuple(notes)


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep to itself what torch says of packages that are not needed here."""
    logger = logging.getLogger("torch.onnx")
    before = logger.level
    logger.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logger.setLevel(before)
