"""What would be passed over of what is said about files is refused at the command line and in Python alike."""

from __future__ import annotations

import pytest

import napari_fhn
from doors import IDLE, Work, prepared
from napari_fhn import surveys
from napari_fhn.labels import LabelError
from napari_fhn.labels.fitting import options_for
from napari_fhn.project.knowledge.idle_answers import ANSWERS

SUFFIX = {"polygons": ".geojson"}


@pytest.fixture(params=IDLE)
def case(request, tmp_path):
    idle = IDLE[request.param]
    files = {kind: tmp_path / f"{kind}{SUFFIX.get(kind, '.csv')}" for kind in idle.files}
    for kind, path in files.items():
        path.write_text(idle.files[kind])
    return idle, Work(tmp_path, idle.kind), files


def test_what_means_nothing_is_refused_at_every_door(case, tmp_path):
    idle, work, files = case
    given = [word for kind, path in files.items() for word in (f"--{kind}", path)]
    with pytest.raises(LabelError) as typed:
        prepared(work, *given, *idle.options)
    assert idle.words in str(typed.value)
    assert "Leave it out" in str(typed.value)
    assert idle.options[0] in str(typed.value) or "which way its values grow" in str(typed.value)
    with napari_fhn.open(work.survey, session=tmp_path / "python") as opened:
        with pytest.raises(LabelError) as called:
            opened.label(**files, **idle.keywords)
        assert not opened.project.session.has_labels
    assert idle.words in str(called.value)
    assert "--" not in str(called.value)
    # The dock does not offer it, for any of the files.
    survey = surveys.open(work.survey)
    (name,) = idle.keywords
    option = {"columns": "z", "radius": "none", "point_radius": "none"}.get(name, ANSWERS.get(name))
    if name != "layer":
        assert all(option not in options_for(kind, survey) for kind in files)
