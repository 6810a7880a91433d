"""Why a movement happened, as a sentence: the ledger keeps reasons as data, and whoever gave one explains it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from shuke.assets.points.policy import TakenBack
from shuke.kit.kinds import Sentence

Explains = Callable[[dict[str, Any]], Sentence]

_TYPES = {
    "earn": Sentence("赚取", "Earned"),
    "bonus": Sentence("加赠", "Bonus"),
    "import": Sentence("导入", "Imported"),
    "adjust": Sentence("调整", "Adjusted"),
    "redeem": Sentence("使用", "Spent"),
    "capture": Sentence("扣除", "Captured"),
    "expire": Sentence("过期", "Expired"),
    "clawback": Sentence("退款追回", "Taken back after a refund"),
    "restore": Sentence("退款退还", "Given back after a refund"),
    "transfer": Sentence("转赠", "Transferred"),
    "merge": Sentence("会员合并", "Members merged"),
    "activate": Sentence("生效", "Became usable"),
}

ENTRY_TYPES = tuple(_TYPES)


def _expired(why: dict[str, Any]) -> Sentence:
    day = str(why.get("earned_at", ""))[:10]
    return Sentence(f"{day} 获得的积分到期未用", f"Earned on {day} and not used in time")


def _merged(why: dict[str, Any]) -> Sentence:
    return Sentence(
        f"会员 {why['from']} 合并到会员 {why['into']}", f"Member {why['from']} merged into member {why['into']}"
    )


def _unmerged(why: dict[str, Any]) -> Sentence:
    old, heir, moved, back = why["from"], why["into"], why["moved"], why["back"]
    zh, en = f"撤销会员 {old} 到会员 {heir} 的合并", f"The merge of member {old} into member {heir} was undone"
    if moved == back:
        return Sentence(f"{zh}：{back} 全部退回", f"{en}: all {back} came back")
    return Sentence(
        f"{zh}：转来的 {moved} 退回 {back}，其余 {moved - back} 已用掉、过期或冻结，留在会员 {heir} 名下",
        f"{en}: {back} of {moved} came back; {moved - back} were spent, ran out or are held, and stay with member {heir}",
    )


def _held(why: dict[str, Any]) -> Sentence:
    return Sentence(why["note"] or "冻结", why["note"] or "Held")


def _transferred(why: dict[str, Any]) -> Sentence:
    zh, en = f"会员 {why['from']} 转赠给会员 {why['to']}", f"Member {why['from']} gave to member {why['to']}"
    return Sentence(f"{zh}：{why['note']}", f"{en}: {why['note']}") if why.get("note") else Sentence(zh, en)


_REASONS: dict[str, Explains] = {
    "expire": _expired, "hold": _held, "merge": _merged, "unmerge": _unmerged, "transfer": _transferred,
}  # fmt: skip


def explained_by(reasons: Mapping[str, Explains]) -> None:
    """Who gives points under a kind of reason says here how to put it in words; once, where the room is imported."""
    _REASONS.update(reasons)


def explain(why: dict[str, Any], type: str = "") -> Sentence:
    """The sentence of a stored reason in both languages; the plain name of the type where nobody explains it."""
    if "zh" in why:
        told = Sentence(why["zh"], why.get("en", why["zh"]))
    else:
        found = _REASONS.get(why.get("kind", ""))
        told = found(why) if found is not None else _TYPES.get(type, Sentence(type, type))
    if "short" not in why:
        return told
    rest = rest_of(TakenBack(**why["short"]))
    return Sentence(f"{told.zh}；{rest.zh}", f"{told.en}; {rest.en}")


def rest_of(taken: TakenBack) -> Sentence:
    """What became of the part of a take-back that the lots did not have."""
    missing, zh, en = taken.missing, [], []
    if taken.debt:
        zh.append(f"{taken.debt} 分记为欠分")
        en.append(f"{taken.debt} are owed")
    if taken.offset_fen:
        zh.append(f"{taken.forgiven} 分折成 {taken.offset_fen / 100:.2f} 元从退款里扣")
        en.append(f"{taken.forgiven} come off the refund as {taken.offset_fen / 100:.2f} yuan")
    elif taken.forgiven:
        zh.append(f"{taken.forgiven} 分不再追")
        en.append(f"{taken.forgiven} are let go")
    return Sentence(f"其中 {missing} 分收不回，{'，'.join(zh)}", f"{missing} could not be taken: {', '.join(en)}")
