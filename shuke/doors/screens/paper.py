"""A table on paper: A4 pages of a PDF, with Chinese shown by the reader's own font."""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator, Sequence

import msgspec
import pydyf

WIDTH, HEIGHT, EDGE = 595.28, 841.89, 42.0
SIZE, LEADING, HEAD_SIZE = 9, 13, 15
_CJK = 0x2E80  # from here on characters are as wide as they are high
_GREY, _INK = (0.45, 0.5, 0.48), (0.08, 0.13, 0.11)


class Column(msgspec.Struct, frozen=True):
    """One column: its name, its share of the width in points, and whether figures stand at its end."""

    name: str
    width: float
    end: bool = False


def width_of(text: str, size: float = SIZE) -> float:
    """How wide a text is in points: Latin half as wide as Chinese, as the font's widths say below."""
    return sum(size if ord(character) >= _CJK else size / 2 for character in text)


def wrapped(text: str, width: float) -> list[str]:
    """The text in lines no wider than `width`; Chinese breaks anywhere, an unbreakable word where it must."""
    lines, line = [], ""
    for character in text.replace("\n", " "):
        if line and width_of(line + character) > width:
            cut = line.rfind(" ") + 1 if character != " " and ord(character) < _CJK else 0
            lines.append(line[:cut].rstrip() if cut else line)
            line = line[cut:] if cut else ""
        line += character
    return [*lines, line]


def table(
    title: str, facts: Sequence[tuple[str, str]], columns: Sequence[Column], rows: Iterable[Sequence[str]], foot: str
) -> bytes:
    """A PDF of a title, a few facts and a table over as many pages as it takes; `foot` stands on each with its number."""
    document = pydyf.PDF()
    fonts = _fonts(document)
    pages = list(_pages(title, facts, columns, rows))
    for number, page in enumerate(pages, 1):
        _say(page, EDGE, EDGE - 18, foot, _GREY)
        _say(page, WIDTH - EDGE - 40, EDGE - 18, f"{number} / {len(pages)}", _GREY)
        document.add_object(page)
        document.add_page(
            pydyf.Dictionary(
                {
                    "Type": "/Page", "Parent": document.pages.reference, "Contents": page.reference,
                    "MediaBox": pydyf.Array([0, 0, WIDTH, HEIGHT]), "Resources": fonts.reference,
                }
            )
        )  # fmt: skip
    made = io.BytesIO()
    document.write(made, identifier=False)
    return made.getvalue()


def _fonts(document: pydyf.PDF) -> pydyf.Dictionary:
    """STSong by name, not embedded: ISO 32000-1, 9.7.5.2, lets every reader put its own Chinese font in its place."""
    about = pydyf.Dictionary(
        {
            "Type": "/FontDescriptor", "FontName": "/STSong-Light", "Flags": 6, "ItalicAngle": 0, "Ascent": 880,
            "Descent": -120, "CapHeight": 880, "StemV": 93, "FontBBox": pydyf.Array([-25, -254, 1000, 880]),
        }
    )  # fmt: skip
    document.add_object(about)
    system = pydyf.Dictionary({"Registry": pydyf.String("Adobe"), "Ordering": pydyf.String("GB1"), "Supplement": 4})
    glyphs = pydyf.Dictionary(
        {
            "Type": "/Font", "Subtype": "/CIDFontType0", "BaseFont": "/STSong-Light", "CIDSystemInfo": system,
            "FontDescriptor": about.reference, "DW": 1000, "W": pydyf.Array([1, 95, 500, 814, 939, 500]),
        }
    )  # fmt: skip
    document.add_object(glyphs)
    font = pydyf.Dictionary(
        {
            "Type": "/Font", "Subtype": "/Type0", "BaseFont": "/STSong-Light-UniGB-UTF16-H",
            "Encoding": "/UniGB-UTF16-H", "DescendantFonts": pydyf.Array([glyphs.reference]),
        }
    )  # fmt: skip
    document.add_object(font)
    resources = pydyf.Dictionary({"Font": pydyf.Dictionary({"F": font.reference})})
    document.add_object(resources)
    return resources


def _pages(
    title: str, facts: Sequence[tuple[str, str]], columns: Sequence[Column], rows: Iterable[Sequence[str]]
) -> Iterator[pydyf.Stream]:
    page, y = pydyf.Stream(compress=True), HEIGHT - EDGE - HEAD_SIZE
    _say(page, EDGE, y, title, _INK, HEAD_SIZE)
    y -= 2 * LEADING
    for first in range(0, len(facts), 3):
        for place, (name, value) in enumerate(facts[first : first + 3]):
            _say(page, EDGE + place * 170, y, f"{name}  {value}", _INK)
        y -= LEADING
    y = _heading(page, y - LEADING, columns)
    for row in rows:
        cells = [wrapped(text, column.width - 8) for text, column in zip(row, columns, strict=True)]
        high = max(len(lines) for lines in cells) * LEADING
        if y - high < EDGE:
            yield page
            page, y = pydyf.Stream(compress=True), HEIGHT - EDGE - SIZE
            y = _heading(page, y, columns)
        _row(page, y, columns, cells)
        y -= high + 3
    yield page


def _heading(page: pydyf.Stream, y: float, columns: Sequence[Column]) -> float:
    _row(page, y, columns, [[column.name] for column in columns], _GREY)
    page.set_line_width(0.5)
    page.set_color_rgb(*_GREY, stroke=True)
    page.move_to(EDGE, y - 4)
    page.line_to(EDGE + sum(column.width for column in columns), y - 4)
    page.stroke()
    return y - LEADING - 4


def _row(
    page: pydyf.Stream, y: float, columns: Sequence[Column], cells: Sequence[Sequence[str]],
    ink: tuple[float, float, float] = _INK,
) -> None:  # fmt: skip
    x = EDGE
    for column, lines in zip(columns, cells, strict=True):
        for n, line in enumerate(lines):
            start = x + column.width - 8 - width_of(line) if column.end else x
            _say(page, start, y - n * LEADING, line, ink)
        x += column.width


def _say(
    page: pydyf.Stream, x: float, y: float, text: str, ink: tuple[float, float, float], size: float = SIZE
) -> None:
    page.begin_text()
    page.set_color_rgb(*ink)
    page.set_font_size("F", size)
    page.set_text_matrix(1, 0, 0, 1, round(x, 2), round(y, 2))
    page.stream.append(b"<" + text.encode("utf-16-be", "replace").hex().encode() + b"> Tj")
    page.end_text()
