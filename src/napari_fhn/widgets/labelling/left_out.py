"""Files that were left out while several were loaded: all are named when the last was looked at."""

from __future__ import annotations

from napari_fhn.sentence import named
from napari_fhn.widgets.messages import Messages

_WITH_REASON = 3
"""So many files are told with what is wrong with each; of more the names alone."""


class LeftOut:
    """Tells at once that a file was left out, and of all of them when there is nothing more to load.

    What is said of the next file takes the place of what was said of the one before.

    Parameters
    ----------
    messages : Messages
        Where it is said.
    """

    def __init__(self, messages: Messages) -> None:
        self._messages = messages
        self._told: dict[str, str] = {}
        self._failed = False
        self._loaded = ""

    def loaded(self) -> None:
        """Keep what was just said of files that were loaded: it stands before those that were not."""
        self._loaded = self._messages.message

    def add(self, name: str, why: str = "") -> None:
        """Say that a file was left out, and why.

        Parameters
        ----------
        name : str
            Of the file.
        why : str
            A sentence without the name; empty where the person wanted it so.
        """
        self._told[name] = f"{name} was left out: {why}" if why else f"{name} was left out."
        self._messages.say(self._told[name])

    def failed(self, names: list[str], error: BaseException, *known: type[BaseException]) -> None:
        """Report an error in files that are read together; one of none of these kinds is a fault of the program."""
        self._messages.report(error, *known)
        self._failed = True
        self._told |= {names[0]: str(error)} | {name: f"{name} was left out with it." for name in names[1:]}

    def tell(self) -> None:
        """Name all of them, behind what was loaded; nothing where it stands there already."""
        told, failed, loaded, messages = self._told, self._failed, self._loaded, self._messages
        self.clear()
        said = list(told.values())
        if not said or (said == [messages.message] and not loaded):
            return
        words = " ".join(said)
        if len(told) > _WITH_REASON:
            words = f"{named(list(told))} were left out. Load them one by one to be told why."
        if messages.message not in said and not messages.message.endswith("…"):
            loaded = messages.message
        messages.say(f"{loaded} {words}".strip())
        messages.error = failed and not loaded

    def clear(self) -> None:
        """Forget them."""
        self._told, self._failed, self._loaded = {}, False, ""
