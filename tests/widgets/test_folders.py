"""A session lies where a person finds it, and is found where an earlier version kept it."""

from __future__ import annotations

import numpy as np
import platformdirs
import pytest
import xarray as xr

from napari_fhn.project.sessions import session_list
from napari_fhn.widgets import folders


@pytest.fixture
def survey():
    return xr.DataArray(np.zeros((2, 3, 4)), dims=("inline", "crossline", "twt"), attrs={"source": "/data/north.sgy"})


def test_new_sessions_lie_among_the_documents(tmp_path, monkeypatch):
    monkeypatch.delenv(session_list.VARIABLE, raising=False)
    monkeypatch.setattr(platformdirs, "user_documents_dir", lambda: str(tmp_path / "Documents"))
    assert folders.sessions_folder() == tmp_path / "Documents" / session_list.DOCUMENTS
    monkeypatch.setattr(platformdirs, "user_documents_dir", lambda: str(tmp_path / "nowhere" / "Documents"))
    assert folders.sessions_folder() == folders.program_folder()
    monkeypatch.setenv(session_list.VARIABLE, str(tmp_path / "said"))
    assert folders.sessions_folder() == folders.program_folder() == tmp_path / "said"


def test_a_session_of_an_earlier_version_is_found_where_it_was_kept(tmp_path, survey):
    new, old = tmp_path / "new", tmp_path / "old"
    fresh = folders.session_folder(survey, new, others=(old,))
    assert fresh.parent == new
    (old / fresh.name).mkdir(parents=True)
    assert folders.session_folder(survey, new, others=(old,)) == old / fresh.name


def test_of_several_sessions_the_one_that_was_open_last_is_gone_on_with(tmp_path, survey):
    first = folders.session_folder(survey, tmp_path)
    first.mkdir()
    second = folders.fresh_folder(survey, tmp_path)
    assert second.name == f"{first.name}-2"
    second.mkdir()
    assert folders.fresh_folder(survey, tmp_path).name == f"{first.name}-3"
    assert folders.session_folder(survey, tmp_path) == first
    assert folders.session_folder(survey, tmp_path, lately=(second, first)) == second
