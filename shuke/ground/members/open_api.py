"""Attributes of members by API key: which there are, what asks for them, and giving one up."""

from __future__ import annotations

from litestar import delete, get

from shuke.ground.members import actions, console, queries
from shuke.kit import http
from shuke.kit.db import Database
from shuke.kit.http import Caller


@get("/attributes", guards=[http.requires("members.read")])
async def list_attributes(database: Database, caller: Caller) -> console.Attributes:
    """会员属性：名称、多少会员有、被谁用着。 Every attribute that members have, how many have it, and what asks for it."""
    async with database.read(caller.merchant_id) as tx:
        return console.Attributes(await queries.attributes(tx))


@delete(
    "/attributes",
    guards=[http.requires("attributes.write")],
    status_code=200,
    responses=http.declares(actions.NoSuchAttribute, actions.AttributeInUse),
)
async def remove_attribute(database: Database, caller: Caller, name: str) -> queries.AttributeShown:
    """删除一个会员属性，所有会员一起；还被分群、规则或自动化用着时拒绝，并列出用它的地方。

    Take an attribute off all members, within seconds; refused with the list of what asks for it. A repeat while that goes on
    answers the same; after that there is no such attribute.
    """
    return await console.give_up(database, caller, name)


routes = [list_attributes, remove_attribute]
