"""Messages: rendered, allowed, sent once, kept with their look and their reason."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from shuke.ground import members, messaging
from shuke.ground.messaging import policy
from shuke.ground.messaging.channels import Reach, Shown, channels
from shuke.kit import kinds, paging
from shuke.kit.db import Database
from tests.statements import counted

AT = datetime(2026, 5, 1, 2, 0, tzinfo=UTC)
HELLO = messaging.Content(body="{name}您好，您有 {points} 积分", title="好久不见", link="/m/offers")


async def _people(database: Database, merchant_id: int, count: int, consent: str | None = "sms") -> list[int]:
    people = [members.identities_of({"phone": f"1380013{number:04}"}) for number in range(count)]
    async with database.write(merchant_id) as tx:
        ids = await members.ensure_members(tx, people, AT)
        await members.write_profiles(tx, [(member_id, {"name": f"会员{member_id}"}) for member_id in ids])
        if consent:
            await members.set_consents(tx, [(member_id, consent, True) for member_id in ids], AT, "test")
    return ids


def _draft(member_id: int, **more: Any) -> messaging.Draft:
    named = {"key": f"k{member_id}", "content": HELLO, "values": {"points": "600"}, "channel": "sms"}
    return messaging.Draft(member_id=member_id, **{**named, **more})


async def _log(database: Database, merchant_id: int, **filters: Any) -> list[messaging.Logged]:
    async with database.read(merchant_id) as tx:
        return (await messaging.log(tx, **filters)).items


async def test_a_transaction_that_sends_twice_announces_once(database: Database, merchant_id: int) -> None:
    """The mirror reads the messages of a transaction by its announcement, so a second one would copy them twice."""
    one, two = await _people(database, merchant_id, 2)
    async with database.write(merchant_id) as tx:
        await messaging.send(tx, [_draft(one)], AT)
        await messaging.send(tx, [_draft(two), _draft(one, key="again")], AT)
    async with database.read(merchant_id) as tx:
        told = await tx.rows("select payload from outbox where kind = 'messages_sent'")
    assert [row.payload["member_ids"] for row in told] == [[one, one, two]]


async def test_a_message_is_rendered_sent_and_kept(database: Database, merchant_id: int) -> None:
    [member_id] = await _people(database, merchant_id, 1)
    async with database.write(merchant_id) as tx:
        [verdict] = await messaging.send(tx, [_draft(member_id, journey_id=7)], AT)
    assert (verdict.state, verdict.channel, verdict.reason, verdict.repeated) == ("sent", "sms", None, False)
    [kept] = await _log(database, merchant_id)
    assert kept.body == "会员1您好，您有 600 积分"
    assert (kept.state, kept.sent_at, kept.journey_id, kept.member_name) == ("sent", AT, 7, "会员1")
    assert kept.look.sender == "测试小店"
    assert kept.look.body == "【测试小店】会员1您好，您有 600 积分 拒收请回复R"
    async with database.read(merchant_id) as tx:
        told = await tx.rows(
            "select o.payload from outbox o join message m on m.merchant_id = o.merchant_id and m.batch_id = o.batch_id "
            "where o.merchant_id = %(merchant_id)s and o.kind = 'messages_sent'"
        )
    assert [row.payload for row in told] == [{"type": "messages_sent", "member_ids": [member_id]}]


async def test_a_key_is_sent_once_also_within_a_batch(database: Database, merchant_id: int) -> None:
    [member_id] = await _people(database, merchant_id, 1)
    async with database.write(merchant_id) as tx:
        twice = await messaging.send(tx, [_draft(member_id), _draft(member_id)], AT)
    async with database.write(merchant_id) as tx:
        [again] = await messaging.send(tx, [_draft(member_id, values={})], AT + timedelta(days=1))
        assert not tx.has_news, "a repeat announces nothing"
    assert {verdict.message_id for verdict in (*twice, again)} == {twice[0].message_id}
    assert again.repeated
    assert len(await _log(database, merchant_id)) == 1


async def test_a_refusal_is_recorded_and_stays(database: Database, merchant_id: int) -> None:
    [member_id] = await _people(database, merchant_id, 1, consent=None)
    async with database.write(merchant_id) as tx:
        [verdict] = await messaging.send(tx, [_draft(member_id)], AT)
        assert not tx.has_news, "nothing went out, nothing is announced"
    assert (verdict.state, verdict.reason) == ("refused", "no_consent")
    async with database.write(merchant_id) as tx:
        await members.set_consents(tx, [(member_id, "sms", True)], AT, "test")
    async with database.write(merchant_id) as tx:
        [again] = await messaging.send(tx, [_draft(member_id)], AT)
    assert (again.state, again.reason, again.repeated) == ("refused", "no_consent", True)
    [kept] = await _log(database, merchant_id)
    assert kept.sent_at is None
    assert kept.reason == kinds.Sentence(
        zh="会员没有同意接收这个渠道的消息", en="the member has not agreed to this channel"
    )


async def test_consent_is_that_of_the_channel(database: Database, merchant_id: int) -> None:
    agreed, silent, declined, stranger = *(await _people(database, merchant_id, 3, consent=None)), 999
    async with database.write(merchant_id) as tx:
        await members.set_consents(tx, [(agreed, "sms", True), (declined, "sms", False)], AT, "test")
        verdicts = await messaging.send(tx, [_draft(m) for m in (agreed, silent, declined, stranger)], AT)
    assert [verdict.reason for verdict in verdicts] == [None, "no_consent", "declined", "no_member"]


async def test_a_missing_value_refuses_only_that_member(database: Database, merchant_id: int) -> None:
    first, second = await _people(database, merchant_id, 2)
    async with database.write(merchant_id) as tx:
        verdicts = await messaging.send(tx, [_draft(first, values={}), _draft(second)], AT)
    assert [(verdict.state, verdict.reason) for verdict in verdicts] == [("refused", "missing_value"), ("sent", None)]


async def test_many_messages_take_as_many_statements_as_one(database: Database, merchant_id: int) -> None:
    ids = await _people(database, merchant_id, 300)
    async with database.write(merchant_id) as tx:
        alone = counted(tx)
        await messaging.send(tx, [_draft(ids[0])], AT)
    async with database.write(merchant_id) as tx:
        many = counted(tx)
        verdicts = await messaging.send(tx, [_draft(member_id) for member_id in ids], AT)
    assert many.count == alone.count <= 7
    assert sum(not verdict.repeated for verdict in verdicts) == 299


async def test_the_log_pages_and_filters(database: Database, merchant_id: int) -> None:
    ids = await _people(database, merchant_id, 25)
    async with database.write(merchant_id) as tx:
        await messaging.send(tx, [_draft(m, journey_id=m % 2, channel="auto") for m in ids], AT)
    seen: list[int] = []
    cursor = None
    while True:
        async with database.read(merchant_id) as tx:
            page = await messaging.log(tx, journey_id=1, cursor=cursor, limit=4)
        seen += [item.member_id for item in page.items]
        cursor = page.next_cursor
        if cursor is None:
            break
    assert sorted(seen) == [m for m in ids if m % 2]
    assert len(await _log(database, merchant_id, member_id=ids[0])) == 1
    assert await _log(database, merchant_id, channel="wechat") == []
    with pytest.raises(kinds.UnknownKind):
        await _log(database, merchant_id, channel="pigeon")
    with pytest.raises(paging.BadCursor):
        await _log(database, merchant_id, cursor="nonsense")


def _reach(consents: dict[str, bool], **addresses: str) -> Reach:
    return Reach(member_id=1, name="李雷", consents=consents, addresses=addresses)


@pytest.mark.parametrize(
    ("consents", "addresses", "channel", "chosen", "refused"),
    [
        ({"wechat": True, "sms": True}, {"wechat_openid": "o", "phone": "1"}, "auto", "wechat", None),
        ({"wechat": True, "sms": True}, {"phone": "1"}, "auto", "sms", None),
        ({"sms": True}, {"wechat_openid": "o", "phone": "1"}, "auto", "sms", None),
        ({}, {"phone": "1"}, "auto", "inbox", None),
        ({"inbox": False}, {"phone": "1"}, "auto", "inbox", "declined"),
        ({"sms": True}, {}, "sms", "sms", "no_address"),
        ({"sms": False}, {}, "sms", "sms", "declined"),
        ({}, {}, "wechat", "wechat", "no_consent"),
    ],
)
def test_consent_comes_before_the_address(
    consents: dict[str, bool], addresses: dict[str, str], channel: str, chosen: str, refused: str | None
) -> None:
    assert policy.choose(channel, _reach(consents, **addresses)) == policy.Choice(chosen, refused)


@pytest.mark.parametrize(
    ("template", "values", "text"),
    [
        ("{name},{points}", {"name": "李", "points": "5"}, "李,5"),
        ("no places { here }", {}, None),
        ("plain", {}, "plain"),
        ("{name}{name}", {"name": "{points}"}, "{points}{points}"),
        ("{points}", {"name": "x"}, None),
    ],
)
def test_rendering_fills_every_place_once(template: str, values: dict[str, str], text: str | None) -> None:
    assert policy.render(template, values) == text


@pytest.mark.parametrize(
    ("channel", "content", "refusal"),
    [
        ("sms", messaging.Content(body="{nme}"), messaging.UnknownPlaceholder),
        ("sms", messaging.Content(body="x" * 301), kinds.BadParameters),
        ("wechat", messaging.Content(body="x", title="x" * 21), kinds.BadParameters),
        ("auto", messaging.Content(body="x" * 201), kinds.BadParameters),
        ("inbox", messaging.Content(body=""), kinds.BadParameters),
        ("pigeon", messaging.Content(body="x"), kinds.UnknownKind),
    ],
)
async def test_what_cannot_be_shown_is_refused_and_moves_nothing(
    database: Database, merchant_id: int, channel: str, content: messaging.Content, refusal: type[Exception]
) -> None:
    [member_id] = await _people(database, merchant_id, 1)
    async with database.write(merchant_id) as tx:
        with pytest.raises(refusal):
            await messaging.send(tx, [_draft(member_id, channel=channel, content=content)], AT)
    assert await _log(database, merchant_id) == []


@pytest.mark.parametrize(
    ("code", "shape", "sender"),
    [("sms", "bubble", "小店"), ("wechat", "card", "服务通知 · 小店"), ("inbox", "notice", "小店")],
)
def test_every_channel_has_a_look(code: str, shape: str, sender: str) -> None:
    look = channels.get(code).look("小店", Shown(title="标题", body="正文", link="/m", at=AT))
    assert (look.shape, look.sender, look.at) == (shape, sender, AT)
    assert "正文" in look.body
