"""A desk's parts on a viewer without a window, which costs no canvas."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest
import xarray as xr
from napari.components import ViewerModel
from napari.layers import Image
from psygnal import Signal

from napari_fhn.surveys import SurveyGeometry
from napari_fhn.widgets.background import Background
from napari_fhn.widgets.context import DeskContext
from napari_fhn.widgets.data.bricks import Bricks
from napari_fhn.widgets.data.data import Data
from napari_fhn.widgets.data.placement import image_layer
from napari_fhn.widgets.labelling.book import LabelBook
from napari_fhn.widgets.labelling.horizon_state import HorizonState
from napari_fhn.widgets.labelling.wells import WellBook
from napari_fhn.widgets.messages import Messages
from napari_fhn.widgets.open_project import OpenProject
from napari_fhn.widgets.views.linked_views import LinkedViews
from napari_fhn.widgets.views.place import Place


class Horizons:
    """Stands for the horizons of a session."""

    grown = Signal()

    def __init__(self):
        self.state, self.tracked = HorizonState(), []

    def maps(self):
        return self.tracked


@pytest.fixture
def volume():
    """A small survey that lies turned on the map."""
    geometry = SurveyGeometry((100, 300), (1, 2), (5000.0, 7000.0), (20.0, 15.0), (-6.0, 8.0))
    return xr.DataArray(
        np.random.default_rng(1).standard_normal((10, 12, 20)).astype(np.float32),
        {
            "inline": range(100, 110),
            "crossline": range(300, 324, 2),
            "twt": ("twt", np.arange(0.0, 80, 4), {"units": "ms"}),
        },
        ("inline", "crossline", "twt"),
        attrs={"geometry": geometry},
    )


@pytest.fixture
def parts():
    """Open a survey in a viewer without a window; returns what the parts of a desk share, and some of them."""

    def made(survey):
        viewer, messages = ViewerModel(), Messages()
        context = DeskContext(viewer, messages, Background(), Data(viewer, messages), OpenProject(messages))
        book = LabelBook(context)
        values, how, _ = image_layer(survey)
        viewer.add_layer(Image(values, **how))
        return SimpleNamespace(
            viewer=viewer, context=context, book=book, wells=WellBook(context, book), place=Place(viewer, context.data),
            horizons=Horizons(),
        )  # fmt: skip

    return made


@pytest.fixture
def opened(qtbot, tmp_path, parts):
    """Open a survey with the views beside it."""
    views = []

    def open_(survey, *, show=True):
        desk = parts(survey)
        bricks = Bricks(desk.context, tmp_path)
        made = LinkedViews(desk.context, desk.place, desk.wells, bricks, desk.horizons, desk.context.views)
        qtbot.addWidget(made)
        made.resize(1000, 300)
        if show:
            made.show()
        views.append(made)
        return desk.viewer, made, desk.wells

    yield open_
    for made in views:
        made.close_views()
