"""``napari-fhn completion``: what lets a shell complete commands, options and their values at a press of Tab."""

from __future__ import annotations

import argparse

from napari_fhn.cli.exits import OK
from napari_fhn.cli.options import Commands

SHELLS = ("bash", "zsh", "fish", "powershell", "tcsh")

_HOW = """\
bash        napari-fhn completion bash > ~/.local/share/bash-completion/completions/napari-fhn
zsh         napari-fhn completion zsh > ~/.zfunc/_napari-fhn      (with fpath+=~/.zfunc before compinit in ~/.zshrc)
fish        napari-fhn completion fish > ~/.config/fish/completions/napari-fhn.fish
powershell  napari-fhn completion powershell >> $PROFILE

It is written once, and again after an update. No Python starts when Tab is pressed."""


def add(commands: Commands) -> None:
    """Describe the command."""
    parser = commands.add_parser(
        "completion",
        help="print what lets a shell complete this program's commands and options",
        epilog=_HOW,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("shell", choices=SHELLS, help="whose")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Print it."""
    import shtab

    from napari_fhn.cli.commands import parser

    whole = parser()
    _complete_files(whole, shtab.FILE, shtab.DIR)
    print(shtab.complete(whole, options.shell))
    return OK


def _complete_files(parser: argparse.ArgumentParser, file: object, folder: object) -> None:
    """Mark what takes files and folders, in all commands; by what help calls it, which is what a person reads."""
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            for one in action.choices.values():
                _complete_files(one, file, folder)
        elif action.metavar in ("DIR", "MODEL"):
            action.complete = folder  # type: ignore[attr-defined]
        elif action.metavar in ("FILE", "SURVEY", "CSV", "TABLE"):
            action.complete = file  # type: ignore[attr-defined]
