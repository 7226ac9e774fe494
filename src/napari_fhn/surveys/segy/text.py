"""The text of a SEG-Y file, and what it says about where header fields are.

The text header and the extended ones that follow the binary header are 3200 bytes each, EBCDIC or ASCII. Two
things in them are worth more than any guess: the file's own layout, the stanza ``((SEG:Layout`` of revision 2.1,
and sentences such as ``Inline number : bytes 5-8``, which most exporting programs write.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from xml.etree import ElementTree

TEXT_BYTES = 3200
_LINE = 80
#: Text that says a vertical axis is depth, in the words of processing reports.
_DEPTH = re.compile(
    r"\bPSDM\b|\bPRESDM\b|\bDEPTH[ -](DOMAIN|MIGRAT\w*|CONVERTED|SECTION|VOLUME|STACK)|\bDEPTH (MIN|STEP)"
)
_INLINE = r"(?:\bI(?:N)?[ -]?LINE(?:S)?|\bIL)(?:[ _-]?(?:NUMBER|NUM|NO|TRACE))?"
_CROSSLINE = r"(?:\b(?:X|CROSS|CR)[ -]?LINE(?:S)?|\bXL|\bCROSS[ -]?LINE)(?:[ _-]?(?:NUMBER|NUM|NO|TRACE))?"
_X = r"(?:\bX[ _-]?COORD(?:INATE)?S?\b|\b(?:CDP|BIN|ENSEMBLE)[ _-]?X\b|\bEASTINGS?\b)"
_Y = r"(?:\bY[ _-]?COORD(?:INATE)?S?\b|\b(?:CDP|BIN|ENSEMBLE)[ _-]?Y\b|\bNORTHINGS?\b)"
#: What stands between a name and its byte: not another sentence, not another name.
_BETWEEN = r"[ .:=(#*-]*(?:(?:HEADER|HDR|IN|AT|TRACE|LOCATION|LOC|POSITION|STARTS?|BYTES?|IS|ARE)\b[ .:=(#*-]*)*"
_BYTE = r"(?<![\d.])(\d{1,3})(?![\d.,]*\d)(?:\s*(?:-|TO|\()\s*(\d{1,3}))?"


@dataclass(frozen=True)
class ByteHint:
    """Where a file's own text says that the survey numbers are.

    Attributes
    ----------
    inline_byte, crossline_byte : int
        First bytes (1 to 237).
    sentence : str
        Where that is said, for the evidence of a guess.
    x_byte, y_byte, offset_byte : int
        First bytes of the coordinates and the offset; 0 where it is not said.
    by_layout : bool
        Said by a machine-readable layout, not by a sentence.
    """

    inline_byte: int
    crossline_byte: int
    sentence: str
    x_byte: int = 0
    y_byte: int = 0
    offset_byte: int = 0
    by_layout: bool = False


def decode_text(block: bytes) -> str:
    """Decode one text header, EBCDIC or ASCII, whichever gives the more letters, figures and blanks.

    Parameters
    ----------
    block : bytes
        3200 bytes, or any number of them.

    Returns
    -------
    str
        One character per byte; what cannot be shown is a blank.
    """
    text = block.decode("cp037" if is_ebcdic(block) else "latin-1")
    return "".join(c if (c.isprintable() and c.isascii()) or c in "\r\n" else " " for c in text)


def is_ebcdic(block: bytes) -> bool:
    """Say whether a text header reads better in EBCDIC than in ASCII."""
    return _readable(block.decode("cp037")) > _readable(block.decode("latin-1"))


def _readable(text: str) -> int:
    return sum(c.isascii() and (c.isalnum() or c == " ") for c in text)


def looks_like_text(block: bytes) -> bool:
    """Tell a text block from a trace: nearly every byte is a letter, figure, blank or usual sign in one code."""
    usual = set(range(32, 127)) | {0, 9, 10, 13}
    for code in ("latin-1", "cp037"):
        text = block.decode(code)
        if sum(ord(c) in usual for c in text) >= 0.97 * len(block) and _readable(text) >= 0.25 * len(block):
            return True
    return False


def text_lines(block: bytes) -> list[str]:
    """Split a text header into its lines: cards of 80 characters, or lines that a writer has broken itself.

    Parameters
    ----------
    block : bytes
        3200 bytes.

    Returns
    -------
    list of str
        Without trailing blanks; empty lines stay, so that line `k` is the card ``Ck+1``.
    """
    text = decode_text(block)
    if text.count("\n") >= 10:
        return [line.rstrip() for line in text.splitlines()]
    return [text[k : k + _LINE].rstrip() for k in range(0, len(text), _LINE)]


def history(block: bytes) -> str:
    """Join the lines of a text header that say something.

    Parameters
    ----------
    block : bytes
        3200 bytes.

    Returns
    -------
    str
        Lines without card numbers that stand alone.
    """
    return "\n".join(line for line in text_lines(block) if re.sub(r"^C\s?\d{1,2}", "", line).strip())


def says_depth(lines: list[str]) -> str:
    """Return the line that speaks of depth rather than time, or an empty string."""
    return next((line.strip() for line in lines if _DEPTH.search(line.upper())), "")


def hint_of_lines(lines: list[str]) -> ByteHint | None:
    """Read the bytes of the survey numbers out of the sentences of a text header.

    Parameters
    ----------
    lines : list of str
        As `text_lines` gives them.

    Returns
    -------
    ByteHint or None
        None where either number is not located, or is located twice in different places.
    """
    found: dict[str, dict[int, int]] = {"inline": {}, "crossline": {}, "x": {}, "y": {}}
    for number, line in enumerate(lines, 1):
        upper = line.upper()
        both = re.search(r"\bI/?X BYTES?\W+(\d{1,3})\W+(\d{1,3})", upper)
        if both:
            found["inline"].setdefault(int(both[1]), number)
            found["crossline"].setdefault(int(both[2]), number)
            continue
        spoken = any("BYTE" in near.upper() for near in lines[max(0, number - 9) : number])
        names = {"inline": _INLINE, "crossline": _CROSSLINE, "x": _X, "y": _Y}
        # Names come before their bytes, or after them; both ways in one line would take a byte for the next name's.
        for patterns in (
            {name: words + _BETWEEN + _BYTE for name, words in names.items()},
            {name: r"\bBYTES?\W+" + _BYTE + r"\W*" + words for name, words in names.items()},
        ):
            matches = [(name, match) for name, pattern in patterns.items() for match in re.finditer(pattern, upper)]
            for name, match in matches:
                first, last = int(match[1]), int(match[2] or 0)
                # "Inlines 1 to 4" is a range of lines and not of bytes, unless bytes are spoken of.
                if 1 <= first <= 237 and (last - first == 3 or (spoken and last in (0, 2, 4))):
                    found[name].setdefault(first, number)
            if matches:
                break
    if any(len(found[name]) != 1 for name in ("inline", "crossline")):
        return None
    (inline_byte, a), (crossline_byte, b) = (next(iter(found[name].items())) for name in ("inline", "crossline"))
    if inline_byte == crossline_byte:
        return None
    where = f"line {a}" if a == b else f"lines {a} and {b}"
    # Coordinates of sources beside those of places are two of a name, of which neither is taken.
    x_byte, y_byte = (next(iter(found[name])) if len(found[name]) == 1 else 0 for name in ("x", "y"))
    return ByteHint(
        inline_byte,
        crossline_byte,
        f"{where} of the text header give bytes {inline_byte} and {crossline_byte}",
        x_byte=x_byte,
        y_byte=y_byte,
    )


def hint_of_layout(blocks: bytes) -> tuple[ByteHint | None, str]:
    """Read the file's own layout, the stanza ``((SEG:Layout`` among the extended text headers.

    Parameters
    ----------
    blocks : bytes
        The extended text headers.

    Returns
    -------
    hint : ByteHint or None
        None where there is no layout, or none that can be used.
    problem : str
        Why a layout that locates the survey numbers cannot be used; empty otherwise.
    """
    for code in ("latin-1", "cp037"):
        text = blocks.decode(code)
        match = re.search(r"\(\(\s*SEG:\s*Layout[^)]*\)\)(.*?</segy-layout>)", text, re.DOTALL | re.IGNORECASE)
        if match:
            break
    else:
        return None, ""
    body = re.sub(r"^\s*<\?xml[^>]*\?>", "", match[1].strip("\x00 \r\n"))
    # Entities could blow a few bytes up to gigabytes, and no layout needs them.
    if "<!" in body:
        return None, ""
    try:
        root = ElementTree.fromstring(body)
    except (ElementTree.ParseError, ValueError):
        return None, ""
    places: dict[str, int] = {}
    odd = ""
    # Entries of extensions are children of those, so only the 240 bytes of the trace header are looked at.
    for entry in root.findall("entry"):
        name, byte, kind = entry.get("name", ""), entry.get("byte", ""), entry.get("type", "")
        if not (byte.isdecimal() and byte.isascii() and len(byte) < 4 and 1 <= int(byte) <= 237):
            continue
        if kind in ("int4", "uint4", "coor4"):
            places.setdefault(name, int(byte))
        elif name in ("iline", "xline"):
            odd = (
                f"its own layout (stanza SEG:Layout) puts the number '{name}' at byte {byte} as '{kind[:20]}', which "
                "is not read"
            )
    if "iline" not in places or "xline" not in places or places["iline"] == places["xline"]:
        return None, odd
    hint = ByteHint(
        inline_byte=places["iline"],
        crossline_byte=places["xline"],
        sentence=(
            f"the file's own layout (stanza SEG:Layout) puts them at bytes {places['iline']} and {places['xline']}"
        ),
        x_byte=places.get("cdp_x", 0),
        y_byte=places.get("cdp_y", 0),
        offset_byte=places.get("offset", 0),
        by_layout=True,
    )
    return hint, ""
