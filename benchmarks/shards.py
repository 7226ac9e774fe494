"""Predicting by shards: how well workers share it, how little memory a huge survey takes, what a terabyte would take.

    python benchmarks/shards.py --workers 1,2,4
    python benchmarks/shards.py --sparse 50
    python benchmarks/shards.py --terabyte

``--workers`` predicts a made survey in bricks on as many workers of ``dask.distributed``, each on one thread, and again
by one process without any; what a worker needs to begin is left out, as it begins once. ``--sparse`` makes a store of
so many gigabytes of which a small part is written, predicts the shard in its middle, and says the most memory that
was anonymous (no file that is mapped). ``--terabyte`` measures nothing: it works out bytes, halos, time and cost from
the rates that are kept in ``results/``, for a network and a survey, and prints the table of ``docs/cluster.md``.
"""

from __future__ import annotations

import argparse
import datetime
import json
import math
import os
import tempfile
import threading
import time
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr

from machine import machine

RESULTS = Path(__file__).parent / "results"
CLASSES = ("sea", "sand", "shale", "marl", "lime", "salt", "basement")
RECIPE = "sections"

SURVEY = (8000, 20000, 1600)
"""A terabyte of float32: inlines, crosslines, samples."""

GPUS, PRICE = 64, 3.0
"""How many, and what an hour of one costs, in dollars: a price as rented in 2026, to be replaced by one's own."""

READ = 300
"""Megabytes a second of blocks that one core unpacks, where nothing is kept in ``results/``."""

FLOPS, BANDWIDTH, SHARE = 67e12, 4.8e12, 0.2
"""Of an H200 in float32, and the share of the slower of the two that a network is taken to reach: not measured."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--workers", type=lambda text: [int(n) for n in text.split(",")], default=[])
    parser.add_argument("--shape", default="128x128x256", help="of the survey that workers share")
    parser.add_argument("--sparse", type=float, metavar="GB")
    parser.add_argument("--terabyte", action="store_true")
    parser.add_argument("--output", type=Path, default=RESULTS / "shards.json")
    options = parser.parse_args()
    if options.terabyte:
        print(terabyte())
        return
    found: dict[str, Any] = {"date": str(datetime.date.today()), "machine": machine(), "load": os.getloadavg()[0]}
    with tempfile.TemporaryDirectory(prefix="napari-fhn-shards-") as name:
        if options.workers:
            shape = tuple(int(n) for n in options.shape.split("x"))
            found["workers"] = shared(Path(name), shape, options.workers)
        if options.sparse:
            found["sparse"] = sparse(Path(name), options.sparse)
    print(json.dumps(found, indent=2))
    known = json.loads(options.output.read_text()) if options.output.exists() else {}
    options.output.write_text(json.dumps({**known, **found}, indent=2) + "\n")


def survey_of(shape: tuple[int, ...]) -> xr.DataArray:
    """The outline of a volume: values without memory of their own."""
    coords = {"inline": np.arange(1, shape[0] + 1), "crossline": np.arange(1, shape[1] + 1)}
    twt = ("twt", 4.0 * np.arange(shape[2]), {"units": "ms"})
    nothing = np.broadcast_to(np.float32(0), shape)
    return xr.DataArray(nothing, dims=("inline", "crossline", "twt"), coords={**coords, "twt": twt},
                        attrs={"kind": "seismic"})  # fmt: skip


def trained(folder: Path, path: Path) -> Path:
    """A network of the recipe with weights that nobody trained, ready for a survey in bricks."""
    from napari_fhn import surveys
    from napari_fhn.network.build import build
    from napari_fhn.project.data import in_place
    from napari_fhn.training import Input, Job, Schedule
    from napari_fhn.training.data.frame import Frame
    from napari_fhn.training.data.volume import Volume
    from napari_fhn.training.models import model as models
    from napari_fhn.training.models.description import Normalisation
    from napari_fhn.training.recipes import RECIPES

    in_place.note(folder / "survey.json", surveys.open(path))
    network = RECIPES[RECIPE].network
    job = Job((Input(str(folder / "survey.json"), name="survey"),), str(folder / "labels.npy"), CLASSES, network,
              Schedule(block=(64, 64)), str(folder / "prediction.npy"), str(folder / "model"),
              vertical_axis=2)  # fmt: skip
    volume = Volume(job.inputs, Normalisation((0.0,), (1.0,)))
    made = build(network, Frame(volume, network, job.framing).channels, len(CLASSES))
    models.save(models.Model.of(job, made, volume.normalisation), job.model)
    job.save(folder / "model" / "job.json")
    return folder / "model"


def shared(folder: Path, shape: tuple[int, ...], counts: list[int]) -> dict[str, Any]:
    """Seconds with each number of workers, and efficiency beside one."""
    from napari_fhn import surveys
    from napari_fhn.project.data import in_place
    from napari_fhn.project.predictions import cluster
    from napari_fhn.project.predictions.sharded import Asked
    from napari_fhn.surveys.bricks import copy_shards
    from napari_fhn.training.updates import Progress

    values = np.random.default_rng(0).standard_normal(shape, dtype=np.float32)
    list(copy_shards(survey_of(shape).copy(data=values), folder / "survey.zarr"))
    model = trained(folder, folder / "survey.zarr")
    side = (max(1, shape[0] // 4), max(1, shape[1] // 4), shape[2])
    rate = in_place.priced(surveys.open(folder / "survey.zarr")).rate
    found: dict[str, Any] = {"shape": shape, "shard": side, "shards": 16, "read_megabytes_a_second": round(rate / 1e6)}
    for count in counts:
        asked = Asked(
            (str(folder / "survey.zarr"),), network=str(model), output=str(folder / f"{count}.zarr"), shard=side
        )
        times = [time.perf_counter() for one in cluster.predict(asked, workers=count) if isinstance(one, Progress)]
        # From the moment when each worker has begun: as many shards are done as there are workers.
        seconds = (times[-1] - times[count - 1]) / (len(times) - count)
        found[f"{count} workers"] = {"seconds_a_shard": round(seconds, 3)}
    first = found[f"{counts[0]} workers"]["seconds_a_shard"] * counts[0]
    for count in counts:
        one = found[f"{count} workers"]
        one["efficiency"] = round(first / (one["seconds_a_shard"] * count), 3)
    return found


def sparse(folder: Path, gigabytes: float) -> dict[str, Any]:
    """The most memory while one shard of a huge store is predicted."""
    import zarr

    from napari_fhn.project.predictions.sharded import Asked
    from napari_fhn.shards import Part
    from napari_fhn.surveys.bricks import store
    from napari_fhn.surveys.bricks.sharding import create_shards, whole
    from napari_fhn.surveys.remote.target import Target
    from napari_fhn.training.prediction.sharding import predict_shards

    depth = 500
    side = round(math.sqrt(gigabytes * 1e9 / 4 / depth))
    shape = (side, side, depth)
    target = Target(folder / "sparse.zarr")
    create_shards(target, survey_of(shape), np.dtype(np.float32), (64, 64, 100), (256, 256, 500))
    array = zarr.open_array(target.store(), path=store.VALUES, mode="r+")
    middle = side // 2
    array[middle : middle + 8, middle : middle + 8, :] = np.random.default_rng(0).standard_normal((8, 8, depth))
    whole(target)
    model = trained(folder, folder / "sparse.zarr")
    asked = Asked((str(folder / "sparse.zarr"),), network=str(model), output=str(folder / "out.zarr"))
    with Peak() as peak, asked.work() as work:
        from napari_fhn.training.prediction.sharding import Sharded

        shards = Sharded(work.job).plan.shards
        number = int(np.ravel_multi_index([n // 2 for n in shards.grid], shards.grid))
        began = time.perf_counter()
        list(predict_shards(work.job, work.store, Part(number + 1, shards.count)))
        seconds = time.perf_counter() - began
    stored = sum(path.stat().st_size for path in (folder / "sparse.zarr").rglob("*") if path.is_file())
    return {"shape": shape, "gigabytes": gigabytes, "stored_megabytes": round(stored / 1e6, 1), "shard": shards.size,
            "shards": shards.count, "seconds": round(seconds, 1),
            "peak_gigabytes": round(peak.most / 1e9, 3)}  # fmt: skip


class Peak:
    """The most anonymous memory of this process, looked at ten times a second."""

    def __enter__(self) -> Peak:
        self.most, self._over = 0, threading.Event()
        self._thread = threading.Thread(target=self._look, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def _look(self) -> None:
        while not self._over.wait(0.1):
            for line in Path("/proc/self/status").read_text().splitlines():
                if line.startswith("RssAnon:"):
                    self.most = max(self.most, 1024 * int(line.split()[1]))


def terabyte() -> str:
    """The table of ``docs/cluster.md``."""
    from napari_fhn.network.counting import kernel_values
    from napari_fhn.shards import Shards
    from napari_fhn.training.prediction.shard_size import shard_shape
    from napari_fhn.training.recipes import RECIPES

    network = RECIPES[RECIPE].network
    radius, voxels = network.receptive_radius, math.prod(SURVEY)
    size = shard_shape(SURVEY, radius, 2, sections=True)
    shards = Shards(SURVEY, size)
    halo = 1 + 2 * radius / size[0]
    # Both directions of a shard are read from the same blocks, with the halo of each.
    read = 4 * voxels * (halo + halo - 1)
    seen = 2 * voxels * halo
    measured = json.loads((RESULTS / "predicting.json").read_text())[0]
    cores = measured["machine"]["threads"]
    core = measured["ways"]["float32, classes"]["voxels_per_second"] * 2 / cores
    cells = [2.0 ** -sum(levels) for levels in network.layer_levels]
    # K and its transpose, a product and a sum each.
    flops = 4 * sum(count * cell for count, cell in zip(kernel_values(network), cells, strict=True))
    traffic = 4 * 3 * network.channels * len(network.layers)
    gpu = SHARE * min(FLOPS / flops, BANDWIDTH / traffic)
    kept = RESULTS / "shards.json"
    known = json.loads(kept.read_text()).get("workers", {}) if kept.exists() else {}
    rate = 1e6 * known.get("read_megabytes_a_second", READ)
    how = "as measured from a disk that has all of it in memory" if known else "not measured"
    computing, reading = seen / gpu / GPUS, read / rate / GPUS
    seconds = max(computing, reading)
    first = "blocks are unpacked, by one core for each GPU" if reading > computing else "the network computes"
    core_hours = seen / core / 3600
    rows = [
        ("survey", f"{' x '.join(map(str, SURVEY))}, {4 * voxels / 1e12:.2f} TB"),
        ("shards", f"{shards.count:,} of {' x '.join(map(str, size))}"),
        ("halo", f"{radius} voxels: {halo:.2f} voxels are seen for each, in each of two directions"),
        ("read", f"{read / 1e12:.2f} TB"),
        ("written", f"{voxels / 1e12:.2f} TB of classes before compression, {14 * voxels / 1e12:.1f} TB more with "
                    "probabilities of seven classes"),
        ("waits on a worker's disk", f"{2 * len(CLASSES) * math.prod(size) / 1e9:.1f} GB, beside it in memory "
                                     f"{math.prod(size) / 1e9:.2f} GB of classes"),
        ("on cores like those of `results/predicting.json`", f"{core_hours:,.0f} core hours, as measured"),
        (f"computing on {GPUS} GPUs", f"{computing / 60:.1f} min, if one sees {gpu / 1e6:,.0f} million voxels a second "
                                      f"({100 * SHARE:.0f} % of what its memory or its arithmetic allows: "
                                      "not measured)"),
        (f"reading by {GPUS} workers", f"{reading / 60:.1f} min at {rate / 1e6:,.0f} MB/s each, {how}"),
        ("so it takes", f"{seconds / 60:.1f} min and {seconds / 3600 * GPUS * PRICE:,.0f} dollars at {PRICE:.2f} an "
                        "hour, "
                        f"as long as the store gives {read / seconds / 1e9:.1f} GB/s and takes "
                        f"{voxels / seconds / 1e9:.1f} GB/s of classes; what is slowest is that {first}"),
        ("where the store gives 5 GB/s", f"{max(seconds, read / 5e9) / 60:.1f} min and "
                                         f"{max(seconds, read / 5e9) / 3600 * GPUS * PRICE:,.0f} dollars"),
    ]  # fmt: skip
    return "\n".join(["| | |", "|---|---|", *(f"| {name} | {what} |" for name, what in rows)])


if __name__ == "__main__":
    main()
