"""An attribute is given up: refused with the list while it is used, gone from members, rules and mirror, and nobody else's."""

from typing import Any

import httpx

from shuke.ground import access, members, mirror
from shuke.ground.members import actions, jobs
from shuke.insight import segments
from shuke.kit import clock
from shuke.kit.db import Database
from shuke.outreach import journeys
from shuke.programs import earning
from tests.conftest import make_merchant, signed_in
from tests.statements import counted

API = "/console/api"
HAS = {"attr": "肤质", "op": "eq", "value": "敏感肌"}


async def people(database: Database, merchant_id: int, count: int = 3) -> list[int]:
    async with database.write(merchant_id) as tx:
        ids = await members.ensure_members(tx, [{"external": f"c-{n}"} for n in range(count)], clock.now())
        known: dict[str, Any] = {"attributes": {"肤质": "敏感肌", "入会途径": "静安店"}}
        await members.write_profiles(tx, [(member_id, known) for member_id in ids])
    return ids


async def of(database: Database, merchant_id: int, member_id: int) -> dict[str, Any]:
    async with database.read(merchant_id) as tx:
        return (await members.get_member(tx, member_id)).attributes


async def test_an_attribute_in_use_is_refused_with_its_users(
    database: Database, merchant_id: int, owner: httpx.AsyncClient
) -> None:
    [first, *_] = await people(database, merchant_id)
    async with database.write(merchant_id) as tx:
        await segments.create_segment(tx, name="敏感肌会员", slug="gentle", rule={"all": [HAS]}, at=clock.now())
        say = journeys.StepPlan("send_message", {"body": "舒缓系列到货了"})
        await journeys.create_journey(tx, "舒缓系列上新", "gentle", [say], clock.now())
        limited = [{"kind": "segment", "params": {"segments": ["gentle"]}}]
        draft = earning.Draft(name="敏感肌双倍", params={"points": 2, "per_fen": 100}, conditions=limited)
        await earning.create_rule(tx, "spend_rate", draft, clock.now())
    refused = await owner.delete(f"{API}/attributes", params={"name": "肤质"})
    assert (refused.status_code, refused.json()["code"], refused.json()["field"]) == (409, "attribute_in_use", "name")
    users = [(one["kind"], one["name"]) for one in refused.json()["used_by"]]
    assert users == [("segment", "敏感肌会员"), ("journey", "舒缓系列上新"), ("rule", "敏感肌双倍")]
    assert "敏感肌会员" in refused.json()["message"]
    assert await of(database, merchant_id, first) == {"肤质": "敏感肌", "入会途径": "静安店"}
    gone = await owner.delete(f"{API}/segments/gentle")
    assert [one["kind"] for one in gone.json()["used_by"]] == ["journey", "rule"]


async def test_many_attributes_are_listed_with_as_many_statements_as_one(database: Database, merchant_id: int) -> None:
    [first, *_] = await people(database, merchant_id)
    asked = []
    for names in ([], [f"护理偏好 {n}" for n in range(12)]):
        async with database.write(merchant_id) as tx:
            await members.write_profiles(tx, [(first, {"attributes": dict.fromkeys(names, "是")})])
            for place, name in enumerate(["肤质", "入会途径", *names]):
                rule = {"all": [{"attr": name, "op": "eq", "value": "是"}]}
                slug = f"asks-{len(names)}-{place}"
                await segments.create_segment(tx, name=f"问{name}{len(names)}", slug=slug, rule=rule, at=clock.now())
        async with database.read(merchant_id) as tx:
            counting = counted(tx)
            found = await members.attributes(tx)
            asked.append(counting.count)
            assert len(found) == 2 + len(names) and all(one.used_by for one in found)
    assert asked[0] == asked[1]


async def test_a_deleted_attribute_is_gone_everywhere_and_nobody_elses_is(
    app: Any, database: Database, columns: mirror.Mirror, merchant_id: int, owner: httpx.AsyncClient
) -> None:
    ids = await people(database, merchant_id, 7)
    other = await make_merchant(database)
    await people(database, other, 2)
    listed = (await owner.get(f"{API}/attributes")).json()["items"]
    assert [(one["name"], one["members"], one["used_by"]) for one in listed] == [("入会途径", 7, []), ("肤质", 7, [])]
    done = await owner.delete(f"{API}/attributes", params={"name": "肤质"})
    assert (done.status_code, done.json()["members"]) == (200, 7)
    while await database.attempt(merchant_id, actions.take_attribute_off, 3):
        pass
    assert await of(database, merchant_id, ids[6]) == {"入会途径": "静安店"}
    assert await of(database, other, 1) == {"肤质": "敏感肌", "入会途径": "静安店"}
    assert [one["name"] for one in (await owner.get(f"{API}/attributes")).json()["items"]] == ["入会途径"]
    for merchant in (merchant_id, other):
        await mirror.drain(columns, database, merchant)
    counted = [await segments.count(database, columns, one, HAS, clock.now()) for one in (merchant_id, other)]
    assert [one.count for one in counted] == [0, 2]
    again = await owner.delete(f"{API}/attributes", params={"name": "肤质"})
    assert (again.status_code, again.json()["code"]) == (404, "no_such_attribute")
    trail = (await owner.get(f"{API}/audit-trail", params={"action": "attribute.deleted"})).json()["items"]
    assert [(one["subject"], one["before"]) for one in trail] == [("肤质", {"members": 7})]


async def test_who_writes_it_again_has_it_again_and_the_rules_may_choose_it(
    mirrored: Any, merchant_id: int, owner: httpx.AsyncClient
) -> None:
    database = mirrored.database
    ids = await people(database, merchant_id)
    await mirror.drain(mirrored.mirror, database, merchant_id)

    async def choosable() -> set[str]:
        return {one["name"] for one in (await owner.get(f"{API}/segments/kinds")).json()["attributes"]}

    assert "肤质" in await choosable()
    await owner.delete(f"{API}/attributes", params={"name": "肤质"})
    assert await jobs.take_attributes_off(database, merchant_id) is None
    assert "肤质" not in await choosable()
    async with database.write(merchant_id) as tx:
        await members.write_profiles(tx, [(ids[1], {"attributes": {"肤质": "油皮"}})])
    assert "肤质" in await choosable()
    assert [await of(database, merchant_id, one) for one in ids[:2]] == [
        {"入会途径": "静安店"}, {"入会途径": "静安店", "肤质": "油皮"},
    ]  # fmt: skip


async def test_by_key_and_not_without_the_right(
    app: Any, database: Database, merchant_id: int, client: httpx.AsyncClient
) -> None:
    ids = await people(database, merchant_id)
    async with database.write(merchant_id) as tx:
        _, reads = await access.create_key(tx, "报表", ["read"], clock.now())
        _, writes = await access.create_key(tx, "会员系统", ["attributes"], clock.now())
    reader, writer = ({"Authorization": f"Bearer {secret}"} for secret in (reads, writes))
    assert len((await client.get("/v1/attributes", headers=reader)).json()["items"]) == 2
    refused = await client.delete("/v1/attributes", params={"name": "入会途径"}, headers=reader)
    assert refused.status_code == 403
    clerk = await signed_in(app, database, merchant_id, ("clerk", None))
    assert (await clerk.delete(f"{API}/attributes", params={"name": "入会途径"})).status_code == 403
    assert "入会途径" in await of(database, merchant_id, ids[0])
    done = await client.delete("/v1/attributes", params={"name": "入会途径"}, headers=writer)
    assert (done.status_code, done.json()["name"], done.json()["deleting"]) == (200, "入会途径", False)
    [left] = [one for one in (await client.get("/v1/attributes", headers=reader)).json()["items"] if one["deleting"]]
    assert left["name"] == "入会途径"
    await jobs.take_attributes_off(database, merchant_id)
    assert "入会途径" not in await of(database, merchant_id, ids[0])


async def test_what_the_profile_itself_holds_is_no_attribute(
    database: Database, merchant_id: int, owner: httpx.AsyncClient
) -> None:
    [first, *_] = await people(database, merchant_id, 1)
    async with database.write(merchant_id) as tx:
        await members.write_profiles(
            tx, [(first, {"gender": "female", "attributes": {"gender": "女", "城市圈": "长三角"}})]
        )
    listed = (await owner.get(f"{API}/attributes")).json()["items"]
    assert {one["name"] for one in listed} == {"肤质", "入会途径", "城市圈"}
    assert (await owner.delete(f"{API}/attributes", params={"name": "gender"})).status_code == 404
