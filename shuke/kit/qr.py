"""Draws a text, such as a link, as a QR picture (ISO/IEC 18004), with the four quiet modules around it that it needs."""

from __future__ import annotations

import io
from typing import Literal

import segno

QUIET = 4
MOST_SCALE = 40
Format = Literal["svg", "png"]
MEDIA: dict[str, str] = {"svg": "image/svg+xml", "png": "image/png"}


def drawn(text: str, form: Format = "svg", scale: int = 8) -> bytes:
    """The picture of a text; `scale` is the width of one module in pixels. Level M: 15 % may be lost and it still reads."""
    out = io.BytesIO()
    code = segno.make_qr(text, error="m", boost_error=False)
    size = max(1, min(scale, MOST_SCALE))
    if form == "svg":
        code.save(out, kind="svg", scale=size, border=QUIET, xmldecl=False, light="#fff", svgns=True)
    else:
        code.save(out, kind="png", scale=size, border=QUIET)
    return out.getvalue()


def inline(text: str) -> str:
    """The picture as an address that an <img> can show by itself."""
    return segno.make_qr(text, error="m", boost_error=False).svg_data_uri(scale=4, border=QUIET, light="#fff")
