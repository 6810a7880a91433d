"""Decides what an identity, a name and an attribute look like, and what of them may be shown."""

import re
from collections.abc import Mapping
from typing import Any

from shuke.kit import errors

# From the strongest to the weakest: where identities of one person point to two members, the first named here wins.
# An outside id or a card is given out once; a phone number finds a new owner after some months.
IDENTITY_KINDS = (
    "external", "card", "wechat_unionid", "wechat_openid", "alipay", "douyin", "kuaishou", "phone", "email",
)  # fmt: skip
CHANNELS = ("sms", "wechat", "email", "inbox", "phone")
GENDERS = ("female", "male", "other")
MOST_ATTRIBUTES = 200
_CHINESE_MOBILE = re.compile(r"1[3-9]\d{9}")
_PHONE = re.compile(r"\+?\d{5,15}")
_EMAIL = re.compile(r"[^@\s]{1,64}@[^@\s]{1,190}\.[^@\s]{2,}")


class BadIdentity(errors.Refused):
    """ "{value}" is not a {kind}."""

    code = "bad_identity"
    http_status = 422
    zh = "「{value}」不是有效的{kind}。"
    cure = "Check the value; phone numbers are 11 digits, or + and the country's code for others."
    cure_zh = "请核对；手机号为 11 位，境外号码以 + 和国家码开头。"

    def body(self) -> dict[str, Any]:
        """The value may be personal: it is told to the caller, but kept out of the details."""
        return {name: value for name, value in super().body().items() if name != "details"}


class UnknownIdentity(errors.Refused):
    """There is no kind of identity "{kind}"; known are: {known}."""

    code = "unknown_identity"
    http_status = 422
    zh = "没有「{kind}」这种会员身份，可用的有：{known}。"
    cure = "Use one of the known kinds."
    cure_zh = "请改用列出的身份类型。"


class NoIdentity(errors.Refused):
    """A member needs at least one identity: a phone number, a card, an outside id …"""

    code = "no_identity"
    http_status = 422
    zh = "会员至少要有一个身份：手机号、卡号、外部编号等。"
    cure = "Give one of: phone, card, external, wechat_openid … or leave the member out for a guest."
    cure_zh = "请提供 phone、card、external、wechat_openid 之一；散客请不填会员。"


class BadAttribute(errors.Refused):
    """The attribute "{name}" cannot be kept: {reason}."""

    code = "bad_attribute"
    http_status = 422
    zh = "属性「{name}」不能保存：{reason_zh}。"
    cure = "Names have up to 64 letters or digits; values are text, numbers, yes/no or lists of text."
    cure_zh = "属性名不超过 64 个字；值可以是文字、数字、是否或文字列表。"


class AheadOfClock(errors.Refused):
    """{at} has not come yet."""

    code = "ahead_of_clock"
    http_status = 422
    zh = "{at} 还没有到。"
    cure = "Check the clock of the sender and the offset of the instant; up to ten minutes ahead is fine."
    cure_zh = "请核对发送方的时钟和时区；最多可以超前十分钟。"


def identities_of(raw: Mapping[str, Any]) -> dict[str, str]:
    """The identities of a person in normal form, e.g. {"phone": "13800138000"}; refuses unknown kinds and unfit values."""
    found: dict[str, str] = {}
    for kind, value in raw.items():
        if kind not in IDENTITY_KINDS:
            raise UnknownIdentity(field=f"member.{kind}", kind=kind, known=", ".join(IDENTITY_KINDS))
        if value is None or value == "":
            continue
        found[kind] = normal(kind, value)
    if not found:
        raise NoIdentity(field="member")
    return found


def normal(kind: str, value: Any) -> str:
    """One identity's value in normal form; refuses what does not fit."""
    text = str(value).strip()
    if kind == "phone":
        return normal_phone(text)
    if kind == "email":
        text = text.lower()
        if not _EMAIL.fullmatch(text):
            raise BadIdentity(field="member.email", kind=kind, value=text[:64])
    if not text or len(text) > 200 or "\x00" in text:
        raise BadIdentity(field=f"member.{kind}", kind=kind, value=text[:64])
    return text


def normal_phone(text: str) -> str:
    """A phone number: 11 digits for mainland China, + and digits elsewhere; refuses anything else."""
    digits = re.sub(r"[\s\-().()]", "", text)
    for prefix in ("+86", "0086", "86"):
        rest = digits.removeprefix(prefix)
        if rest != digits and _CHINESE_MOBILE.fullmatch(rest):
            return rest
    if not digits.isascii() or not _PHONE.fullmatch(digits):
        raise BadIdentity(field="member.phone", kind="phone", value=text[:32])
    return digits


def masked_phone(phone: str | None) -> str | None:
    """138****8000: enough to recognise, too little to call."""
    if not phone:
        return None
    if len(phone) < 8:
        return "*" * (len(phone) - 2) + phone[-2:]
    return f"{phone[:-8]}****{phone[-4:]}"


def masked(kind: str, value: str) -> str:
    """An identity as a page may show it."""
    if kind == "phone":
        return masked_phone(value) or ""
    if kind == "email":
        name, _, place = value.partition("@")
        return f"{name[:1]}***@{place}"
    if kind in ("external", "card"):
        return value
    return value if len(value) <= 6 else f"{value[:3]}…{value[-3:]}"


def name_parts(name: str) -> set[str]:
    """The characters and pairs of neighbouring characters by which a name is found."""
    text = _plain(name)
    return {text[i : i + size] for size in (1, 2) for i in range(len(text) - size + 1)}


def search_parts(words: str) -> list[str]:
    """The parts a name must all have to contain these words."""
    text = _plain(words)
    if len(text) < 2:
        return [text] if text else []
    return sorted({text[i : i + 2] for i in range(len(text) - 1)})


def _plain(name: str) -> str:
    return "".join(name.lower().split())[:64]


def checked_attributes(attributes: Mapping[str, Any]) -> dict[str, Any]:
    """Attributes that can be kept (None removes one); refuses odd names, nested values and more than 200."""
    if len(attributes) > MOST_ATTRIBUTES:
        raise BadAttribute(field="attributes", name="…", reason="more than 200", reason_zh="超过 200 个")
    for name, value in attributes.items():
        if not 0 < len(name) <= 64 or name != name.strip() or not name.isprintable():
            raise BadAttribute(
                field=f"attributes.{name[:64]}", name=name[:64], reason="its name", reason_zh="名称不合适"
            )
        if not _keepable(value):
            raise BadAttribute(
                field=f"attributes.{name}", name=name, reason="its value", reason_zh="值的类型或长度不合适"
            )
    return dict(attributes)


def _keepable(value: Any) -> bool:
    if isinstance(value, list):
        return len(value) <= 100 and all(isinstance(part, str) and len(part) <= 200 for part in value)
    return value is None or isinstance(value, bool | int | float) or (isinstance(value, str) and len(value) <= 2000)


def strongest(found: Mapping[str, int]) -> int:
    """The member to take when identities of one person (kind → member) point to several."""
    return found[next(kind for kind in IDENTITY_KINDS if kind in found)]
