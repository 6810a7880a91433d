"""Playbooks on the console: what there is, what one would create, install, remove."""

from __future__ import annotations

import msgspec
from litestar import Request, get, post

from shuke.ground import access
from shuke.kit import clock, http
from shuke.kit.db import Database, Tx
from shuke.kit.kinds import Sentence
from shuke.outreach.playbooks import actions, queries
from shuke.outreach.playbooks.books import BOOKS
from shuke.outreach.playbooks.policy import Book

WRITE = [
    http.requires("points.rules"), http.requires("missions.write"), http.requires("tiers.write"),
    http.requires("segments.write"), http.requires("tags.write"), http.requires("journeys.write"),
]  # fmt: skip


class BookNamed(msgspec.Struct, forbid_unknown_fields=True):
    """Which playbook."""

    book: str


class BookLine(msgspec.Struct, frozen=True, kw_only=True):
    """One playbook and how many things it has made here."""

    code: str
    name: Sentence
    note: Sentence
    installed: int


class TextShape(msgspec.Struct, frozen=True, kw_only=True):
    """A message to copy."""

    name: Sentence
    text: Sentence


class ExampleShape(msgspec.Struct, frozen=True, kw_only=True):
    """A receipt and the points it gives by this playbook."""

    name: str
    points: int


class BookShown(msgspec.Struct, frozen=True, kw_only=True):
    """A playbook with every thing of it as it stands here."""

    code: str
    name: Sentence
    note: Sentence
    parts: list[queries.PartShape]
    examples: list[ExampleShape]
    texts: list[TextShape]


class Books(msgspec.Struct, frozen=True, kw_only=True):
    """All playbooks."""

    items: list[BookLine]


@get("/playbooks", guards=WRITE)
async def list_books(request: Request, database: Database) -> Books:
    """The playbooks there are, with how many things each has made here."""
    caller = http.caller_of(request)
    async with database.read(caller.merchant_id) as tx:
        made = await queries.books_installed(tx)
    lines = [
        BookLine(code=one.code, name=one.name, note=one.note, installed=made.get(one.code, 0)) for one in BOOKS.values()
    ]
    return Books(items=lines)


@get("/playbooks/one", guards=WRITE, responses=http.declares(queries.NoSuchBook))
async def show_book(request: Request, database: Database, book: str) -> BookShown:
    """What a playbook would create, what of it stands already, and its sample texts."""
    caller = http.caller_of(request)
    async with database.read(caller.merchant_id) as tx:
        return await _shown(tx, queries.get_book(book))


@post("/playbooks/install", guards=WRITE, status_code=200, responses=http.declares(queries.NoSuchBook))
async def install_book(request: Request, database: Database, data: BookNamed) -> BookShown:
    """Create and publish what is missing; what the merchant has of their own stays. Repeatable."""
    caller, at = http.caller_of(request), clock.now()
    book = queries.get_book(data.book)
    async with database.write(caller.merchant_id) as tx:
        await actions.install(tx, book.code, at, caller.name)
        await access.record(tx, caller, "playbook.installed", ("playbook", book.name.zh), at=at)
        return await _shown(tx, book)


@post("/playbooks/remove", guards=WRITE, status_code=200, responses=http.declares(queries.NoSuchBook))
async def remove_book(request: Request, database: Database, data: BookNamed) -> BookShown:
    """Take away what nobody has used; what is in use stays. Repeatable."""
    caller, at = http.caller_of(request), clock.now()
    book = queries.get_book(data.book)
    async with database.write(caller.merchant_id) as tx:
        await actions.remove(tx, book.code, at, caller.name)
        await access.record(tx, caller, "playbook.removed", ("playbook", book.name.zh), at=at)
        return await _shown(tx, book)


async def _shown(tx: Tx, book: Book) -> BookShown:
    return BookShown(
        code=book.code, name=book.name, note=book.note, parts=await queries.preview(tx, book),
        examples=[ExampleShape(name=one.name, points=one.points) for one in book.examples],
        texts=[TextShape(name=one.name, text=one.text) for one in book.texts],
    )  # fmt: skip


routes = [list_books, show_book, install_book, remove_book]
