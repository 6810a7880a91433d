"""Offers on the console: what points are worth as cash, and for whom."""

from __future__ import annotations

from typing import Literal

import msgspec
from litestar import Request, get, post, put

from shuke.assets.offers import actions, queries
from shuke.ground import access, members
from shuke.kit import clock, http, paging
from shuke.kit.db import Database

READ = [http.requires("points.read")]
WRITE = [http.requires("points.rules")]


class NewOffer(actions.Terms, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A new offer: its short name and its terms."""

    slug: str


class ChangedOffer(actions.Terms, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Changed terms, for those who get the offer from now on."""

    state: Literal["live", "ended"] = "live"


@get("/offers", guards=READ)
async def list_offers(request: Request, database: Database) -> paging.Page:
    """All offers, the newest first."""
    caller = http.caller_of(request)
    async with database.read(caller.merchant_id) as tx:
        found = await queries.offers(tx)
    return paging.Page(items=found, total=len(found))


@get("/members/{member_id:int}/offers", guards=[http.requires("members.read")])
async def member_offers(request: Request, database: Database, member_id: int) -> paging.Page:
    """What a member was granted, the newest first, with where it stands now."""
    caller = http.caller_of(request)
    async with database.read(caller.merchant_id) as tx:
        await members.require(tx, member_id)
        found = await queries.of_member(tx, member_id, clock.now())
    return paging.Page(items=found, total=len(found))


@post("/offers", guards=WRITE)
async def new_offer(request: Request, database: Database, data: NewOffer) -> queries.Shown:
    """Make an offer."""
    caller = http.caller_of(request)
    at = clock.now()
    async with database.write(caller.merchant_id) as tx:
        made = await actions.create_offer(tx, data.slug, _terms(data), at)
        await access.record(tx, caller, "offer.created", ("offer", made.slug), after=_told(made), at=at)
    return made


@put("/offers/{offer_id:int}", guards=WRITE)
async def change_offer(request: Request, database: Database, offer_id: int, data: ChangedOffer) -> queries.Shown:
    """Change or end an offer; what was granted keeps its terms."""
    caller = http.caller_of(request)
    at = clock.now()
    async with database.write(caller.merchant_id) as tx:
        before = await queries.get_offer(tx, offer_id)
        changed = await actions.edit_offer(tx, offer_id, _terms(data), data.state)
        await access.record(
            tx, caller, "offer.changed", ("offer", changed.slug), before=_told(before), after=_told(changed), at=at
        )
    return changed


def _terms(data: actions.Terms) -> actions.Terms:
    return actions.Terms(
        name=data.name, points=data.points, value_fen=data.value_fen, valid_for=data.valid_for,
        max_share_percent=data.max_share_percent,
    )  # fmt: skip


def _told(offer: queries.Shown) -> dict[str, object]:
    fields = ("name", "points", "value_fen", "valid_for", "max_share_percent", "state")
    return {name: value for name, value in msgspec.structs.asdict(offer).items() if name in fields}


routes = [list_offers, member_offers, new_offer, change_offer]
