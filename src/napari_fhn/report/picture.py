"""One picture beside the numbers: sections, or the map, with what was labelled and predicted. Needs no extra."""

from __future__ import annotations

import io
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont
from PIL.PngImagePlugin import PngInfo

from napari_fhn import __version__, record
from napari_fhn.report.evaluation import vertical_axis
from napari_fhn.report.windows import Window, colors_of, places
from napari_fhn.training.data.volume import open_array
from napari_fhn.training.job import Job

#: Pixels of a panel across, and at most down.
_ACROSS, _DOWN = 460, 420
_GAP, _LINE, _LETTERS = 10, 20, 13
#: Opacity of classes over data.
_SHADE = 0.6
_INK, _PAPER = (20, 20, 20), (255, 255, 255)


def save_picture(path: Path, job: Job, made: Sequence[str] = ()) -> Path:
    """Draw what a job knows and what it has predicted, whole or not.

    Parameters
    ----------
    path : Path
        A PNG file; replaced once the new one is whole.
    job : Job
        Its files are read, a section at a time.
    made : sequence of str, optional
        What made it, a sentence each; kept in the file.

    Returns
    -------
    Path
        The file written.
    """
    predicted = open_array(job.prediction)
    # A network that was trained elsewhere predicts where nothing was ever labelled.
    known = open_array(job.labels) if Path(job.labels).exists() else None
    colors = np.array([_rgb(color) for color in colors_of(job)], np.float64)
    rows = []
    for axis, index in places(predicted if known is None else known, vertical_axis(job)):
        window = Window(job, predicted.shape, axis, index)
        data = window.data()
        shown = [("prediction", window.of(predicted[window.at]))]
        if known is not None:
            shown.insert(0, ("labels", window.of(known[window.at])))
        panels = [(words, _panel(data, classes, colors)) for words, classes in shown]
        rows.append((window.title, panels))
    image = _page(rows, job.classes, colors)
    told = PngInfo()
    told.add_text("Software", f"napari-fhn {__version__}")
    if made:
        told.add_itxt("Description", "\n".join(made))
    content = io.BytesIO()
    image.save(content, "PNG", pnginfo=told)
    record.write_bytes(path, content.getvalue())
    return path


def _panel(data: NDArray[np.float64], classes: NDArray[np.generic], colors: NDArray[np.float64]) -> Image.Image:
    """Classes over data, where there are any, scaled to its place on the page."""
    grey = data if data.ndim == 3 else np.repeat(data[..., np.newaxis], 3, axis=2)
    values = np.asarray(classes, np.intp)
    there = (values > 0) & (values <= len(colors))
    mixed = 255 * grey
    mixed[there] = (1 - _SHADE) * mixed[there] + _SHADE * colors[values[there] - 1]
    image = Image.fromarray(mixed.astype(np.uint8), "RGB")
    height = max(1, min(_DOWN, round(_ACROSS * image.height / image.width)))
    # A thin section is stretched, as on any desk: what is in it must be seen.
    return image.resize((_ACROSS, max(height, min(160, 4 * image.height))), Image.Resampling.NEAREST)


def _page(
    rows: Sequence[tuple[str, Sequence[tuple[str, Image.Image]]]], classes: Sequence[str], colors: NDArray[np.float64]
) -> Image.Image:
    """Sections below each other, and what the colours mean."""
    font = ImageFont.load_default(_LETTERS)
    columns = max(len(panels) for _, panels in rows)
    width = columns * (_ACROSS + _GAP) + _GAP
    pen = ImageDraw.Draw(Image.new("RGB", (1, 1)))
    legend, x, lines = [], _GAP, 1
    for name, color in zip(classes, colors, strict=True):
        size = _LINE + round(pen.textlength(name, font)) + _GAP
        if x + size > width and x > _GAP:
            x, lines = _GAP, lines + 1
        legend.append((x, lines - 1, name, tuple(int(c) for c in color)))
        x += size
    height = _GAP + sum(_LINE + panels[0][1].height + _GAP for _, panels in rows) + lines * _LINE + _GAP
    page = Image.new("RGB", (width, height), _PAPER)
    pen = ImageDraw.Draw(page)
    y = _GAP
    for title, panels in rows:
        for column, (words, panel) in enumerate(panels):
            left = _GAP + column * (_ACROSS + _GAP)
            pen.text((left, y), f"{title}: {words}", _INK, font)
            page.paste(panel, (left, y + _LINE))
        y += _LINE + panels[0][1].height + _GAP
    for x, line, name, color in legend:
        top = y + line * _LINE
        pen.rectangle((x, top + 2, x + 12, top + 14), color, _INK)
        pen.text((x + _LINE, top), name, _INK, font)
    return page


def _rgb(color: str) -> tuple[int, int, int]:
    return int(color[1:3], 16), int(color[3:5], 16), int(color[5:7], 16)
