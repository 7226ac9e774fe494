"""The page of all options of the command line, from the program's own parser."""

from __future__ import annotations

import argparse
from collections.abc import Iterator

from napari_fhn.cli.commands import parser

_HEAD = """# Every option

What `napari-fhn COMMAND --help` says, made from the program. [The command line](command-line.md) says how the commands
go together.
"""


def page() -> str:
    """Return the page as Markdown."""
    return "\n".join([_HEAD, *(part for command, words in _commands(parser()) for part in _of(command, words))])


def _commands(whole: argparse.ArgumentParser) -> Iterator[tuple[argparse.ArgumentParser, str]]:
    """Yield the commands, each before its own ones, with what is said of it in the list."""
    for action in whole._actions:
        if isinstance(action, argparse._SubParsersAction):
            said = {one.dest: one.help or "" for one in action._choices_actions}
            for name, command in action.choices.items():
                yield command, said.get(name, "")
                yield from _commands(command)


def _of(command: argparse.ArgumentParser, words: str) -> Iterator[str]:
    words = (command.description or words).strip()
    yield f"## {command.prog}\n\n{words[:1].upper()}{words[1:]}\n"
    for group in command._action_groups:
        rows = [row for action in group._group_actions if (row := _row(command, action))]
        if rows:
            yield "\n".join([f"| {group.title} | |", "|---|---|", *rows]) + "\n"


def _row(command: argparse.ArgumentParser, action: argparse.Action) -> str:
    if action.help == argparse.SUPPRESS or isinstance(action, (argparse._HelpAction, argparse._SubParsersAction)):
        return ""
    formatter = command.formatter_class(command.prog)
    words = formatter._expand_help(action) if action.help else ""
    names = action.option_strings or [formatter._metavar_formatter(action, action.dest)(1)[0]]
    takes = action.option_strings and action.nargs != 0
    value = f" {formatter._format_args(action, action.dest.upper())}" if takes else ""
    shown = ", ".join(f"`{name}{value}`" for name in names)
    bars = shown.replace("|", "\\|")
    return f"| {bars} | {_plain(words)} |"


def _plain(text: str) -> str:
    """Return words of a help as they are, where Markdown would see a cell, a tag or a link."""
    return " ".join(text.split()).replace("|", "&#124;").replace("<", "&lt;").replace("[", "&#91;")
