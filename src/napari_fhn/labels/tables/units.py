"""Units of length and time by the names people give them."""

from __future__ import annotations

import math
import re

#: Metres in one of each.
METRES = {"m": 1.0, "ft": 0.3048, "km": 1000.0, "cm": 0.01}
#: Milliseconds in one of each.
MILLISECONDS = {"ms": 1.0, "s": 1000.0, "us": 1e-3}
#: Degrees in one of each.
DEGREES = {"deg": 1.0, "rad": 180.0 / math.pi, "gon": 0.9}
_SPELLINGS = {
    "m": "m м 米 метр метров meter metern meters metre metres mtr mts mètre mètres metro metros metri",
    "ft": "ft фут футы 英尺 f feet foot usft ftus sft ussurveyfoot ussurveyfeet fuß fuss pied pieds pie pies",
    "km": "km kilometer kilometre kilometers kilometres",
    "cm": "cm",
    "ms": "ms мс мсек 毫秒 msec msecs millisecond milliseconds millis millisekunde millisekunden milliseconde "
    "millisecondes milisegundo milisegundos",
    "s": "s с сек 秒 sec secs second seconds sek sekunde sekunden seconde secondes seg segundo segundos",
    "us": "us usec microsecond microseconds µs μs",
    "deg": "deg град 度 grados graus gradi degrés grader degs degree degrees dega ° dd decimaldegrees",
    "rad": "rad radian radians",
    "gon": "gon gons grad grads gradian gradians grade grades neugrad",
}
_UNITS = {spelling: unit for unit, spellings in _SPELLINGS.items() for spelling in spellings.split()}


def unit(text: str) -> str:
    """Return the unit that a text names, as one of ``m ft km cm ms s us deg rad gon``, or an empty string.

    Case, brackets, spaces and points do not count.
    """
    return _UNITS.get(re.sub(r"[\s().\[\]_{}-]+", "", text).lower(), "")
