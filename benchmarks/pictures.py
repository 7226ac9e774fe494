"""What each part of a prediction adds, in pictures of one section: ``docs/images/parts-seismic.png`` and others.

    python benchmarks/pictures.py --only seismic,hyperspectral
    python benchmarks/pictures.py --only seismic --folder kept    # trains where nothing was kept, and draws

A network is trained as a person would train it, on the labels of a draw (:mod:`accuracy_data`). Then the section
without labels that shows most of the rarest classes is drawn as each part of the prediction sees it: the network alone,
what is known without it, both together, these averaged along the structure, and with boundaries snapped to reflectors
and in the order of layers. Above each stands its mean IoU over the whole survey.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from accuracy_data import DATASETS, SHARED, Task
from accuracy_networks import job_of
from accuracy_scores import scored
from napari_fhn import sample_data
from napari_fhn.project import Project, Session
from napari_fhn.training import Control, Job, Progress, fit, predict
from napari_fhn.training.combination.settings import TITLES

IMAGES = Path(__file__).parents[1] / "docs" / "images"
_SAMPLES = {"seismic": sample_data.SEISMIC, "hyperspectral": sample_data.HYPERSPECTRAL}


def main() -> int:
    options = _options()
    for name in options.only:
        task = DATASETS[name].task(options.draw, options.shared)
        with tempfile.TemporaryDirectory() as scratch:
            folder = Path(options.folder or scratch, name)
            found = parts(task, folder, [f"schedule.steps={options.steps}"] if options.steps else [])
        path = options.images / f"parts-{name}.png"
        draw(task, found, path)
        scores = ", ".join(f"{title} {scored(task, said)['mean_iou']:.3f}" for title, said in found.items())
        print(f"{path}: {scores}", flush=True)
    return 0


def parts(task: Task, folder: Path, overrides: list[str]) -> dict[str, NDArray[np.uint8]]:
    """Return the classes of the whole survey by each part of a prediction, by its title.

    Parameters
    ----------
    task : Task
        What is learnt from what.
    folder : Path
        Where network and predictions are kept; what is there is not made again.
    overrides : list of str
        See :func:`accuracy_networks.job_of`.
    """
    kept = folder / "parts.npz"
    if kept.exists():
        return dict(np.load(kept))
    folder.mkdir(parents=True, exist_ok=True)
    job, _ = job_of(task, Project(Session(folder / "session")), overrides)
    for update in fit(job, Control(watched=False)):
        if isinstance(update, Progress) and update.step % 20 == 0:
            print(f"{update.step} of {update.steps} steps", flush=True)
    assert job.combination is not None
    plain = replace(job.combination, smoothing="off", order="off", snapping="off")
    together = _predicted(replace(job, combination=plain), folder / "plain.npy")
    averaged = replace(job.combination, order="off", snapping="off")
    smooth = _predicted(replace(job, combination=averaged), folder / "smooth.npy")
    whole = _predicted(job, folder / "whole.npy")
    alone = {
        TITLES[name]: np.load(path)
        for name, path in replace(job, prediction=str(folder / "whole.npy")).factor_paths.items()
        if path.exists()
    }
    found = {**alone, "all together": together, "and along the structure": smooth}
    if task.vertical_axis is not None:
        found["and boundaries snapped"] = whole
    np.savez_compressed(kept, **found)
    return found


def _predicted(job: Job, path: Path) -> NDArray[np.uint8]:
    np.save(path, np.zeros_like(np.load(job.labels)))
    for _ in predict(replace(job, prediction=str(path)), Control(watched=False)):
        pass
    return np.load(path)


def section(task: Task) -> int:
    """Return the inline, without labels near it, that shows most of the classes that are rare."""
    areas = np.array([[np.sqrt((row == k + 1).sum()) for k in range(len(task.classes))] for row in task.truth])
    told = areas / np.maximum(areas.sum(axis=0), 1)
    far = np.ones(len(task.truth), bool)
    for row in np.flatnonzero(task.labels.any(axis=tuple(range(1, task.labels.ndim)))):
        far[max(0, row - 4) : row + 5] = False
    return int(np.argmax(told.sum(axis=1) * far))


def draw(task: Task, found: dict[str, NDArray[np.uint8]], path: Path) -> None:
    """Draw a section (a map as a whole): the data, each part, and the truth."""
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt
    from matplotlib.colors import ListedColormap

    at: Any = section(task) if task.labels.ndim == 3 else slice(None)
    colours = ListedColormap(["#ffffff"] + [c.color for c in sample_data.read_classes(_SAMPLES[task.dataset].classes)])
    shown: list[tuple[str, NDArray[Any]]] = []
    for title, said in found.items():
        shown.append((f"{title}: {scored(task, said)['mean_iou']:.2f}", said[at]))
    truth = np.where(task.truth > 0, task.truth, task.labels)[at]
    data = _grey(task.inputs[-1], at)
    columns = 3 if len(shown) < 5 else 4
    rows = -(-(len(shown) + 2) // columns)
    turned = task.vertical_axis is not None
    high, wide = (data.shape[1], data.shape[0]) if turned else data.shape
    figure, axes = plt.subplots(
        rows,
        columns,
        figsize=(3 * columns, 3 * rows * high / wide + 0.3 * rows),
        layout="constrained",
    )
    for axis in axes.flat:
        axis.set_axis_off()
    for axis, (title, values) in zip(axes.flat, _panels(data, shown, truth), strict=False):
        values = values.T if turned else values
        if values.dtype == np.uint8:
            axis.imshow(values, colours, vmin=0, vmax=len(task.classes), interpolation="nearest")
        else:
            low, top = np.nanpercentile(values, [2, 98])
            axis.imshow(values, "gray", vmin=low, vmax=top)
        axis.set_title(title, fontsize=8)
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=110)
    plt.close(figure)


def _panels(
    data: NDArray[Any], shown: list[tuple[str, NDArray[Any]]], truth: NDArray[Any]
) -> Iterator[tuple[str, NDArray[Any]]]:
    yield "the data", data
    yield from shown
    yield "the truth", truth


def _grey(channels: NDArray[Any], at: Any) -> NDArray[np.float32]:
    """Return what is drawn of the data: amplitudes, or the mean of the bands."""
    return np.asarray(channels[:, at] if channels.ndim == 4 else channels, np.float32).mean(axis=0)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", type=lambda t: t.split(","), default=list(_SAMPLES), metavar="SAMPLE,...")
    parser.add_argument("--draw", default="seed0")
    parser.add_argument("--steps", type=int, metavar="N", help="training steps (default: the recipe's)")
    parser.add_argument("--folder", type=Path, metavar="DIR", help="keep networks and predictions there")
    parser.add_argument("--images", type=Path, default=IMAGES, metavar="DIR")
    parser.add_argument("--shared", type=Path, default=SHARED, help=argparse.SUPPRESS)
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
