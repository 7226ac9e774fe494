"""Fetching public samples from a server of our own: whole, wrong, broken off, cancelled, offline, malicious."""

from __future__ import annotations

import hashlib
import http.server
import io
import threading
import zipfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from napari_fhn import surveys
from napari_fhn.sample_data import public
from napari_fhn.sample_data.public import Cancelled, FetchError, Member, PublicSample

VALUES = np.arange(2 * 3 * 4, dtype=np.float32).reshape(2, 3, 4)


def archive(name="data/train/cube.npy", **more):
    array = io.BytesIO()
    np.save(array, VALUES)
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr(name, array.getvalue())
        for other, content in more.items():
            file.writestr(other.replace("__", "/"), content)
    return packed.getvalue()


class Server:
    """Files by path; ``cut`` says how many bytes of a file are sent."""

    def __init__(self):
        self.files: dict[str, bytes] = {}
        self.cut: dict[str, int] = {}
        self.asked: list[str] = []
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                outer.asked.append(self.path)
                content = outer.files.get(self.path)
                if content is None:
                    self.send_error(404)
                    return
                self.send_response(200)
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content[: outer.cut.get(self.path, len(content))])

            def do_HEAD(self):
                content = outer.files.get(self.path)
                if content is None:
                    self.send_error(404)
                    return
                self.send_response(200)
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True).start()

    def close(self):
        self.server.shutdown()
        self.server.server_close()


@pytest.fixture
def server():
    made = Server()
    yield made
    made.close()


@pytest.fixture
def sample(server):
    content = archive(other__readme="not wanted")
    server.files["/data.zip"] = content
    return PublicSample(
        key="test",
        title="Test cube",
        source="a server",
        licence="none",
        url=f"{server.url}/data.zip",
        size=len(content),
        checksum="md5:" + hashlib.md5(content, usedforsecurity=False).hexdigest(),
        members=(Member("train/cube.npy", {"axes": ("inline", "crossline", "sample")}, "cube"),),
    )


def test_fetches_once_verifies_unpacks_what_is_named_and_opens(sample, server, tmp_path):
    told = []
    found = public.fetch(sample, progress=lambda done, total: told.append((done, total)), folder=tmp_path)
    (path,) = found.values()
    assert sorted(one.name for one in path.parent.iterdir()) == ["cube.npy"]
    assert told[-1] == (sample.size, sample.size)
    survey = surveys.open(path, **sample.members[0].options)
    assert survey.dims == ("inline", "crossline", "sample")
    np.testing.assert_array_equal(np.asarray(survey), VALUES)
    assert public.fetch(sample, folder=tmp_path) == found
    assert server.asked == ["/data.zip"]


def test_what_is_known_is_fetched_with_a_survey_and_is_no_survey(sample, server, tmp_path):
    labelled = replace(sample, beside=("readme",))
    public.fetch(sample, folder=tmp_path)
    found = public.fetch(labelled, folder=tmp_path)  # what was fetched without it is fetched again
    assert list(found) == ["train/cube.npy", "readme"]
    assert found["readme"].read_text() == "not wanted"
    assert public.cached(labelled, tmp_path) == found
    assert len(server.asked) == 2
    assert public.F3.files == ("train/train_seismic.npy", "train/train_labels.npy")
    assert public.USA.files == ("USA_Change_Dataset.mat",)


def test_a_wrong_checksum_is_refused_and_nothing_is_kept(sample, tmp_path):
    wrong = replace(sample, checksum="md5:" + "0" * 32)
    with pytest.raises(FetchError, match="not the published file"):
        public.fetch(wrong, folder=tmp_path)
    assert list((tmp_path / "test").iterdir()) == []


def test_a_download_that_breaks_off_is_a_sentence(sample, server, tmp_path):
    server.cut["/data.zip"] = sample.size // 2
    with pytest.raises(FetchError, match=r"broke off|not the published"):
        public.fetch(sample, folder=tmp_path)
    assert list((tmp_path / "test").iterdir()) == []
    server.cut.clear()
    assert public.fetch(sample, folder=tmp_path)


def test_offline_and_a_missing_file_are_sentences(sample, server, tmp_path):
    with pytest.raises(FetchError, match="error 404"):
        public.fetch(replace(sample, url=f"{server.url}/other.zip"), folder=tmp_path)
    server.close()
    with pytest.raises(FetchError, match="Are you online"):
        public.fetch(sample, folder=tmp_path)


def test_cancelling_leaves_nothing_behind(sample, tmp_path):
    stop = threading.Event()

    def progress(done, total):
        stop.set()

    with pytest.raises(Cancelled):
        public.fetch(sample, progress=progress, stop=stop, folder=tmp_path)
    assert list((tmp_path / "test").iterdir()) == []


def test_the_size_is_asked_for(sample, server):
    assert public.size_of(sample) == sample.size
    with pytest.raises(FetchError, match="404"):
        public.size_of(replace(sample, url=f"{server.url}/other.zip"))
    server.close()
    with pytest.raises(FetchError, match="Are you online"):
        public.size_of(sample)


def test_without_any_checksum_the_first_whole_file_sets_it(sample, server, tmp_path):
    bare = replace(sample, checksum="")
    (path,) = public.fetch(bare, folder=tmp_path).values()
    path.unlink()
    server.files["/data.zip"] = archive(changed="later")
    with pytest.raises(FetchError, match="not the published file"):
        public.fetch(bare, folder=tmp_path)
    assert "no checksum" in bare.verified


@pytest.mark.parametrize("evil", ["../../train/cube.npy", "/train/cube.npy", "a/../../train/cube.npy"])
def test_no_member_is_written_outside_its_folder(sample, server, tmp_path, evil):
    server.files["/data.zip"] = archive(evil)
    folder = tmp_path / "in" / "side"
    found = public.fetch(replace(sample, checksum=""), folder=folder)
    assert [path.parent for path in found.values()] == [folder / "test"]
    written = [one for one in tmp_path.rglob("*") if one.is_file()]
    assert all(one.parent == folder / "test" for one in written)


@pytest.mark.parametrize("content", [b"<html>Sign in</html>", archive()[:-30], archive("elsewhere.npy")])
def test_what_is_no_such_archive_is_a_sentence(sample, server, tmp_path, content):
    server.files["/data.zip"] = content
    with pytest.raises(FetchError, match="archive"):
        public.fetch(replace(sample, checksum=""), folder=tmp_path)
    assert public.cached(sample, tmp_path) is None


def test_what_is_offered_says_size_licence_and_how_it_is_checked():
    for sample in public.PUBLIC.values():
        assert sample.licence
        assert sample.url.startswith("https://")
        assert Path(sample.url).suffix == ".zip"
        assert "checksum" in sample.verified
