"""Makes what the user guide shows from the running program: its pictures, the page of controls, the film.

    make guide                                        # all
    python docs/guide.py seismic controls             # some

Each scene opens a real window, does what its page says, and takes pictures on the way. Pictures go to
``docs/images/guide``, the page of controls to ``docs/guide/controls.md``. Without a display:
``xvfb-run -a -s "-screen 0 1400x900x24" python docs/guide.py``.
"""

from __future__ import annotations

import io
import os
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import napari
import numpy as np
from PIL import Image
from qtpy.QtCore import QBuffer, QPoint, QRect, Qt
from qtpy.QtWidgets import QApplication, QWidget

from napari_fhn import sample_data
from napari_fhn.widgets.data.camera import camera_of
from napari_fhn.widgets.data.opening import open_surveys
from napari_fhn.widgets.data.stack_dialog import StackDialog
from napari_fhn.widgets.demo import telling_inline, wait
from napari_fhn.widgets.dock import Dock

HERE = Path(__file__).parent
IMAGES = HERE / "images" / "guide"
SIZE = (1280, 800)
COLORS = 256
FAITHFUL = Image.Quantize.MAXCOVERAGE  # a class of few pixels keeps its colour beside all the greys
FILM_WIDTH, FILM_COLORS, FRAME_MS = 860, 192, 450
PATIENCE = 600.0


# A window, and pictures of it.


@contextmanager
def desk(sample: str | None = None) -> Iterator[tuple[napari.Viewer, Dock]]:
    """Open a window with the dock, and perhaps a sample; its session is thrown away."""
    with tempfile.TemporaryDirectory() as folder:
        os.environ["NAPARI_FHN_SESSIONS"] = folder
        viewer = napari.Viewer(show=False, title="napari")
        window = viewer.window._qt_window
        viewer.window.show()
        window.resize(*SIZE)
        if sample is not None:
            viewer.open_sample("napari-fhn", sample)
        _, dock = viewer.window.add_plugin_dock_widget("napari-fhn", "Interpretation desk")
        pause(1.0)
        try:
            yield viewer, dock
        finally:
            viewer.close()
            QApplication.processEvents()


def pause(seconds: float) -> None:
    """Let the window live."""
    wait(lambda: False, seconds)


def window(viewer: napari.Viewer, name: str) -> None:
    """Take a picture of the whole window."""
    pause(0.4)
    save(Image.fromarray(viewer.window.screenshot(canvas_only=False, flash=False)), name)


def canvas(viewer: napari.Viewer, name: str) -> None:
    """Take a picture of the canvas alone, with what is drawn over it."""
    pause(0.4)
    native = viewer.window._qt_viewer.canvas.native
    corner = native.mapTo(native.window(), QPoint(0, 0))
    whole = Image.fromarray(viewer.window.screenshot(canvas_only=False, flash=False))
    save(whole.crop((corner.x(), corner.y(), corner.x() + native.width(), corner.y() + native.height())), name)


def part(widget: QWidget, name: str, margin: int = 6) -> None:
    """Take a picture of a part of the dock as it is painted, with a little around it."""
    pause(0.4)  # what has grown finds its size first
    show(widget)
    pause(0.4)
    room = next((one for one in parents(widget) if hasattr(one, "ensureWidgetVisible")), None)
    if room is not None and widget.height() + 2 * margin > room.height():  # than is ever in view at once
        save(grabbed(widget, widget.rect()), name)
        return
    top = widget.window()
    corner = widget.mapTo(top, QPoint(0, 0))
    area = QRect(corner, widget.size()).adjusted(-margin, -margin, margin, margin)
    save(grabbed(top, area.intersected(top.rect())), name)


def dialog(widget: QWidget, name: str) -> None:
    """Take a picture of a dialog."""
    widget.show()
    pause(0.4)
    save(grabbed(widget, widget.rect()), name)
    widget.close()


def show(widget: QWidget) -> None:
    """Scroll the dock until a part of it is in view."""
    for parent in parents(widget):
        if hasattr(parent, "ensureWidgetVisible"):
            parent.ensureWidgetVisible(widget, 0, 400)


def parents(widget: QWidget) -> Iterator[QWidget]:
    """Yield what a widget lies in, from the inside out."""
    parent = widget.parentWidget()
    while parent is not None:
        yield parent
        parent = parent.parentWidget()


def grabbed(widget: QWidget, area: QRect) -> Image.Image:
    """Return what a widget paints, as an image."""
    buffer = QBuffer()
    buffer.open(QBuffer.OpenModeFlag.ReadWrite)
    widget.grab(area).save(buffer, "PNG")
    return Image.open(io.BytesIO(bytes(buffer.data())))


def save(image: Image.Image, name: str) -> None:
    """Write a small PNG."""
    IMAGES.mkdir(parents=True, exist_ok=True)
    path = IMAGES / f"{name}.png"
    image.convert("RGB").quantize(COLORS, method=FAITHFUL, kmeans=1, dither=Image.Dither.NONE).save(path, optimize=True)
    print(f"{path.relative_to(HERE)}: {image.width} x {image.height}, {path.stat().st_size // 1000} kB", flush=True)


# What one does.


def load_labels(dock: Dock) -> None:
    """Press *Load wells* (or points), and wait."""
    dock.labels.load.click()
    wait(lambda: bool(dock.desk.book.state.counts), 60)
    pause(1.0)


def train(dock: Dock, steps: int, on_the_way: Callable[[], None] | None = None, share: float = 0.6) -> None:
    """Press *Train*, look once on the way, and wait until it is done."""
    dock.desk.planning.change("schedule", "steps", steps)
    dock.run.train.click()
    # The share is that of copying the survey first.
    state = dock.desk.state
    wait(lambda: state.activity.idle or (bool(dock.desk.history.steps) and state.share > share), PATIENCE)
    if on_the_way is not None:
        on_the_way()
    wait(lambda: dock.desk.state.activity.idle, PATIENCE)
    if dock.desk.messages.error:
        raise RuntimeError(dock.desk.messages.message)


def predict(dock: Dock) -> None:
    """Press *Predict*, and wait."""
    dock.run.predict.click()
    wait(lambda: dock.desk.state.activity.idle, PATIENCE)
    if dock.desk.messages.error:
        raise RuntimeError(dock.desk.messages.message)


def look_at_the_salt(viewer: napari.Viewer, dock: Dock) -> None:
    """Go to an inline of the seismic sample with a well and all there is to see."""
    known = np.asarray(dock.desk.book.layer.data)
    viewer.dims.set_point(0, telling_inline(sample_data.seismic_truth(), known) * viewer.layers[0].scale[0])
    pause(0.5)


# Scenes.


def seismic() -> None:
    """The bundled survey, from opening to export."""
    with desk("seismic") as (viewer, dock):
        window(viewer, "seismic-opened")
        load_labels(dock)
        look_at_the_salt(viewer, dock)
        part(dock.labels, "labels")
        dock.labels.tools.open("Wells")
        dock.labels.wells.list.setCurrentRow(0)
        pause(0.5)
        part(dock.labels.wells, "wells")
        dock.labels.tools.buttons["Wells"].setChecked(False)
        dock.labels.tools.open("Held out")
        wait(lambda: dock.labels.held_out.list.count() > 0, 30)
        part(dock.labels.held_out, "held-out")
        dock.labels.tools.buttons["Held out"].setChecked(False)
        part(dock.network, "network")
        train(dock, 120, lambda: window(viewer, "seismic-training"))
        part(dock.run, "curves")
        dock.run.looks.fold(False)
        dock.run.looks.buttons["entropy"].click()
        predict(dock)
        viewer.layers.selection.active = dock.desk.prediction.layer
        dock.desk.prediction.layer.visible = False
        canvas(viewer, "entropy")
        dock.desk.prediction.layer.visible = True
        dock.run.looks.buttons["entropy"].click()
        dock.run.looks.fold()
        window(viewer, "seismic-predicted")
        dock.run.next.fold(False)
        dock.run.next.search.click()
        wait(lambda: bool(dock.run.next.places), 60)
        part(dock.run.next, "where-next")
        dock.run.next.fold()
        dock.results.fold(False)
        dock.results.truth.setCurrentIndex(max(0, dock.results.truth.findText("Labels", Qt.MatchFlag.MatchContains)))
        dock.results.compare.click()
        pause(3.0)
        part(dock.results, "results")
        dock.results.fold()
        part(dock.export, "export")


def hyperspectral() -> None:
    """The bundled pair of dates, from opening to a change map."""
    with desk("hyperspectral") as (viewer, dock):
        load_labels(dock)
        dock.data.spectrum.show_pixel(40, 60)
        dock.data.spectrum.by_class.click()
        wait(lambda: bool(dock.data.spectrum.classes.found), 60)
        window(viewer, "hyperspectral-labels")
        part(dock.data, "spectrum")
        train(dock, 120)
        predict(dock)
        window(viewer, "hyperspectral-predicted")


def maps() -> None:
    """Maps of unlike grids and a geological map, from files to a map of rocks."""
    sys.path.insert(0, str(HERE))
    from guide_maps import make

    with tempfile.TemporaryDirectory() as folder, desk() as (viewer, dock):
        made = make(Path(folder))
        for path in made.rasters:
            open_surveys(viewer, [Path(path)])
        pause(0.5)
        asked = StackDialog(dock.desk.stacking.entries(), viewer.window._qt_window)
        asked.add_polygons(made.polygons)
        for row in range(asked.table.rowCount()):
            asked.table.item(row, 0).setCheckState(Qt.CheckState.Checked)
        told = asked.entries, asked.grid
        dialog(asked, "maps-stack")
        dock.desk.stacking.make(*told)
        wait(lambda: dock.desk.data.material is not None and dock.desk.data.material.surveys.channels > 4, 60)
        dock.labels.new.click()
        paint(dock, made.patches)
        window(viewer, "maps-labels")
        train(dock, 150)
        predict(dock)
        window(viewer, "maps-predicted")
        truth = made.truth
        unseen = np.asarray(dock.desk.book.layer.data) == 0
        right = float((np.asarray(dock.desk.prediction.layer.data) == truth)[unseen].mean())
        print(f"maps: {100 * right:.0f} % of what was not labelled is right", flush=True)


def paint(dock: Dock, patches: np.ndarray) -> None:
    """Paint patches as strokes of the brush would."""
    layer = dock.desk.book.layer
    for value in np.unique(patches[patches > 0]):
        layer.data_setitem(np.nonzero(patches == value), int(value))
    dock.desk.book.tally.due(0)
    wait(lambda: sum(dock.desk.book.state.counts.values()) == np.count_nonzero(patches), 30)


class Film:
    """Frames of the window, as a small GIF."""

    def __init__(self) -> None:
        self._frames: list[Image.Image] = []

    def shoot(self, viewer: napari.Viewer, times: int = 1) -> None:
        """Take a frame, and show it for so long."""
        picture = Image.fromarray(viewer.window.screenshot(canvas_only=False, flash=False)).convert("RGB")
        height = round(picture.height * FILM_WIDTH / picture.width)
        self._frames.extend([picture.resize((FILM_WIDTH, height), Image.Resampling.LANCZOS)] * times)

    def save(self, name: str) -> None:
        """Write it."""
        frames = self._frames
        # Of several frames: a class that one of them lacks must have its colour too.
        some = frames[:: max(1, len(frames) // 6)]
        strip = Image.new("RGB", (some[0].width, sum(frame.height for frame in some)))
        for k, frame in enumerate(some):
            strip.paste(frame, (0, k * frame.height))
        palette = strip.quantize(FILM_COLORS, method=FAITHFUL, kmeans=1, dither=Image.Dither.NONE)
        indexed = [frame.quantize(palette=palette, dither=Image.Dither.NONE) for frame in frames]
        path = HERE / "images" / f"{name}.gif"
        indexed[0].save(path, save_all=True, append_images=indexed[1:], duration=FRAME_MS, loop=0, optimize=True)
        print(f"{path.relative_to(HERE)}: {len(frames)} frames, {path.stat().st_size // 1000} kB", flush=True)


def film() -> None:
    """The bundled survey from its wells to its prediction, as a short film."""
    made = Film()

    def shoot(times: int = 1) -> None:
        made.shoot(viewer, times)

    with desk("seismic") as (viewer, dock):
        shoot(2)
        load_labels(dock)
        look_at_the_salt(viewer, dock)
        shoot(2)
        dock.desk.planning.change("schedule", "steps", 200)
        dock.run.train.click()
        for k in range(10):
            wait(lambda k=k: dock.desk.state.activity.idle or dock.desk.state.share >= (k + 0.5) / 10, PATIENCE)
            shoot()
        wait(lambda: dock.desk.state.activity.idle, PATIENCE)
        predict(dock)
        shoot(2)
        first = viewer.dims.point[0]
        step = float(viewer.layers[0].scale[0])
        for k in range(1, 7):
            viewer.dims.set_point(0, first + 5 * k * step)
            pause(0.3)
            shoot()
        shoot(2)
    made.save("film")


def tools() -> None:
    """A horizon of the bundled survey, tracked, on the linked views and in 3D; pictures, and a short film."""
    made = Film()
    with desk("seismic") as (viewer, dock):
        load_labels(dock)
        look_at_the_salt(viewer, dock)
        horizons, views = dock.desk.labelling.horizons, dock.desk.context.views
        views.linked = True
        dock.labels.tools.open("Horizons")
        pause(1.5)
        made.shoot(viewer, 2)
        horizons.pick((dock.desk.book.place().index, 60), 22.0)
        pause(0.5)
        made.shoot(viewer)
        dock.labels.horizons.track.click()
        for _ in range(3):
            pause(1.0)
            made.shoot(viewer)
        wait(lambda: not horizons.state.tracking, PATIENCE)
        pause(1.0)
        part(dock.labels.horizons, "horizons")
        views.map_shows = "horizon"
        crossline = dock.desk.beside.views.sections[1]
        for place in ((30.0, 40.0), (50.0, 60.0), (80.0, 90.0)):
            crossline.hovered.emit(*place)
            pause(0.6)
            made.shoot(viewer)
        show(dock.labels.horizons)
        window(viewer, "linked")
        views.linked = False
        dock.desk.turning.show(dock.desk.turning.views()[-1])
        pause(4.0)
        window(viewer, "three-d")
        camera = camera_of(viewer)
        angles = camera.angles
        for turn in range(0, 60, 15):
            camera.angles = (angles[0], angles[1] + turn, angles[2])
            pause(0.5)
            made.shoot(viewer)
    made.save("tools")


def controls() -> None:
    """The page of all controls."""
    sys.path.insert(0, str(HERE))
    from guide_controls import page

    with desk("seismic") as (_, dock):
        path = HERE / "guide" / "controls.md"
        path.write_text(page(dock), encoding="utf-8")
        print(f"{path.relative_to(HERE)}: {len(path.read_text('utf-8').splitlines())} lines", flush=True)


def similar() -> None:
    """More like this: one click on the salt of the bundled survey."""
    with desk("seismic") as (viewer, dock):
        dock.labels.new.click()
        dock.desk.book.go(0, 39)
        dock.labels.tools.open("Similar")
        found = dock.desk.labelling.similar
        found.ask_at(dock.desk.data.material.layer.data_to_world((39, 25, 70)))
        wait(lambda: not found.state.searching and found.state.found is not None, 60)
        found.go(1)
        for number in (0, 1, 3):
            found.tick(number, True)
        pause(1.0)
        window(viewer, "similar")


def carrying() -> None:
    """What would be carried along the reflectors from the wells of the bundled survey, before it is."""
    with desk("seismic") as (viewer, dock):
        load_labels(dock)
        look_at_the_salt(viewer, dock)
        dock.labels.tools.open("Sections")
        sections, state = dock.labels.sections, dock.desk.labelling.carrying.preview.state
        sections.preview.click()
        wait(lambda: bool(state.words), PATIENCE)
        pause(1.0)
        show(sections)
        window(viewer, "carrying")


SCENES: dict[str, Callable[[], Any]] = {
    scene.__name__: scene for scene in (seismic, carrying, similar, hyperspectral, maps, controls, film, tools)
}


def main(names: Sequence[str]) -> int:
    """Play the scenes named, or all."""
    unknown = [name for name in names if name not in SCENES]
    if unknown:
        print(f"There is no {unknown[0]!r}; there are {', '.join(SCENES)}.", file=sys.stderr)
        return 2
    for name in names or SCENES:
        SCENES[name]()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
