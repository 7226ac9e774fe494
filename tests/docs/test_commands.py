"""Every command on every page can be typed: programs, commands, options, extras and targets are there."""

from __future__ import annotations

import argparse
import importlib.util
import re
import shlex
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

from napari_fhn.cli.commands import parser

ROOT = Path(__file__).parents[2]
PAGES = [
    *(ROOT / name for name in ("README.md", "CHANGELOG.md", "CONTRIBUTING.md", "SECURITY.md", "benchmarks/README.md")),
    *sorted((ROOT / "docs").rglob("*.md")),
    *sorted((ROOT / "packaging").rglob("*file")),
]
#: What names pages to those who read on, in sentences and in docstrings.
SOURCES = [path for path in sorted((ROOT / "src").rglob("*.py")) if "docs/" in path.read_text("utf-8")]
FENCE = re.compile(r"^( *)(`{3,})(\w*)[^\n]*\n(.*?)^\1\2 *$", re.MULTILINE | re.DOTALL)
EXTRAS = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["optional-dependencies"]
TARGETS = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE))
#: Of other programs, named on our pages.
NOT_OURS = {"--help", "--index-url", "--with", "--user", "--signoff", "--nproc-per-node", "--max-restarts", "--nnodes"}


def parsers(of: argparse.ArgumentParser, name: str = "") -> Iterator[tuple[str, argparse.ArgumentParser]]:
    """Yield the parser of each command, by its words; that of the whole by no word."""
    yield name, of
    for action in of._actions:
        if isinstance(action, argparse._SubParsersAction):
            for word, one in action.choices.items():
                yield from parsers(one, f"{name} {word}".strip())


WHOLE = parser()
COMMANDS = dict(parsers(WHOLE))
FIRST = {name.split()[0] for name in COMMANDS if name}


def options_of(one: argparse.ArgumentParser) -> set[str]:
    return {text for action in one._actions for text in action.option_strings}


def read(page: Path) -> str:
    """The page, with lines that go on joined."""
    return re.sub(r"\\\n\s*", " ", page.read_text("utf-8"))


def typed(page: Path) -> list[str]:
    """Lines that stand on a page to be typed: those in fences of no language, or of a shell."""
    lines = [line for *_, kind, body in FENCE.findall(read(page)) if kind in ("", "sh") for line in body.splitlines()]
    return [line.strip().removeprefix("$ ") for line in lines]


def mentioned(page: Path) -> list[str]:
    """What stands in a sentence as code."""
    return [" ".join(code.split()) for code in re.findall(r"`([^`]+)`", FENCE.sub("", read(page)))]


def words(line: str) -> list[str]:
    """The words of a line, without its comment; the variables before it are none of them, others are a number."""
    line = re.sub(r"\$\{?[A-Z_]+\}?", "1", line.replace("\\|", "|").replace("...", ""))
    found = shlex.split(line, comments=True)
    while found and re.fullmatch(r"[A-Z_]+=.*", found[0]):
        found = found[1:]
    return found


def ours(line: str) -> list[str] | None:
    """Return what a line gives to the command line; None where it is of another program."""
    if re.match(r"(?:[A-Z_]+=\S+ )*napari-fhn(?: |$)", line):
        found = words(line)
        return found[1:]
    if "-m napari_fhn " in line:
        return words(line.split("-m napari_fhn ", 1)[1])
    return None


def command_of(given: list[str]) -> str:
    """The command that words begin with, with its subcommand."""
    two = " ".join(given[:2])
    return two if two in COMMANDS else given[0]


@pytest.mark.parametrize("page", PAGES, ids=lambda path: str(path.relative_to(ROOT)))
def test_what_is_typed_is_understood(page):
    for line in typed(page):
        if (given := ours(line)) is not None:
            WHOLE.parse_args(given)  # UsageError says what is not understood


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_pages_that_the_program_names_are_there(path):
    for page in re.findall(r"\bdocs/[\w/-]+\.md\b", path.read_text("utf-8")):
        assert (ROOT / page).is_file(), page


@pytest.mark.parametrize("page", PAGES, ids=lambda path: str(path.relative_to(ROOT)))
def test_what_is_mentioned_is_there(page):
    """In sentences commands are cut short: that they and their options exist is all that can be asked."""
    for text in mentioned(page):
        given = ours(text)
        if given is None and "--" in text and text.split()[0] in FIRST:
            given = words(text)
        if not given:
            continue
        command = command_of(given)
        assert command in COMMANDS or command.isupper() or command.startswith("--"), text
        known = options_of(COMMANDS.get(command, WHOLE)) | NOT_OURS
        assert {word for word in given if re.match(r"--[a-z]", word)} <= known, text


def test_every_option_that_is_named_alone_is_one_of_some_command():
    known = set().union(*map(options_of, COMMANDS.values())) | NOT_OURS
    pages = [*(ROOT / "docs" / "guide").glob("*.md"), *(ROOT / "docs" / "how-to").glob("*.md")]
    missing = {
        (page.name, option)
        for page in pages
        for text in mentioned(page)
        if text.startswith("--")
        for option in re.findall(r"(?<![\w-])--[a-z][a-z-]+", text)
        if option not in known
    }
    assert missing == set()


@pytest.mark.parametrize("page", PAGES, ids=lambda path: str(path.relative_to(ROOT)))
def test_scripts_modules_targets_and_extras_are_there(page):
    for line in [*typed(page), *mentioned(page)]:
        for script, rest in re.findall(r"\bpython3? ((?:benchmarks|docs|examples|scripts)/\w+\.py)([^|`]*)", line):
            assert (ROOT / script).is_file(), line
            beside = "".join(path.read_text("utf-8") for path in (ROOT / script).parent.glob("*.py"))
            for option in re.findall(r"(?<![\w-])--[a-z][a-z-]+", rest.partition("#")[0]):
                assert f'"{option}"' in beside, line
        for module in re.findall(r"\bpython -m ((?:napari_fhn|samples|tests)[\w.]*)", line):
            assert importlib.util.find_spec(module) is not None, line
        for target in re.findall(r"^make ([a-z-]+)(?: |$)", line):
            assert target in TARGETS, line
        for asked in re.findall(r"(?:napari-fhn|\.)\[([a-z,-]+)\]", line):
            assert set(asked.split(",")) <= set(EXTRAS), line


def test_pages_have_commands():
    """That none was overlooked for the way it is written."""
    count = sum(ours(line) is not None for page in PAGES for line in typed(page))
    assert count > 60
    assert sum(ours(text) is not None for page in PAGES for text in mentioned(page)) > 40
