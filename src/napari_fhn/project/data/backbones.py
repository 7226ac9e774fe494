"""Features of a network in a file, computed by a process of its own; one that runs code only where a person trusts it.

Trust is said at a door (``--trust-backbone``, ``trust_backbone=True``, a question in the dock), holds for a file as it
is, in this process, and is kept nowhere: a session that somebody sends along cannot bring it.
"""

from __future__ import annotations

import contextlib
import json
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from napari_fhn import record
from napari_fhn.project.runs.beginning import network_folder
from napari_fhn.structure.attributes import AttributesError, Facts
from napari_fhn.structure.attributes.attribute import Fitted
from napari_fhn.structure.attributes.backbone import Backbone
from napari_fhn.training.backbone import Task
from napari_fhn.training.errors import JobError
from napari_fhn.training.job import Input
from napari_fhn.training.machine.leaving import command, end
from napari_fhn.training.machine.pipes import lines_or_silence
from napari_fhn.training.models.transfer import saved_job

if TYPE_CHECKING:
    from napari_fhn.project.project import Told

BACKBONE = Backbone.name
"""What the attribute is called."""

_MODULE = "napari_fhn.training.backbone"

_LOOK = 0.5
"""Seconds between two looks at whether it is still wanted."""

_trusted: set[Fitted] = set()


class NeedsTrust(JobError):
    """A file that runs what its maker has put there, and that nobody has said to trust."""


def trust(file: str | Path) -> None:
    """Let a file of TorchScript be loaded in this process and in those it starts.

    Parameters
    ----------
    file : path-like
        As it is now: when it has changed it is another one.

    Raises
    ------
    JobError
        When it is no such file.
    """
    try:
        one = Backbone([str(file)])
        if not one.file.is_file():
            raise JobError(f"{one.file} is not there")
        _trusted.add(one.digest())
    except AttributesError as error:
        raise JobError(str(error)) from error


def trust_all(texts: Sequence[str]) -> None:
    """Trust the files of all attributes that are features of a network.

    Parameters
    ----------
    texts : sequence of str
        Attributes as a person writes them.
    """
    for one in _among(texts):
        trust(one.file)


def untrusted(texts: Sequence[str]) -> tuple[Path, ...]:
    """Return the files that run code, are there, and that nobody has said to trust.

    Parameters
    ----------
    texts : sequence of str
        Attributes as a person writes them.
    """
    return tuple(
        one.file for one in _among(texts) if one.runs_code and one.file.is_file() and one.digest() not in _trusted
    )


def trust_network(network: str | Path) -> None:
    """Trust the files that a trained network takes its features from.

    Parameters
    ----------
    network : path-like
        Folder of a network, of a run, or a session.
    """
    trust_all(saved_job(network_folder(network)).attributes)


def check_trusted(backbone: Backbone) -> None:
    """Refuse a file that runs code and that nobody has said to trust.

    Raises
    ------
    NeedsTrust
        Then; the message says what it means to trust it.
    """
    if backbone.runs_code and backbone.digest() not in _trusted:
        raise NeedsTrust(
            f"loading {backbone.file} runs code that its maker has put there: if you trust whoever made it, say so "
            "with --trust-backbone; a file of ONNX holds none"
        )


def found_for(backbone: Backbone, inputs: Sequence[Input], known: Facts) -> Fitted:
    """Return what holds for the features on the data as a whole, found anew.

    Raises
    ------
    JobError
        When the network cannot be run, or nobody trusts it.
    """
    check_trusted(backbone)
    answer = _run(_task(backbone, inputs, known, (), ""), None)
    return (*backbone.digest(), *map(float, answer["fitted"]))


def write(
    out: Path, backbone: Backbone, inputs: Sequence[Input], known: Facts, fitted: Fitted, told: Told | None = None
) -> None:
    """Compute the features of a survey.

    Parameters
    ----------
    out : Path
        ``.npy`` of float32 that is there, written into.
    backbone : Backbone
        The network.
    inputs : sequence of Input
        Of the survey.
    known : Facts
        Of the survey.
    fitted : tuple of float
        As `found_for` returned it, here or where a network was trained.
    told : callable, optional
        Told the share that is done; what it raises ends the work.

    Raises
    ------
    JobError
        When the network cannot be run, is another than the one that was learnt with, or nobody trusts it.
    """
    check_trusted(backbone)
    numbers = tuple(float(one) for one in backbone.numbers_of(fitted))
    _run(_task(backbone, inputs, known, numbers, str(out)), told)


def _among(texts: Sequence[str]) -> list[Backbone]:
    """Return those of some attributes that are features of a network."""
    parts = [text.strip().partition(":") for text in texts]
    try:
        return [Backbone([file]) for name, _, file in parts if name.strip().lower() == BACKBONE and file]
    except AttributesError as error:
        raise JobError(str(error)) from error


def _task(backbone: Backbone, inputs: Sequence[Input], known: Facts, fitted: Fitted, out: str) -> Task:
    return Task(
        str(backbone.file),
        backbone.layout,
        tuple(inputs),
        known.bands,
        backbone.taken(known),
        known.vertical,
        fitted,
        out,
    )


def _run(task: Task, told: Told | None) -> dict[str, Any]:
    """Run it to its end, and return its last answer."""
    process = subprocess.Popen(
        command(_MODULE),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    answer: dict[str, Any] = {}
    try:
        process.stdin.write(json.dumps(record.encode(task)).encode() + b"\n")
        process.stdin.flush()  # and left open: where it is closed, the process leaves
        share = 0.0
        for line in lines_or_silence(process.stdout, _LOOK):
            if line is not None:
                answer = record.parse(line)
                share = answer.get("share", share)
            if told is not None:  # also of a process that says nothing: who hears it may end the work
                told(share)
        process.wait()
    except (BrokenPipeError, ValueError, AttributeError):
        answer = {}
    finally:
        # Also when `told` has ended the work.
        if process.poll() is None:
            end(process)
        with contextlib.suppress(OSError):
            process.stdin.close()
    if "error" in answer:
        raise JobError(f"the network in {task.file} cannot be run: {answer['error']}")
    if "fitted" not in answer:
        raise JobError(
            f"the network in {task.file} ended the process that ran it: is there enough memory for a smaller 'tile'?"
        )
    return answer
