"""A look at paths before anything opens them, at every door of surveys and labels."""

from __future__ import annotations

import os
import socket

import numpy as np
import pytest

from napari_fhn import labels, regular, surveys, vector
from napari_fhn.labels import ClassTable, LabelError
from napari_fhn.labels.volumes import volume
from napari_fhn.surveys import SurveyError
from napari_fhn.surveys.maps import polygons
from napari_fhn.surveys.opening import FOLDER_OPENERS, OPENERS

pytestmark = [pytest.mark.timeout(30), pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes with names here")]

SURVEYS = sorted({suffix for opener in (*OPENERS, *FOLDER_OPENERS) for suffix in opener.SUFFIXES})
LABELS = {
    "sniff": labels.sniff,
    "recognise": labels.recognise,
    "heads": labels.read_heads,
    "tops": labels.read_tops,
    "deviation": labels.read_deviation,
    "checkshots": labels.read_checkshots,
    "log": labels.read_log,
    "classes": ClassTable.from_csv,
    "volume": volume.open,
    "polygons": lambda path: labels.read_polygons(path.with_suffix(".shp")),
    "fields": lambda path: labels.class_fields(path.with_suffix(".gpkg")),
}


@pytest.mark.parametrize("suffix", SURVEYS)
def test_a_pipe_is_no_survey(tmp_path, suffix):
    path = tmp_path / f"survey{suffix}"
    os.mkfifo(path)
    whole = tmp_path / "whole.npy"
    np.save(whole, np.zeros((2, 3), np.uint8))
    assert not surveys.can_open(path)
    with pytest.raises(SurveyError, match="is a pipe"):
        surveys.open(path)
    with pytest.raises(SurveyError, match="is a pipe"):
        surveys.read_classes(path, surveys.Grid.of(surveys.open(whole)))


@pytest.mark.parametrize("name", LABELS)
def test_a_pipe_tells_nothing_about_a_survey(tmp_path, name):
    for suffix in (".txt", ".shp", ".gpkg"):
        os.mkfifo(tmp_path / f"known{suffix}")
    with pytest.raises(LabelError, match="is a pipe"):
        LABELS[name](tmp_path / "known.txt")


@pytest.mark.parametrize("suffix", vector.SUFFIXES)
def test_a_pipe_holds_no_shapes(tmp_path, suffix):
    os.mkfifo(tmp_path / f"shapes{suffix}")
    with pytest.raises(vector.VectorError, match="is a pipe"):
        vector.layer_of(tmp_path / f"shapes{suffix}")
    with pytest.raises(SurveyError, match="is a pipe"):
        polygons.read_polygons(tmp_path / f"shapes{suffix}")


def test_devices_sockets_links_to_nowhere_folders_and_addresses_are_told_apart(tmp_path):
    (tmp_path / "nowhere.npy").symlink_to(tmp_path / "gone.npy")
    (tmp_path / "round.npy").symlink_to(tmp_path / "round.npy")
    (tmp_path / "zeros.npy").symlink_to("/dev/zero")
    (tmp_path / "folder.npy").mkdir()
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(os.path.relpath(tmp_path / "socket.npy"))
        for name, words in {
            "nowhere.npy": "is a link to .*gone.npy, which is not there",
            "round.npy": "cannot be read",
            "zeros.npy": "is a device",
            "folder.npy": "is a folder",
            "socket.npy": "is a socket",
            "absent.npy": "no such file",
            "a\0b.npy": "cannot be read",
            "x" * 300 + ".npy": "cannot be read",
        }.items():
            with pytest.raises(SurveyError, match=words):
                surveys.open(tmp_path / name)
            with pytest.raises(LabelError, match=words):
                labels.sniff(tmp_path / name)
    for address in (
        "http://127.0.0.1:9/a.tif",
        "/vsicurl/http://127.0.0.1:9/a.tif",
        "/vsizip/a.zip/b.shp",
        "s3://a/b.zarr",
        "ftp://127.0.0.1:9/b.zarr",
    ):
        # Surveys by address: tests/surveys/remote.
        if not address.startswith(("http:", "s3:")):
            with pytest.raises(SurveyError, match="is an address"):
                surveys.open(address)
        if address == "s3://a/b.zarr":  # read where it lies
            assert labels.recognise(address) == "labels"
            continue
        with pytest.raises(LabelError, match="is an address"):
            labels.recognise(address)


def test_what_lies_beside_a_file_and_belongs_to_it_is_looked_at(tmp_path):
    path = tmp_path / "scene.tif"
    path.write_bytes(b"II*\0" + bytes(100))
    assert regular.odd_beside(path) is None
    os.mkfifo(tmp_path / "other.aux.xml")
    (tmp_path / "scene.files").mkdir()
    assert regular.odd_beside(path) is None
    os.mkfifo(tmp_path / "scene.tif.aux.xml")
    with pytest.raises(SurveyError, match=r"scene.tif.aux.xml beside it is no plain file"):
        surveys.open(path)
    shapes = tmp_path / "shapes.shp"
    shapes.write_bytes(b"\x00\x00\x27\x0a" + bytes(100))
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "shapes.dbf").symlink_to(tmp_path / "pipe")
    with pytest.raises(vector.VectorError, match=r"shapes.dbf beside it leads to no plain file"):
        vector.layer_of(shapes)


def test_sentences_are_one_line_whatever_a_file_says():
    said = str(SurveyError("a\nb.sgy", "a well called 'W\n1\x1b[31m' stands in it", "x" * 5000))
    assert said.isprintable()
    assert len(said) < 1200
    assert str(LabelError("two  spaces stay", path="a.csv")) == "a.csv: two  spaces stay."
