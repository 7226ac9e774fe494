"""Keys: what stands behind the question mark of an address, which opens what lies there to whoever has it.

A presigned address is a secret. It is parted from its key where it comes in, and only the address goes on: into layers,
sessions, logs and sentences. The key is in the memory of this process, and in the environment of those that it starts,
as the credentials of object stores are; it is put back where something is fetched, and for no other address.
"""

from __future__ import annotations

import json
import os
import re

#: In the environment: keys by address, as JSON.
VARIABLE = "NAPARI_FHN_KEYS"
#: Keys that are held; the oldest goes first.
_MOST = 200
#: An address with a question mark, wherever it stands in a text; GDAL and paths have one slash less, or more.
_WITH_KEY = re.compile(r"((?:https?|s3|gs|gcs|abfss?|az|memory):/[^\s?#'\"<>()]*)\?[^\s'\"<>)]*", re.IGNORECASE)

#: The same as a person types it.
_TYPED = re.compile(r"(?:https?|s3|gs|gcs|abfss?|az|memory)://[^\s?#]+\?\S*", re.IGNORECASE)


def parted(url: str) -> str:
    """Return an address without its key, which is kept for as long as this process is.

    Parameters
    ----------
    url : str
        As a person gave it.

    Examples
    --------
    >>> parted("https://a.org/map.tif?sig=12"), key_of("https://a.org/map.tif"), key_of("https://b.org/map.tif")
    ('https://a.org/map.tif', 'sig=12', '')
    """
    address, _, key = url.partition("#")[0].partition("?")
    address = address.rstrip("/")
    hold(address, key)
    return address


def hold(address: str, key: str) -> None:
    """Hold the key of an address; an empty one changes nothing.

    Parameters
    ----------
    address : str
        Without it.
    key : str
        What stood behind the question mark.
    """
    if key and _held().get(address) != key:
        held = {name: one for name, one in _held().items() if name != address}
        held[address] = key
        os.environ[VARIABLE] = json.dumps(dict(list(held.items())[-_MOST:]))


def key_of(url: str) -> str:
    """Return the key of an address, or of the store in which it lies; empty where there is none.

    Parameters
    ----------
    url : str
        Without a key.
    """
    held = _held()
    address = url
    while address.partition("://")[2]:
        if address in held:
            return held[address]
        address = address.rpartition("/")[0]
    return ""


def with_key(url: str) -> str:
    """Return an address as it is asked for: this is handed to those who fetch, and to nobody else."""
    key = key_of(url)
    return f"{url}?{key}" if key else url


def taken(text: str) -> str:
    """Return a text without the keys of the addresses in it, which are held.

    Parameters
    ----------
    text : str
        What a person has typed: an address, or an option with one.

    Examples
    --------
    >>> taken("Shale=https://a.org/mask.tif?sig=12")
    'Shale=https://a.org/mask.tif'
    """
    return _TYPED.sub(lambda found: parted(found[0]), text)


def hidden(text: str) -> str:
    """Return a text without the keys of addresses in it.

    Parameters
    ----------
    text : str
        What a library, a file or a command says.

    Examples
    --------
    >>> hidden("403, url='https://a.org/map.tif?sig=12'")
    "403, url='https://a.org/map.tif'"
    """
    if ":/" in text and "?" in text:
        text = _WITH_KEY.sub(r"\1", text)
    for key in _held().values():
        text = text.replace(key, "...") if len(key) > 3 else text
    return text


def _held() -> dict[str, str]:
    said = os.environ.get(VARIABLE)
    try:
        found = json.loads(said) if said else {}
    except ValueError:
        return {}
    return {str(name): str(key) for name, key in found.items()} if isinstance(found, dict) else {}
