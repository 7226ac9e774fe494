from __future__ import annotations

import itertools
import json
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import h5py
import numpy as np
import psutil
import pytest

from napari_fhn import surveys
from napari_fhn.surveys import looking as looks
from napari_fhn.surveys.arrays import hdf5
from napari_fhn.surveys.axes import AmbiguousAxes
from survey_files import rasters as factory


def test_scales_name_axes(tmp_path):
    path = tmp_path / "a.h5"
    with h5py.File(path, "w") as file:
        data = file.create_dataset("cube", data=factory.cube("int16"))
        for k, name in enumerate(("wavelength", "northing", "easting")):
            scale = file.create_dataset(name, data=np.arange(float(data.shape[k])) + 500)
            scale.make_scale(name)
            data.dims[k].attach_scale(scale)
        file["wavelength"].attrs["units"] = "nm"
    survey = surveys.open(path)
    np.testing.assert_array_equal(survey.values, factory.cube("int16"))
    assert survey["wavelength"].values.tolist() == [500.0, 501.0, 502.0, 503.0, 504.0]


def test_an_array_that_was_never_written_is_refused(tmp_path):
    path = tmp_path / "a.h5"
    with h5py.File(path, "w") as file:
        file.create_dataset("cube", shape=(2000, 2000, 10**6), dtype="f4", chunks=(100, 100, 10))
    with pytest.raises(surveys.SurveyError, match="never written"):
        surveys.open(path, axes=("y", "x", "band"))


def test_bytes_with_many_arrays_ask(tmp_path):
    path = tmp_path / "a.h5"
    with h5py.File(path, "w") as file:
        for name in ("swir/radiance", "vnir/radiance"):
            file[name] = np.ones((3, 4, 5), "f4")
        file["words"] = "text"
        file["none"] = h5py.Empty("f4")
    with pytest.raises(AmbiguousAxes, match="2 arrays") as caught:
        surveys.open(path)
    assert [choice.options["variable"] for choice in caught.value.choices] == ["swir/radiance", "vnir/radiance"]
    survey = surveys.open(path, variable="vnir/radiance", axes=("y", "band", "x"))
    assert survey.sizes == {"band": 4, "y": 3, "x": 5}


def test_a_cut_file_is_a_sentence(tmp_path):
    path = factory.hdf5(tmp_path, values=factory.cube("float32"))
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(surveys.SurveyError, match="HDF5"):
        surveys.open(path)
    path.write_bytes(b"text")
    assert not surveys.can_open(path)


def test_a_file_in_which_the_library_hangs_or_dies_is_a_sentence(tmp_path, monkeypatch):
    path = factory.hdf5(tmp_path, values=factory.cube("float32"))
    scripts = itertools.count()

    def look(text: str) -> None:
        # Each has a name of its own: Python knows what it has compiled by size and second alone.
        script = tmp_path / f"look{next(scripts)}.py"
        script.write_text(text)
        monkeypatch.setattr(hdf5.hdf5_look, "__file__", str(script))

    look("while True: pass")
    monkeypatch.setattr(looks, "TIMEOUT", 0.5)
    with pytest.raises(surveys.SurveyError, match="came to no end"):
        surveys.open(path, axes=("band", "y", "x"))
    # One that waits is not one that loops: on a busy machine it is given more time, until its answer is there.
    monkeypatch.setattr(looks, "TIMEOUT", 0.2)
    look("import time; time.sleep(0.6); raise SystemExit(1)")
    with pytest.raises(surveys.SurveyError, match="cannot read all of it"):
        surveys.open(path, axes=("band", "y", "x"))
    monkeypatch.setattr(looks, "PATIENCE", 0.4)
    with pytest.raises(surveys.SurveyError, match="came to no end"):
        surveys.open(path, axes=("band", "y", "x"))
    monkeypatch.setattr(looks, "PATIENCE", 40)
    look("import os, signal; os.kill(os.getpid(), signal.SIGSEGV)")
    with pytest.raises(surveys.SurveyError, match="breaks down"):
        surveys.open(path, axes=("band", "y", "x"))
    look("import os, signal; os.kill(os.getpid(), signal.SIGKILL)")
    with pytest.raises(surveys.SurveyError, match="ended from outside"):
        surveys.open(path, axes=("band", "y", "x"))
    # Without its answer, or with another than one expects, nobody knows what the file takes from elsewhere.
    for wrong in ("raise SystemExit(1)", "print('{}')", "print('[' * 100000)", "print(chr(0) * 1000)", ""):
        look(wrong)
        with pytest.raises(surveys.SurveyError, match="cannot read all of it"):
            surveys.open(path, axes=("band", "y", "x"))


def test_what_is_no_damage_is_not_called_damage(tmp_path, monkeypatch):
    path = factory.hdf5(tmp_path, values=factory.cube("float32"))
    whole = path.read_bytes()
    path.write_bytes(whole[:8] + b"\x09" + whole[9:])  # the superblock of a version to come
    with pytest.raises(surveys.SurveyError, match=r"later version or damaged: pip install --upgrade h5py"):
        surveys.open(path, axes=("band", "y", "x"))
    path.write_bytes(whole)
    for error, said in (
        (AttributeError("no 'chunk_iter'"), "h5py that is installed does not do"),
        (BlockingIOError(11, "unable to lock file"), "another program has it open"),
        (PermissionError(13, "no"), "may not be read"),
        (MemoryError(), "not enough memory"),
        (RuntimeError("no  such\nobject"), r"cannot read it \(no such object\)\. It seems to be damaged"),
    ):
        # The look is as a process that answers, and as one that there is no interpreter for.
        monkeypatch.setattr(hdf5.hdf5_look, "look", lambda *_, error=error: (_ for _ in ()).throw(error))
        monkeypatch.setattr(hdf5, "looked_through", lambda *_: None)
        with pytest.raises(surveys.SurveyError, match=said):
            surveys.open(path, axes=("band", "y", "x"))
        answer = json.dumps(hdf5.hdf5_look.answer(str(path), 1)).encode()
        monkeypatch.setattr(hdf5, "looked_through", lambda *_, answer=answer: answer)
        with pytest.raises(surveys.SurveyError, match=said):
            surveys.open(path, axes=("band", "y", "x"))


LOOKING = """
import sys
from pathlib import Path
from napari_fhn.surveys import looking as looks
from napari_fhn.surveys.arrays import hdf5
looks.TIMEOUT = looks.PATIENCE = 2
# The look as it is, but for a library that loops where it is imported.
loop = '''
    import collections, itertools, os, pathlib
    pathlib.Path(path + ".pid").write_text(str(os.getpid()) + ".")
    collections.deque(itertools.count(), maxlen=0)
'''
looking = Path(sys.argv[1] + ".py")
looking.write_text(Path(hdf5.hdf5_look.__file__).read_text().replace("    import h5py\\n", loop, 1))
hdf5.hdf5_look.__file__ = str(looking)
hdf5.look_through(Path(sys.argv[1]))
"""


def test_a_look_ends_when_who_asked_for_it_was_killed(tmp_path):
    path = factory.hdf5(tmp_path, values=factory.cube("float32"))
    told = Path(f"{path}.pid")
    with subprocess.Popen([sys.executable, "-c", LOOKING, str(path)], stderr=subprocess.DEVNULL) as asking:
        while not (told.exists() and told.read_text().endswith(".")):
            assert asking.poll() is None
            time.sleep(0.02)
        looking = psutil.Process(int(told.read_text()[:-1]))
        asking.kill()
        asking.wait()
    assert looking.is_running()
    try:
        looking.wait(timeout=60)
    finally:
        with suppress(psutil.NoSuchProcess):
            looking.kill()
