"""The walk of a newcomer on four kinds of data, by mouse and by keys alone: seconds, clicks, keys, pictures.

    python benchmarks/newcomer.py                            # the volume: from an empty window to an exported SEG-Y
    python benchmarks/newcomer.py --walks all --steps 40     # also a 2D line, cubes, a stack of maps, and by keys
    python benchmarks/newcomer.py --install                  # before that, pip install into a fresh environment
    python benchmarks/newcomer.py --pictures FOLDER          # a picture of the window after each step
    python benchmarks/newcomer.py --record                   # keep the figures

Buttons are clicked by mouse events at their middle, strokes are drawn on the canvas, menus are walked entry by entry. A
click is counted for each entry of a menu, each button, each stroke, each opening of a list and each choice in it; names
of files, opened or exported, are typed, with Enter, which counts as one. Without a display:
``xvfb-run -a -s "-screen 0 1400x900x24" python benchmarks/newcomer.py``.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import venv
from collections.abc import Callable
from pathlib import Path

import newcomer_keys
from newcomer_hands import Walk, controls, settle

HERE = Path(__file__).parent
ROOT = HERE.parent
RESULTS = HERE / "results" / "newcomer.json"
SIZE = (1280, 800)
PATIENCE = 1800.0


def install(walk: Walk) -> None:
    """Install into a fresh environment, with what pip has in its cache or fetches."""
    with tempfile.TemporaryDirectory() as folder, walk.step("pip install, into a fresh environment"):
        venv.create(folder, with_pip=True)
        python = Path(folder) / ("Scripts" if os.name == "nt" else "bin") / "python"
        subprocess.run(
            [python, "-m", "pip", "install", "--quiet", "--constraint", ROOT / "constraints.txt", f"{ROOT}[all]"],
            check=True,
        )


class Desk:
    """A window with the dock, and what is done in each walk.

    Parameters
    ----------
    walk : Walk
        Which counts.
    steps : int or None
        Steps of training; None for those of the recipe.
    """

    def __init__(self, walk: Walk, steps: int | None) -> None:
        self.walk = walk
        self._steps = steps
        with walk.step("start napari"):
            import napari

            self.viewer = walk.viewer = napari.Viewer(show=False)
            self.viewer.window.show()
            self.window = self.viewer.window._qt_window
            self.window.resize(*SIZE)
            settle(lambda: False, 0.5)

    def has_stack(self) -> bool:
        """Whether what is learnt from is one stack of several maps."""
        material = self.desk.data.material
        return material is not None and material.surveys.channels > 1

    def sample(self, title: str, layers: int) -> None:
        """Open a sample from the menu, and the dock."""
        with self.walk.step("open the sample"):
            self.walk.menu(self.window, "File", "Open Sample", "FHN", title)
            settle(lambda: len(self.viewer.layers) >= layers, 30)
        self.open_dock()

    def files(self, paths: list[Path]) -> None:
        """Open the dock, and files with its *Open …*; their names are typed: the system's dialog cannot be clicked."""
        from qtpy.QtWidgets import QFileDialog

        self.open_dock()
        with self.walk.step(f"open {', '.join(path.name for path in paths)}"):
            QFileDialog.getOpenFileNames = lambda *_, **__: ([str(path) for path in paths], "")
            self.walk.entry(self.dock.data.open, "Files …")
            self.walk.clicks += 1
            settle(lambda: len(self.viewer.layers) >= len(paths), 30)
            settle(lambda: False, 0.5)
        self.see()

    def open_dock(self) -> None:
        """Open the dock from the menu."""
        with self.walk.step("open the dock"):
            self.walk.menu(self.window, "Plugins", "Interpretation desk")
            settle(lambda: bool(self.viewer.window.dock_widgets), 30)
            dock = next(iter(self.viewer.window.dock_widgets.values()))
            self.dock = dock if hasattr(dock, "desk") else dock.inner_widget()
            self.desk = self.dock.desk
            settle(lambda: False, 0.5)
        if self.viewer.layers:
            self.see()

    def see(self) -> None:
        """List what is seen first."""
        seen = controls(self.dock)
        print(f"          {len(seen)} controls at first sight: {', '.join(seen)}", flush=True)
        self.walk.steps[-1]["controls"] = seen

    def load(self) -> None:
        """Load what lies beside the survey."""
        with self.walk.step(self.dock.labels.load.text().lower()):
            self.walk.click(self.dock.labels.load)
            settle(lambda: bool(self.desk.book.state.counts), 60)

    def paint(self, strokes: list[tuple[int, tuple[float, float], tuple[float, float]]]) -> None:
        """Make a label layer and paint, a class at a time, chosen by its key."""
        with self.walk.step(f"paint {len(strokes)} strokes"):
            self.walk.click(self.dock.labels.new)
            settle(lambda: self.desk.book.layer is not None, 10)
            for number, begin, end in strokes:
                self.walk.key(self.viewer.window._qt_viewer.canvas.native, str(number))
                self.walk.stroke(self.viewer, begin, end)
            wanted = len({number for number, *_ in strokes})
            settle(lambda: len(self.desk.book.state.counts) >= wanted, 10)
            if len(self.desk.book.state.counts) < wanted:
                raise RuntimeError(f"of {wanted} classes {len(self.desk.book.state.counts)} are on the label layer")

    def train(self, press: Callable[[], None] | None = None) -> None:
        """Train to the end."""
        if self._steps is not None:
            self.desk.planning.change("schedule", "steps", self._steps)
        seen: list[float] = []
        self.desk.painted.connect(seen.append)
        with self.walk.step("train"):
            (press or (lambda: self.walk.click(self.dock.run.train)))()
            settle(lambda: bool(seen), PATIENCE)
            settle(lambda: self.desk.state.activity.idle, PATIENCE)
        self.check()

    def predict(self, press: Callable[[], None] | None = None) -> None:
        """Predict everything."""
        with self.walk.step("predict the whole survey"):
            (press or (lambda: self.walk.click(self.dock.run.predict)))()
            settle(lambda: False, 0.5)
            settle(lambda: self.desk.state.activity.idle, PATIENCE)
        self.check()

    def export(self, output: Path) -> None:
        """Save the classes; the name is typed, as the system's dialog cannot be clicked from here."""
        from qtpy.QtWidgets import QFileDialog

        with self.walk.step(f"export as {output.suffix}"):
            self.walk.choose(self.dock.export.what, "Classes")
            QFileDialog.getSaveFileName = lambda *_, **__: (str(output), "")
            self.walk.click(self.dock.export.button)
            self.walk.clicks += 1
            settle(lambda: not self.desk.exports.state.busy and output.is_file(), 120)
        self.check()

    def check(self) -> None:
        """Say what went wrong, where something has."""
        if self.desk.messages.error:
            raise RuntimeError(self.desk.messages.message)

    def close(self) -> None:
        """Close the window."""
        self.viewer.close()


def volume(walk: Walk, folder: Path, steps: int | None) -> None:
    """The bundled volume with its wells, to a SEG-Y that another library reads."""
    import segyio

    from napari_fhn import sample_data

    desk, output = Desk(walk, steps), folder / "facies.sgy"
    desk.sample("Seismic: fold and fault", 1)
    desk.load()
    desk.train()
    desk.predict()
    desk.export(output)
    desk.close()
    with segyio.open(str(output)) as made, segyio.open(str(sample_data.SEISMIC.survey)) as source:
        if made.tracecount != source.tracecount or list(made.ilines) != list(source.ilines):
            raise RuntimeError("the exported file has other traces than the survey")


def line_file(folder: Path) -> Path:
    """Write an inline of the bundled survey as a 2D line."""
    import numpy as np

    from napari_fhn import sample_data, surveys

    sys.path.insert(0, str(ROOT / "tests" / "surveys"))
    from survey_files.segy.writer import write

    values = np.ascontiguousarray(surveys.open(sample_data.SEISMIC.survey).isel(inline=60), np.float32)
    traces, samples = values.shape
    k = np.arange(traces)
    headers = {1: k + 1, 21: 100 + k, 29: 1, 71: -10, 115: samples, 117: 4000}
    path = folder / "line.sgy"
    write(path, values, headers | {181: 10 * (600_000 + 25 * k), 185: 10 * (6_000_000 + 10 * k)},
          interval_us=4000)  # fmt: skip
    return path


def line(walk: Walk, folder: Path, steps: int | None) -> None:
    """A 2D line, painted: three layers, twice each."""
    desk = Desk(walk, steps)
    desk.files([line_file(folder)])
    desk.paint([(k + 1, (x, y), (x + 0.05, y)) for k, y in enumerate((0.15, 0.5, 0.85)) for x in (0.2, 0.7)])
    desk.train()
    desk.predict()
    desk.export(folder / "line-classes.sgy")
    desk.close()


def cubes(walk: Walk, folder: Path, steps: int | None) -> None:
    """The bundled pair of cubes with its points."""
    desk = Desk(walk, steps)
    desk.sample("Hyperspectral pair", 2)
    desk.load()
    desk.train()
    desk.predict()
    desk.export(folder / "change.tif")
    desk.close()


def map_files(folder: Path) -> list[Path]:
    """Write two maps of unlike cells."""
    import numpy as np
    import rasterio
    from rasterio.transform import from_origin

    paths, rng = [], np.random.default_rng(0)
    for name, rows, cell in (("magnetics", 120, 30), ("gravity", 60, 60)):
        across = np.linspace(0, 1, rows)[None, :] + 0.1 * rng.standard_normal((rows, rows))
        path = folder / f"{name}.tif"
        with rasterio.open(
            path, "w", driver="GTiff", height=rows, width=rows, count=1, dtype="float32", crs="EPSG:32633",
            transform=from_origin(366000, 5810000, cell, cell),
        ) as file:  # fmt: skip
            file.write(across.astype(np.float32), 1)
        paths.append(path)
    return paths


def maps(walk: Walk, folder: Path, steps: int | None) -> None:
    """Two maps of unlike cells, stacked, and painted."""
    from qtpy.QtCore import QTimer
    from qtpy.QtWidgets import QApplication, QDialog, QDialogButtonBox

    desk = Desk(walk, steps)
    desk.files(map_files(folder))

    def agree() -> None:
        dialog = next(
            (one for one in QApplication.topLevelWidgets() if isinstance(one, QDialog) and one.isVisible()), None
        )
        if dialog is None:
            QTimer.singleShot(200, agree)
            return
        buttons = dialog.findChild(QDialogButtonBox)
        walk.click(buttons.button(QDialogButtonBox.StandardButton.Ok))

    with walk.step("stack the maps"):
        QTimer.singleShot(300, agree)
        walk.click(desk.dock.data.stack)
        settle(desk.has_stack, 60)
        if not desk.has_stack():
            raise RuntimeError("the two maps are no stack after a minute")
    desk.paint([(k + 1, (x, y), (x, y + 0.05)) for k, x in enumerate((0.15, 0.85)) for y in (0.2, 0.5, 0.8)])
    desk.train()
    desk.predict()
    desk.export(folder / "maps-classes.tif")
    desk.close()


def keys(walk: Walk, folder: Path, steps: int | None) -> None:
    """The volume again, once the dock is open, by keys alone."""
    desk = Desk(walk, steps)
    desk.sample("Seismic: fold and fault", 1)
    newcomer_keys.volume(desk, walk)


def keys_line(walk: Walk, folder: Path, steps: int | None) -> None:
    """The 2D line again, once it is open, by keys alone."""
    desk = Desk(walk, steps)
    desk.files([line_file(folder)])
    newcomer_keys.line(desk, walk, folder / "line-classes.sgy")


def keys_cubes(walk: Walk, folder: Path, steps: int | None) -> None:
    """The pair of cubes again, once the dock is open, by keys alone."""
    desk = Desk(walk, steps)
    desk.sample("Hyperspectral pair", 2)
    newcomer_keys.cubes(desk, walk, folder / "change.tif")


def keys_maps(walk: Walk, folder: Path, steps: int | None) -> None:
    """The two maps again, once they are open, by keys alone."""
    desk = Desk(walk, steps)
    desk.files(map_files(folder))
    newcomer_keys.maps(desk, walk, folder / "maps-classes.tif")


WALKS = {
    "volume": volume,
    "line": line,
    "cubes": cubes,
    "maps": maps,
    "keys": keys,
    "keys-line": keys_line,
    "keys-cubes": keys_cubes,
    "keys-maps": keys_maps,
}


def main() -> int:
    """Walk, print the tables, and keep them on request."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--walks", nargs="+", choices=[*WALKS, "all"], default=["volume"], help="which to walk")
    parser.add_argument("--steps", type=int, help="steps of training (default: the recipe's)")
    parser.add_argument("--pictures", type=Path, metavar="DIR", help="keep a picture after each step")
    parser.add_argument("--install", action="store_true", help="begin with pip install into a fresh environment")
    parser.add_argument("--record", action="store_true", help=f"keep the figures in {RESULTS.relative_to(ROOT)}")
    options = parser.parse_args()
    wanted = list(WALKS) if "all" in options.walks else options.walks
    found = []
    for name in wanted:
        print(f"--- {name}: {' '.join((WALKS[name].__doc__ or '').split())}", flush=True)
        walk = Walk(name, options.pictures)
        with tempfile.TemporaryDirectory() as folder:
            os.environ["NAPARI_FHN_SESSIONS"] = folder
            if options.install and name == wanted[0]:
                install(walk)
            WALKS[name](walk, Path(folder), options.steps)
        found.append(walk.record())
        print(f"{found[-1]['seconds']:7.1f} s  {walk.clicks} clicks, {walk.keys} keys in all", flush=True)
    if options.record:
        from machine import machine

        command = "python " + " ".join(["benchmarks/newcomer.py", *sys.argv[1:]])
        data = {"command": command, "machine": machine(), "walks": found}
        RESULTS.write_text(json.dumps(data, indent=2) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
