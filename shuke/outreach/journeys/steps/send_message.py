"""发消息: one message to each member, through the first channel they allow or the one named."""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any, ClassVar, Literal

import msgspec
from msgspec import Meta

from shuke.assets import points
from shuke.ground import messaging
from shuke.kit import clock
from shuke.kit.db import Tx
from shuke.kit.kinds import Sentence
from shuke.outreach.journeys.steps.kind import NOBODY, Crowd, Outcome, refused

_CHANNELS = {
    "auto": {"zh": "自动（微信 → 短信 → 站内信）", "en": "Automatic (WeChat → text → inbox)"},
    "wechat": {"zh": "微信订阅消息", "en": "WeChat"},
    "sms": {"zh": "短信", "en": "Text message"},
    "inbox": {"zh": "站内信", "en": "Inbox"},
}


class Letter(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What it says; {name}, {points} and {expires} are filled in for each member."""

    body: Annotated[
        str,
        Meta(
            min_length=1,
            max_length=2000,
            title="Text",
            extra_json_schema={
                "x-zh": "内容",
                "x-en": "Text",
                "x-widget": "textarea",
                "x-help-zh": "可以用 {name} 称呼、{points} 可用积分、{expires} 到期时间",
                "x-help-en": "{name}, {points} and {expires} are filled in",
            },
        ),
    ]
    title: Annotated[str, Meta(max_length=50, title="Title", extra_json_schema={"x-zh": "标题", "x-en": "Title"})] = ""
    link: Annotated[
        str, Meta(max_length=300, title="Link", extra_json_schema={"x-zh": "点开的页面", "x-en": "Link"})
    ] = ""
    channel: Annotated[
        Literal["auto", "wechat", "sms", "inbox"],
        Meta(title="Channel", extra_json_schema={"x-zh": "渠道", "x-en": "Channel", "x-labels": _CHANNELS}),
    ] = "auto"


class SendMessage:
    """One message; consent is asked of the member's own record at the moment of sending."""

    code: ClassVar[str] = "send_message"
    name: ClassVar[Sentence] = Sentence("发消息", "Send a message")
    Params: ClassVar[type[msgspec.Struct]] = Letter
    example: ClassVar[dict[str, Any]] = {
        "title": "好久不见",
        "body": "{name}，您还有 {points} 积分，欢迎回来看看。",
        "channel": "auto",
    }

    def sentence(self, params: Letter, _: Mapping[str, Sentence] = NOBODY) -> Sentence:
        """What it does."""
        way = _CHANNELS[params.channel]
        said = params.title or params.body
        if params.channel == "auto":
            return Sentence(f"发消息「{said}」", f"send the message “{said}”")
        return Sentence(f"发{way['zh']}「{said}」", f"send “{said}” by {way['en']}")

    async def check(self, tx: Tx, params: Letter) -> None:
        """The placeholders are known and the channel can show it."""
        messaging.check(params.channel, _content(params))

    async def take(self, tx: Tx, crowd: Crowd, params: Letter) -> dict[int, Outcome]:
        """Send to all; who has not agreed or cannot be reached is a recorded refusal."""
        content = _content(params)
        values = await _values(tx, crowd, messaging.placeholders(content))
        drafts = [
            messaging.Draft(
                key=crowd.key(member_id),
                member_id=member_id,
                content=content,
                values=values[member_id],
                channel=params.channel,
                journey_id=crowd.journey_id,
            )
            for member_id in crowd.member_ids
        ]
        verdicts = await messaging.send(tx, drafts, crowd.at)
        return {member_id: _outcome(verdict) for member_id, verdict in zip(crowd.member_ids, verdicts, strict=True)}


def _content(params: Letter) -> messaging.Content:
    return messaging.Content(body=params.body, title=params.title, link=params.link)


def _outcome(verdict: messaging.Verdict) -> Outcome:
    if verdict.state == "sent":
        return Outcome(outcome="done", detail={"message_id": verdict.message_id, "channel": verdict.channel})
    why = messaging.reason(verdict.reason) or Sentence("发送失败", "sending failed")
    return refused(verdict.reason or verdict.state, why)


async def _values(tx: Tx, crowd: Crowd, wanted: set[str]) -> dict[int, dict[str, str]]:
    """What fills the places, per member; a value that is not known is left out and refuses that message alone."""
    values: dict[int, dict[str, str]] = {member_id: {} for member_id in crowd.member_ids}
    if not wanted & {"points", "expires"}:
        return values
    balances = await points.balances(tx, crowd.member_ids, crowd.at)
    for member_id, known in values.items():
        balance = balances[member_id]
        known["points"] = f"{balance.available:,}"
        end = _end(crowd, member_id) or (balance.expiring[0].expires_at if balance.expiring else None)
        if end is not None:
            known["expires"] = _told(end, crowd.zone)
    return values


def _end(crowd: Crowd, member_id: int) -> datetime | None:
    """When what an earlier step gave runs out."""
    ends = [detail["expires_at"] for detail in crowd.before.get(member_id, ()) if detail.get("expires_at")]
    return datetime.fromisoformat(ends[-1]) if ends else None


def _told(end: datetime, zone: str) -> str:
    local = end.astimezone(clock.zone(zone))
    return f"{local.month}月{local.day}日 {local:%H:%M}"
