"""What the mirror may copy of members: who they are from when, what is known of them, consent."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from shuke.ground import mirror

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from shuke.ground.mirror import Moment, News
    from shuke.kit.db import Tx


async def _members(tx: Tx, news: Sequence[News]) -> Mapping[str, list[Any]]:
    """New members and those whose joining date changed or who were merged or parted again, as they are now."""
    seqs: dict[int, int] = {}
    for one in news:
        if (
            one.kind in ("members_merged", "members_unmerged")
            or one.payload.get("new")
            or "joined_at" in one.payload["attributes"]
        ):
            seqs[one.payload["member_id"]] = one.seq
    rows = await tx.rows(
        "select member_id, joined_at, merged_into from member where merchant_id = %(merchant_id)s "
        "and member_id = any(%(ids)s::bigint[]) order by member_id",
        ids=list(seqs),
    )
    return {
        "member": [row.member_id for row in rows],
        "seq": [seqs[row.member_id] for row in rows],
        "idx": [0] * len(rows),
        "joined_at": [row.joined_at or mirror.ALWAYS for row in rows],
        "gone": [int(row.merged_into is not None) for row in rows],
    }


async def _attributes(_: Tx, news: Sequence[News]) -> Mapping[str, list[Any]]:
    """Changes of facts as they were announced: they hold from their date, or for all time."""
    made = mirror.AttributeRows()
    for one in news:
        at = one.payload.get("at")
        for n, (name, value) in enumerate(one.payload["attributes"].items()):
            if name != "joined_at":
                made.add(name, one.payload["member_id"], mirror.instant(at), (one.seq, n), value)
    return made.columns


async def _deleted(_: Tx, news: Sequence[News]) -> Mapping[str, list[Any]]:
    """An attribute that was given up has no value from then on."""
    made = mirror.AttributeRows()
    for one in news:
        for n, member_id in enumerate(one.payload["member_ids"]):
            made.add(one.payload["name"], member_id, mirror.instant(one.payload["at"]), (one.seq, n), None)
    return made.columns


async def _consents(_: Tx, news: Sequence[News]) -> Mapping[str, list[Any]]:
    made = mirror.AttributeRows()
    for one in news:
        given = one.payload
        name = f"consent.{given['channel']}"
        made.add(name, given["member_id"], mirror.instant(given["at"]), (one.seq, 0), given["given"])
    return made.columns


def _joined(rows: Sequence[Mapping[str, Any]], _: Moment, __: dict[str, Any]) -> Any:
    latest = max(rows, key=lambda row: row["seq"])["joined_at"]
    return None if latest in (None, mirror.ALWAYS) else latest


JOINED_AT = mirror.Attribute(
    "joined_at", "instant", ("入会时间", "Joined"), table="members", fold=_joined,
    value=lambda *_: "nullIf(argMaxIf(joined_at, seq, «rows»), toDateTime64(0, 6, 'UTC'))",
)  # fmt: skip

DECLARED = (
    JOINED_AT,
    mirror.Attribute(
        "gender",
        "text",
        ("性别", "Gender"),
        words={"female": ("女", "female"), "male": ("男", "male"), "other": ("其他", "other")},
    ),
    mirror.Attribute("city", "text", ("城市", "City")),
    mirror.Attribute("birthday", "day", ("生日", "Birthday")),
    mirror.Attribute("consent.sms", "flag", ("同意短信", "Consent to SMS")),
    mirror.Attribute("consent.wechat", "flag", ("同意微信", "Consent to WeChat")),
    mirror.Attribute("consent.email", "flag", ("同意邮件", "Consent to e-mail")),
    mirror.Attribute("consent.inbox", "flag", ("同意站内信", "Consent to inbox messages")),
    mirror.Attribute("consent.phone", "flag", ("同意电话", "Consent to calls")),
    mirror.Source(("member_changed", "members_merged", "members_unmerged"), "members", _members),
    mirror.Source(("member_changed",), "attributes", _attributes),
    mirror.Source(("attribute_deleted",), "attributes", _deleted),
    mirror.Source(("consent_changed",), "attributes", _consents),
    mirror.Redirect("members_merged", "member_id", "into_id"),
    mirror.Redirect("members_unmerged", "member_id", "into_id", back=True),
)
