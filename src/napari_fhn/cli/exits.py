"""What the program ends with."""

OK = 0
"""Done."""

WRONG = 2
"""Something about the files or options is wrong; one sentence on standard error says what."""

INTERRUPTED = 130
"""Stopped with Ctrl-C; what was made is kept."""
