"""Whatever a file leaves open, the command line names an option that it has, and typing it answers the question."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import numpy as np
import pytest
import segyio
from tests.project.open_questions import QUESTIONS, SHAPE, Open

from napari_fhn import labels, surveys
from napari_fhn.cli.commands import parser
from napari_fhn.cli.horizon import picked
from napari_fhn.cli.known import answering, hint, knowledge
from napari_fhn.labels import AmbiguousColumns, ClassTable, LabelError, Question
from napari_fhn.project.knowledge import burn

_MOST = 8


@pytest.fixture(scope="module")
def survey(tmp_path_factory):
    path = tmp_path_factory.mktemp("survey") / "small.sgy"
    segyio.tools.from_array3D(str(path), np.zeros(SHAPE, np.float32), dt=4000)
    with segyio.open(str(path), "r+", strict=False) as file:
        for number, header in enumerate(file.header):
            i, j = divmod(number, SHAPE[1])
            header.update({
                segyio.su.iline: 100 + i,
                segyio.su.xline: 200 + j,
                segyio.su.cdpx: 500_000 + 10 * j,
                segyio.su.cdpy: 6_000_000 + 20 * i,
            })  # fmt: skip
    return surveys.open(path)


def typed(case: Open, folder: Path) -> list[str]:
    """Options that name the files of a case."""
    words = ["train", "s"]
    for path, kind in case.write(folder).items():
        words += [f"--{kind}", str(path)]
    for kind, given in case.options.items():
        for name, value in given.items():
            text = labels.OPTIONS[name].text(value)
            words += ["--columns", f"{kind}:{name}={text}"]
    return words


def filled(case: Open, value: str) -> str:
    """A hint with its capitals replaced by what a person would write."""
    role = re.search(r":(\w+)=COLUMN", value)
    if role is not None:
        of, unit = case.answers[role[1]], case.answers.get(f"UNIT {role[1]}")
        value = value.replace("COLUMN", f"{of}:{unit}" if unit else str(of))
    for capitals, text in case.answers.items():
        if capitals.isupper():
            value = value.replace(capitals, str(text))
    kind = re.fullmatch(r"(.*):kind=\w+", value)
    return f"{kind[1]}:kind={case.answers['kind']}" if kind else value


@pytest.mark.parametrize("name", QUESTIONS)
def test_the_option_that_is_named_is_there_and_answers(tmp_path, survey, name):
    case = QUESTIONS[name]
    words, asked = typed(case, tmp_path), []
    for _ in range(_MOST):
        out = np.zeros(SHAPE, np.uint8)
        try:
            known = knowledge(parser().parse_args(words), None, survey)
            burn(known.sources, survey, ClassTable(()), out)
            break
        except Question as question:
            cause, told = question.cause, str(answering(question, known.sources))
            option, value = hint(question, known.sources)
        except LabelError as error:
            # A kind that is not known is asked for before there is any source.
            cause, told = error.__cause__, str(error)
            option, value = re.search(r"(--columns) (\S+:kind=\w+)", told).groups()
        assert f"{option} {value}" in told
        asked.append("which" if isinstance(cause, AmbiguousColumns) else cause.option)
        assert not re.search(r"\bROLE\b|\bVALUE\b", value), value
        words += [option, filled(case, value)]
    else:
        pytest.fail(f"asked for {asked} and was never content")
    assert asked[0] == case.asks
    assert out.any()


OF_PICKS = {
    name: case for name, case in QUESTIONS.items() if [kind.partition(".")[0] for kind in case.files] == ["horizon"]
}
OF_PICKS["one of two"] = Open(
    "name", {"horizon.csv": "horizon,inline,crossline,twt_ms\ntop,103,204,40\nbase,104,205,80\n"}
)


@pytest.mark.parametrize("name", OF_PICKS)
def test_picks_of_a_horizon_that_is_tracked_are_asked_about_with_options_of_that_command(tmp_path, survey, name):
    case = OF_PICKS[name]
    (path,) = case.write(tmp_path)
    words = ["horizon", "s", str(path), "--output", "out.csv"]
    asked = []
    for _ in range(_MOST):
        try:
            picks = picked(parser().parse_args(words), survey)
            break
        except LabelError as error:
            question, told = error.__cause__, str(error)
            cause = question.cause
            option, value = hint(question, (question.source,))
        assert f"{option} {value}" in told
        asked.append("which" if isinstance(cause, AmbiguousColumns) else cause.option)
        words += [option, filled(case, value)]
    else:
        pytest.fail(f"asked for {asked} and was never content")
    assert asked[0] == case.asks
    assert np.isfinite(picks).any()


def test_every_question_of_every_reader_is_among_those():
    raised = set()
    for path in Path(labels.__file__).parent.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "Undeclared":
                said = (k.value for k in node.keywords if k.arg == "option")
                # Which part of a file is asked with the word for its parts.
                raised |= {one.value if isinstance(one, ast.Constant) else "sheet" for one in said}
    # The name of one of several horizons is asked for by `read_horizon` alone; all of a file are read here.
    assert raised - {"name"} == {case.asks for case in QUESTIONS.values()} - {"which"}
    said = {
        path.partition("-")[0].partition(".")[0] for c in QUESTIONS.values() if c.asks == "which" for path in c.files
    }
    assert {"wells", "tops", "deviation", "checkshots", "horizon", "points"} <= said
