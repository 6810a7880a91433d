"""Attributes of members by API key: which there are, what asks for them, and giving one up."""

from __future__ import annotations

from litestar import delete, get

from shuke.ground import access
from shuke.ground.members import actions, queries
from shuke.kit import clock, http
from shuke.kit.db import Database
from shuke.kit.http import Caller


@get("/attributes", guards=[http.requires("members.read")])
async def list_attributes(database: Database, caller: Caller) -> queries.Attributes:
    """会员属性：名称、多少会员有、被谁用着。 Every attribute that members have, how many have it, and what asks for it."""
    async with database.read(caller.merchant_id) as tx:
        return queries.Attributes(await queries.attributes(tx))


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
    now = clock.now()
    async with database.write(caller.merchant_id) as tx:
        found = await actions.delete_attribute(tx, name, by=caller.name, at=now)
        before = {"members": found.members}
        await access.record(tx, caller, "attribute.deleted", ("attribute", name), before=before, at=now)
    return found


routes = [list_attributes, remove_attribute]
