"""Writers of small volumes, where the libraries are installed."""

from __future__ import annotations

import warnings

import pytest

from survey_files.volumes import write_vds, write_zgy


@pytest.fixture
def make_zgy():
    with warnings.catch_warnings(action="ignore"):
        pytest.importorskip("openzgy.api")
    return write_zgy


@pytest.fixture
def make_vds():
    pytest.importorskip("openvds")
    return write_vds
