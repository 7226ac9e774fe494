"""Addresses of other machines, and how each of them is reached."""

import sys

import pytest

from napari_fhn.engine.remote.address import Address, parse
from napari_fhn.training.errors import JobError


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("ssh://gpu", Address("ssh", "gpu")),
        ("ssh://me@gpu.example.org:2222/data/my%20work", Address("ssh", "me@gpu.example.org", 2222, "/data/my work")),
        ("tcp://127.0.0.1:9000", Address("tcp", "127.0.0.1", 9000)),
    ],
)
def test_an_address_says_how_a_machine_is_reached(text, expected):
    assert parse(text) == expected
    assert parse(str(expected).replace(" ", "%20")) == expected


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("gpu", "no address of a machine"),
        ("http://gpu", "no address of a machine"),
        ("ssh://-oProxyCommand=touch", "no address of a machine"),
        ("ssh://-oProxyCommand=touch@gpu", "no address of a machine"),
        ("ssh://me:secret@gpu", "no password"),
        ("ssh://gpu:one", "no address of a machine"),
        ("tcp://127.0.0.1", "names no port"),
        ("tcp://gpu.example.org:9000", "would send data over the network as they are: take ssh://gpu.example.org"),
    ],
)
def test_what_is_no_address_or_would_be_unsafe_is_refused_with_the_way_to_write_one(text, why):
    with pytest.raises(JobError, match=why):
        parse(text)


def test_a_machine_is_asked_through_ssh_with_a_folder_that_no_shell_takes_apart(tmp_path):
    script = "import sys; print(sys.argv[1:])"
    line = parse("ssh://me@gpu:22/a;rm").connect(
        {"NAPARI_FHN_SSH": f"{sys.executable} -c '{script}'", "NAPARI_FHN_WORKER": "env/bin/napari-fhn"}
    )
    said = line.reader.read().decode().strip()
    line.close()
    assert said == str(["-p", "22", "--", "me@gpu", "env/bin/napari-fhn worker --stdio --folder '/a;rm'"])
