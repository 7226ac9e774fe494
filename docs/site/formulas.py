"""Formulas as MathML, which browsers set without a script or a font from elsewhere."""

from __future__ import annotations

import re

_BLOCK = re.compile(r"^```math\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_INLINE = re.compile(r"(?<![\\$`])\$([^$`\n]+)\$(?!\$)")
_CODE = re.compile(r"(^```.*?^```$|`[^`\n]*`)", re.MULTILINE | re.DOTALL)


def as_mathml(text: str) -> str:
    """Return a page with MathML in place of its formulas; as it is where latex2mathml is not installed.

    Parameters
    ----------
    text : str
        Markdown, with formulas in blocks of ``math`` and between dollars.

    Returns
    -------
    str
    """
    try:
        from latex2mathml.converter import convert
    except ModuleNotFoundError:
        return text
    text = _BLOCK.sub(lambda found: f"\n{convert(found[1].strip(), display='block')}\n", text)
    parts = _CODE.split(text)
    return "".join(part if i % 2 else _INLINE.sub(lambda f: convert(f[1]), part) for i, part in enumerate(parts))
