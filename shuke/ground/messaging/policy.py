"""Decides: what a template becomes for one member, and whether and through which channel a message may go."""

import re
from collections.abc import Mapping

import msgspec

from shuke.ground.messaging.channels import Channel, Reach, channels
from shuke.kit import errors
from shuke.kit.kinds import Sentence

PLACEHOLDERS = {
    "name": Sentence(zh="会员称呼", en="the member's name"),
    "points": Sentence(zh="可用积分", en="points that can be spent"),
    "expires": Sentence(zh="到期时间", en="when the offer ends"),
}
_PLACE = re.compile(r"\{([^{}]*)\}")
AUTO = "auto"

REASONS = {
    "no_consent": Sentence(zh="会员没有同意接收这个渠道的消息", en="the member has not agreed to this channel"),
    "declined": Sentence(zh="会员已拒收", en="the member has declined"),
    "no_address": Sentence(zh="没有可送达的联系方式", en="there is no address to reach the member at"),
    "no_member": Sentence(zh="找不到这位会员", en="there is no such member"),
    "missing_value": Sentence(zh="消息里的内容填不出来", en="a value of the text is not known for this member"),
}


class UnknownPlaceholder(errors.Refused):
    """There is no placeholder "{{{name}}}"; known are: {known}."""

    code = "unknown_placeholder"
    http_status = 422
    zh = "没有「{{{name}}}」这个变量，可以用：{known}"
    cure = "Use one of the known placeholders, or plain words."
    cure_zh = "请改用列出的变量，或直接写文字。"


class Content(msgspec.Struct, frozen=True):
    """What a message says, with placeholders; title and link may be empty where the channel has none."""

    body: str
    title: str = ""
    link: str = ""


class Choice(msgspec.Struct, frozen=True):
    """The verdict on one message: the channel it goes through, or the reason it does not."""

    channel: str
    refused: str | None = None


def check(channel: str, content: Content) -> None:
    """Refuse unknown placeholders and what the channel (for `auto`: any of them) cannot show."""
    for text in (content.title, content.body):
        for name in _PLACE.findall(text):
            if name not in PLACEHOLDERS:
                known = " ".join(f"{{{known}}}" for known in PLACEHOLDERS)
                raise UnknownPlaceholder(field="body", name=name, known=known)
    wanted = channels if channel == AUTO else [channels.get(channel)]
    for kind in wanted:
        channels.parameters(kind.code, msgspec.to_builtins(content))


def placeholders(content: Content) -> set[str]:
    """The names a text asks for."""
    return {name for text in (content.title, content.body) for name in _PLACE.findall(text)}


def render(template: str, values: Mapping[str, str]) -> str | None:
    """The text with every placeholder filled; None when a value is not known."""
    if any(name not in values for name in _PLACE.findall(template)):
        return None
    return _PLACE.sub(lambda match: values[match[1]], template)


def choose(channel: str, reach: Reach | None) -> Choice:
    """Through which channel a member can be reached: the one asked for, or for `auto` the first that may be used."""
    wanted: list[Channel] = list(channels) if channel == AUTO else [channels.get(channel)]
    if reach is None:
        return Choice(wanted[-1].code, "no_member")
    refused = None
    for kind in wanted:
        refused = barrier(kind, reach)
        if refused is None:
            return Choice(kind.code)
    return Choice(wanted[-1].code, refused)


def barrier(kind: Channel, reach: Reach) -> str | None:
    """What stands between a channel and a member: consent first, then the address; None when nothing does."""
    said = reach.consents.get(kind.code)
    if said is False:
        return "declined"
    if said is None and kind.needs_consent:
        return "no_consent"
    return None if kind.address(reach) else "no_address"


def reason(code: str | None) -> Sentence | None:
    """The words for a reason code."""
    return None if code is None else REASONS.get(code, Sentence(zh=code, en=code))
