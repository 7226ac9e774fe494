"""A real object store, of this machine (moto): bricked into, read in place, predicted into; killed in the middle.

Asked for where moto and s3fs are installed: ``pip install "moto[server,s3]" s3fs``.
"""

from __future__ import annotations

import signal
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from tests.project.data.test_in_place import bricked
from tests.project.predictions.test_prediction_store import network

from napari_fhn import surveys
from napari_fhn.cli import main
from napari_fhn.project.data import in_place

pytest.importorskip("s3fs")
moto_server = pytest.importorskip("moto.server")
SHAPE = (24, 40, 32)


@pytest.fixture
def bucket(monkeypatch) -> Iterator[str]:
    """The address of an empty bucket."""
    import fsspec

    server = moto_server.ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{server.get_host_and_port()[1]}")
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "test")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    for name in ("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY"):
        monkeypatch.delenv(name, raising=False)
    fsspec.filesystem("s3", skip_instance_cache=True).mkdir(name := uuid.uuid4().hex)
    yield f"s3://{name}"
    server.stop()


def killed(line: list[str], marks: str, count: int) -> int:
    """Run a command, kill it when some shards are there, and return how many there were."""
    import fsspec

    # One that fsspec has kept asks the server of the test before.
    files = fsspec.filesystem("s3", skip_instance_cache=True)

    def there() -> int:
        files.invalidate_cache()
        try:
            return len([one for one in files.ls(marks, detail=False) if one.rsplit("/", 1)[1] != "plan.json"])
        except FileNotFoundError:
            return 0

    process = subprocess.Popen([sys.executable, "-m", "napari_fhn", *line], stdout=subprocess.DEVNULL)
    until = time.monotonic() + 240
    while there() < count and process.poll() is None and time.monotonic() < until:
        time.sleep(0.02)
    process.send_signal(signal.SIGKILL)
    process.wait()
    return there()


def test_a_bucket_is_bricked_into_read_in_place_and_predicted_into_whatever_is_killed(bucket, tmp_path, capsys):
    made = bricked(tmp_path, SHAPE)
    expected = surveys.open(made)
    line = ["brick", str(made), f"{bucket}/v.zarr"]
    assert main([*line, "--task", "1/1"]) == 0
    survey = surveys.open(f"{bucket}/v.zarr")
    np.testing.assert_array_equal(survey.values, expected.values)
    assert in_place.may_stay(survey)
    network(tmp_path, made)
    asked = ["--network", str(tmp_path / "model"), "--shard", "5,11,32", "--device", "cpu", "--outputs", "entropy"]
    local, far = str(tmp_path / "local.zarr"), f"{bucket}/out.zarr"
    assert main(["predict", str(made), *asked, "--output", local, "--task", "1/1"]) == 0
    line = ["predict", f"{bucket}/v.zarr", *asked, "--output", far, "--task", "1/1"]
    count = killed(line, f"{bucket}/out.zarr/values/shards", 3)
    assert 3 <= count < 20
    with pytest.raises(surveys.SurveyError, match="not whole yet"):
        surveys.open(far)
    capsys.readouterr()
    assert main(line) == 0
    assert "of its 20 shards are there already" in "".join(capsys.readouterr())
    for one, other in ((far, local), (far.replace("out.", "out-entropy."), local.replace("local.", "local-entropy."))):
        np.testing.assert_array_equal(surveys.open(one).values, surveys.open(other).values)


def test_bricking_into_a_bucket_goes_on_after_a_kill(bucket, tmp_path, monkeypatch):
    path = Path(tmp_path, "big.npy")
    np.save(path, np.random.default_rng(0).standard_normal((400, 300, 200)).astype(np.float32))
    line = ["brick", str(path), f"{bucket}/b.zarr", "--axes", "inline,crossline,twt"]
    assert killed(line, f"{bucket}/b.zarr/values/shards", 1) >= 1
    with pytest.raises(surveys.SurveyError, match="not whole yet"):
        surveys.open(f"{bucket}/b.zarr")
    assert main(line) == 0
    np.testing.assert_array_equal(surveys.open(f"{bucket}/b.zarr").values, np.load(path))
