"""Options that mean nothing beside others, or without them: refused, where they would be passed over in silence."""

from __future__ import annotations

import argparse
from collections.abc import Collection
from typing import Any

from napari_fhn.cli.options import UsageError

Described = tuple[tuple[str, str, Any, Any], ...]
"""Of each option where its value is kept, how it is typed, what it stands for, and what it is when nobody says it."""


def described(parser: argparse.ArgumentParser) -> Described:
    """Return the options of a command, for `check`, which finds them as ``options.described``."""
    return tuple(
        (one.dest, one.option_strings[0], one.const, one.default)
        for one in parser._actions
        if one.option_strings and one.default is not argparse.SUPPRESS
    )


def check(options: argparse.Namespace, names: Collection[str], why: str, instead: str = "") -> None:
    """Refuse options that would be passed over.

    Parameters
    ----------
    options : argparse.Namespace
        Of a command that keeps what `described` returns.
    names : collection of str
        Where the values of these options are kept.
    why : str
        What makes them mean nothing.
    instead : str
        What may be done beside leaving the option out, with its comma.

    Raises
    ------
    UsageError
        For the first of them that was said.
    """
    ways = [name for name, *_ in options.described]
    for name, option, stands_for, usual in options.described:
        value = getattr(options, name)
        if name not in names or value == usual:
            continue
        # Two options may say two values of one thing, as --in-place and --copy do.
        if ways.count(name) == 1 or stands_for == value:
            raise UsageError(f"{why}: leave {option} out{instead}")
