"""What other distributions add: survey openers, readers of what is known, recipes. Standard library only.

A distribution names what it adds as an entry point of one of the groups below. They are looked for when they are first
needed, and each is checked before it counts. One that cannot be imported, or is not what its group asks for, is left
out with a `PluginWarning` that names the distribution: nothing of ours depends on it. ``CONTRIBUTING.md`` has an
example of each.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator, Mapping, MutableMapping
from dataclasses import dataclass
from functools import cache
from importlib import metadata
from typing import Any, Generic, TypeVar

#: Modules or objects that read a kind of survey file, see `napari_fhn.surveys.plugins.SurveyOpener`.
SURVEY_OPENERS = "napari_fhn.survey_openers"
#: Modules or objects that read a kind of file of labels, see `napari_fhn.labels.plugins.KnowledgeReader`.
KNOWLEDGE_READERS = "napari_fhn.knowledge_readers"
#: Instances of `napari_fhn.training.recipes.Recipe`, or functions that make one.
RECIPES = "napari_fhn.recipes"

T = TypeVar("T")
_F = TypeVar("_F", bound=Callable[..., Any])
_FORGET: list[Callable[[], None]] = []


def remembered(found: _F) -> _F:
    """Keep what a function finds until `look_again`."""
    kept = cache(found)
    _FORGET.append(kept.cache_clear)
    return kept  # type: ignore[return-value]


def look_again() -> None:
    """Forget what was found: for a distribution that was installed while Python runs."""
    for forget in _FORGET:
        forget()


class PluginWarning(UserWarning):
    """Something of another distribution does not work, and is left out."""


@dataclass(frozen=True)
class Plugin(Generic[T]):
    """One thing that another distribution adds.

    Attributes
    ----------
    name : str
        Of the entry point: what people say to choose it.
    distribution : str
        Name and version of what it came with, for sentences.
    value : object
        The thing itself, checked.
    """

    name: str
    distribution: str
    value: T

    def __str__(self) -> str:
        return f"the plugin '{self.name}' of {self.distribution}"

    def asked(self, question: Callable[[], object]) -> bool:
        """Ask it something that is answered by yes or no; one that fails says no, with a warning.

        Parameters
        ----------
        question : callable
            Calls the plugin.

        Returns
        -------
        bool
            Its answer.
        """
        try:
            return bool(question())
        except OSError:
            # About the file and not about the plugin: whoever reads the file says it better.
            return False
        except Exception as error:
            warnings.warn(f"{self} fails ({_short(error)}) and is not asked.", PluginWarning, stacklevel=2)
            return False


def discover(group: str, check: Callable[[str, Any], T]) -> tuple[Plugin[T], ...]:
    """Load and check what other distributions add to a group.

    Parameters
    ----------
    group : str
        Name of the group.
    check : callable
        Given the name and what it names, returns what counts; raises where that is not what the group asks for.

    Returns
    -------
    tuple of Plugin
        By distribution and name. Of two of one name the first counts.

    Examples
    --------
    >>> from napari_fhn import plugins
    >>> plugins.discover("napari_fhn.nobody_adds_to_this", lambda name, value: value)
    ()
    """
    found: dict[str, Plugin[T]] = {}
    for entry in sorted(_entry_points(group), key=lambda one: (_distribution(one), one.name)):
        plugin = Plugin(entry.name, _distribution(entry), None)
        try:
            value = check(entry.name, entry.load())
            if entry.name in found:
                raise ValueError(f"{found[entry.name]} has that name already")
        except (Exception, SystemExit) as error:
            warnings.warn(f"{plugin} is left out: {_short(error)}.", PluginWarning, stacklevel=2)
            continue
        found[entry.name] = Plugin(entry.name, plugin.distribution, value)
    return tuple(found.values())


@remembered
def _entry_points(group: str) -> tuple[metadata.EntryPoint, ...]:
    try:
        return tuple(metadata.entry_points(group=group))
    except Exception as error:  # the metadata of any distribution on this machine may be damaged
        warnings.warn(f"Plugins cannot be looked for: {_short(error)}.", PluginWarning, stacklevel=2)
        return ()


def _distribution(entry: metadata.EntryPoint) -> str:
    found = getattr(entry, "dist", None)
    return f"{found.name} {found.version}" if found is not None else entry.value.partition(":")[0]


def _short(error: BaseException) -> str:
    words = " ".join(str(error).split())
    return f"{type(error).__name__}: {words}"[:300].rstrip(".") if words else type(error).__name__


class Registry(MutableMapping[str, T]):
    """Things by name: ours, and behind them those that other distributions add.

    Ours are found without looking for others. What others add under one of our names is left out with a warning.

    Parameters
    ----------
    ours : mapping
        Ours by name, in the order in which they are offered.
    others : callable
        Returns those of others, once; called when a name is asked for that is not ours, or when all are.
    """

    def __init__(self, ours: Mapping[str, T], others: Callable[[], tuple[Plugin[T], ...]]) -> None:
        self._things = dict(ours)
        self._others = others
        self._looked = False
        self.plugins: dict[str, Plugin[T]] = {}
        _FORGET.append(self._forget)

    def look(self) -> None:
        """Look for those of others, the first time that it is called."""
        if self._looked:
            return
        self._looked = True
        for plugin in self._others():
            if plugin.name in self._things:
                warnings.warn(
                    f"{plugin} is left out: '{plugin.name}' is a name of napari-fhn's own.", PluginWarning, stacklevel=3
                )
                continue
            self._things[plugin.name] = plugin.value
            self.plugins[plugin.name] = plugin

    def _forget(self) -> None:
        self._looked = False
        for name in list(self.plugins):
            del self[name]

    def __getitem__(self, name: str) -> T:
        if name not in self._things:
            self.look()
        return self._things[name]

    def __setitem__(self, name: str, thing: T) -> None:
        self._things[name] = thing

    def __delitem__(self, name: str) -> None:
        del self._things[name]
        self.plugins.pop(name, None)

    def __iter__(self) -> Iterator[str]:
        self.look()
        return iter(self._things)

    def __len__(self) -> int:
        self.look()
        return len(self._things)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({', '.join(self._things)})"
