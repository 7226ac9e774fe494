"""A trained network on disk: numbers in a safetensors file, everything else in ``model.json``. Loading runs no code.

``model.json`` names its weights file, whose name and checksum come from what is in it. Saving writes new weights beside
the old ones and then replaces ``model.json``: whatever happens meanwhile, the folder holds one whole model.
"""

from __future__ import annotations

import hashlib
import io
import platform
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy
import safetensors
import torch
from safetensors.torch import load as weights_from_bytes
from safetensors.torch import save as weights_to_bytes
from torch import Tensor
from torch.overrides import TorchFunctionMode

from napari_fhn import __version__, record
from napari_fhn.network.build import SegmentationNetwork, build
from napari_fhn.training.combination.settings import Found
from napari_fhn.training.data.framing import Framing
from napari_fhn.training.files import removing
from napari_fhn.training.job import Axis, Job, JobError
from napari_fhn.training.models import description as descriptions
from napari_fhn.training.models.description import Description, Normalisation, WeightsFile
from napari_fhn.training.schedule import Schedule
from napari_fhn.training.updates import Score


@dataclass(frozen=True)
class Model:
    """A network with what is needed to use it on data, and what a report says about it.

    Parameters
    ----------
    network : SegmentationNetwork
        With its weights; of any kind.
    normalisation : Normalisation
        Of the data that it was trained on.
    classes : tuple of str
        Names, in the order of the network's scores.
    framing : Framing
        What it was told about the axes of the survey.
    colors, codes, axes
        As in the :class:`~napari_fhn.training.job.Job` it was trained by.
    inputs : tuple of str
        What the person called the inputs, in the order of their channels.
    schedule : Schedule or None
        How it was trained; None where that is not known.
    steps : int
        Training steps behind the weights.
    label_counts : tuple of int
        Labelled voxels of each class that it was trained on; empty where not known.
    scores : tuple of Score
        The last ones, on its training labels and on those held out.
    versions : mapping of str to str
        Of the packages that wrote it; :func:`save` fills them in.
    sha256 : str
        Of the description and, through it, of the weights: the same for equal models only. Empty before it was saved.
    run, recipe : str
        As in the :class:`~napari_fhn.training.job.Job` it was trained by.
    labels : str
        Digest of the label file when its training began; empty where not known.
    combination : Found or None
        What its predictions are made of beside the network; None for the network alone.
    """

    network: SegmentationNetwork
    normalisation: Normalisation
    classes: tuple[str, ...]
    framing: Framing
    colors: tuple[str, ...] = ()
    codes: tuple[int, ...] = ()
    axes: tuple[Axis, ...] = ()
    inputs: tuple[str, ...] = ()
    schedule: Schedule | None = None
    steps: int = 0
    label_counts: tuple[int, ...] = ()
    scores: tuple[Score, ...] = ()
    versions: Mapping[str, str] | None = None
    sha256: str = ""
    run: str = ""
    recipe: str = ""
    labels: str = ""
    combination: Found | None = None

    @classmethod
    def of(cls, job: Job, network: SegmentationNetwork, normalisation: Normalisation, labels: str = "") -> Model:
        """Return the model of a job, before anything is known of how well it does."""
        return cls(
            network,
            normalisation,
            job.classes,
            job.framing,
            job.colors,
            job.codes,
            job.axes,
            tuple(item.name for item in job.inputs),
            job.schedule,
            run=job.run,
            recipe=job.recipe,
            labels=labels,
        )


def save(model: Model, folder: str | Path) -> Model:
    """Write a model; an older one in the folder stays whole until the new one is.

    Parameters
    ----------
    model : Model
        Of any kind of network, on any device.
    folder : path-like
        Made when it is not there.

    Returns
    -------
    Model
        The same with its ``versions`` and ``sha256``.
    """
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    # Plain strides: a kernel is kept channels-last in memory, and files know no such thing.
    state = {name: value.detach().cpu().contiguous() for name, value in model.network.state_dict().items()}
    weights = weights_to_bytes(state)
    digest = hashlib.sha256(weights).hexdigest()
    name = f"weights-{digest[:16]}.safetensors"
    model = replace(
        model,
        versions={
            "napari-fhn": __version__,
            "python": platform.python_version(),
            "torch": torch.__version__,
            "numpy": numpy.__version__,
            "safetensors": safetensors.__version__,
        },
    )
    described = _described(model, WeightsFile(name, digest))
    before = removing.named_weights(folder)
    there = (folder / name).exists()
    record.write_bytes(folder / name, weights)
    try:
        checksum = descriptions.write(described, folder)
    except OSError:
        if not there:
            removing.files([folder / name])  # it would take room that is missing already
        raise
    if before and before != name:
        removing.files([folder / before])
    removing.weights(folder, kept=name)  # of a process that was killed in between
    return replace(model, sha256=checksum)


def load(folder: str | Path) -> Model:
    """Read a model.

    Raises
    ------
    JobError
        When the folder holds none, or one that this version cannot read, or that is not as it was written; the message
        names the file.
    """
    folder = Path(folder)
    described = descriptions.read(folder)
    try:
        try:
            return _model(described, _read_weights(folder, described.weights))
        except FileNotFoundError:
            # Somebody saved a newer one between our two readings.
            newer = descriptions.read(folder)
            if newer == described:
                raise
            return _model(newer, _read_weights(folder, newer.weights))
    except JobError:
        raise
    except Exception as error:
        # Whatever a damaged file makes the readers stumble over, the person needs its name.
        # Behind the first line torch tells where in its own code it happened.
        what = str(error).partition("\n")[0] or type(error).__name__
        raise JobError(f"{folder} cannot be read as a trained network: {what}") from error


def _described(model: Model, weights: WeightsFile) -> Description:
    return Description(
        weights=weights,
        architecture=model.network.architecture,
        input_channels=model.network.input_channels,
        classes=model.classes,
        colors=model.colors,
        codes=model.codes,
        normalisation=model.normalisation,
        framing=model.framing,
        axes=model.axes,
        inputs=model.inputs,
        schedule=model.schedule,
        steps=model.steps,
        label_counts=model.label_counts,
        scores=model.scores,
        versions=dict(model.versions or {}),
        run=model.run,
        recipe=model.recipe,
        labels=model.labels,
        combination=model.combination,
    )


def _read_weights(folder: Path, file: WeightsFile) -> dict[str, Tensor]:
    data = (folder / file.file).read_bytes()
    if hashlib.sha256(data).hexdigest() != file.sha256:
        raise JobError(f"{folder / file.file} is not as it was written: restore it, or train again")
    if file.file == descriptions.FIRST_WEIGHTS:
        with numpy.load(io.BytesIO(data), allow_pickle=False) as arrays:
            return {name: torch.from_numpy(arrays[name]) for name in arrays.files}
    return weights_from_bytes(data)


class _NoNumbers(TorchFunctionMode):
    """Draws nothing where random numbers are asked for: for those that are nowhere torch loads its compiler first."""

    def __torch_function__(
        self, func: Callable[..., Any], types: Any, args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        if func is torch.randn:
            return torch.empty(*args, device="meta")
        return func(*args, **(kwargs or {}))


def _model(described: Description, weights: Mapping[str, Tensor]) -> Model:
    classes = len(described.classes)
    # Without memory at first: a description of something huge is found out by the weights that it does not go with.
    with torch.device("meta"), _NoNumbers():
        expected = build(described.architecture, described.input_channels, classes).state_dict()
    if {k: tuple(v.shape) for k, v in expected.items()} != {k: tuple(v.shape) for k, v in weights.items()}:
        raise ValueError("its weights are not those of the network that it describes")
    network = build(described.architecture, described.input_channels, classes)
    network.load_state_dict(dict(weights))
    return Model(
        network=network,
        normalisation=described.normalisation,
        classes=described.classes,
        framing=described.framing,
        colors=described.colors,
        codes=described.codes,
        axes=described.axes,
        inputs=described.inputs,
        schedule=described.schedule,
        steps=described.steps,
        label_counts=described.label_counts,
        scores=described.scores,
        versions=described.versions,
        sha256=described.sha256,
        run=described.run,
        recipe=described.recipe,
        labels=described.labels,
        combination=described.combination,
    )
