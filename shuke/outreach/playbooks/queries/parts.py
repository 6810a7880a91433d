"""Questions about playbooks: what one would create, and what it has created."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

import msgspec

from shuke.assets import points, rewards
from shuke.kit import errors
from shuke.kit.db import Tx
from shuke.kit.kinds import Sentence
from shuke.outreach.playbooks.books import BOOKS
from shuke.outreach.playbooks.policy import Book
from shuke.outreach.playbooks.queries import audience
from shuke.programs import earning, missions, referrals, tiers

What = Literal["tiers", "rule", "check_in", "mission", "referral", "lifecycle", "segment", "tag", "journey"]
OWN = Sentence("你已经有自己的设置，保留不动", "You have your own already; it stays")
USED = Sentence("已经在用，保留不动", "In use; it stays")


class NoSuchBook(errors.NotFound):
    """There is no playbook "{code}"."""

    code = "no_such_playbook"
    zh = "没有「{code}」这个行业方案。"
    cure = "Choose one of those in the list."
    cure_zh = "请从列表里选一个。"

    def __init__(self, code: str) -> None:
        errors.Refused.__init__(self, code=code)


class PartShape(msgspec.Struct, frozen=True, kw_only=True):
    """One thing of a playbook. States: new (installing creates it), own (you have your own), installed, used (and cannot be
    removed any more)."""

    part: str
    what: What
    name: Sentence
    words: list[Sentence]
    state: str
    ref_id: int | None
    note: Sentence | None


def get_book(code: str) -> Book:
    """The playbook of that code; refuses an unknown one."""
    found = BOOKS.get(code)
    if found is None:
        raise NoSuchBook(code)
    return found


class Installed(msgspec.Struct, frozen=True):
    """One thing that a playbook has made."""

    part: str
    ref_id: int
    at: datetime


async def installed(tx: Tx, book: str) -> dict[str, Installed]:
    """What a playbook has made here and is still there, by part."""
    rows = await tx.rows(
        "select part, ref_id, at from playbook_part where merchant_id = %(merchant_id)s and book = %(book)s "
        "and state = 'installed'",
        book=book,
    )
    return {row.part: Installed(*row) for row in rows}


async def books_installed(tx: Tx) -> dict[str, int]:
    """How many things each playbook has made here."""
    rows = await tx.rows(
        "select book, count(*)::bigint as n from playbook_part where merchant_id = %(merchant_id)s and state = 'installed' "
        "group by book"
    )
    return {row.book: row.n for row in rows}


async def preview(tx: Tx, book: Book) -> list[PartShape]:
    """Every thing of a playbook: whether installing creates it, it stands already, or the merchant has one of their own."""
    have = await audience.here(tx)
    held = await installed(tx, book.code)
    for part in audience.gone({part: one.ref_id for part, one in held.items()}, have):
        del held[part]
    theirs = audience.own(book, held, have)
    if "lifecycle" in theirs:  # other limits by now: no longer the playbook's
        held.pop("lifecycle", None)
    own = await _own(tx) | theirs
    used = await _used(tx, held) | await audience.used(tx, book, {part: one.ref_id for part, one in held.items()}, have)
    listed = [*_parts(book), *audience.parts(book, have.ready)]
    return [_shape(part, what, name, words, (held, own, used)) for part, what, name, words in listed]


def _shape(
    part: str, what: What, name: Sentence, words: list[Sentence],
    known: tuple[dict[str, Installed], set[str], set[str]],
) -> PartShape:  # fmt: skip
    held, own, used = known
    state = ("used" if part in used else "installed") if part in held else "own" if own & {part, what} else "new"
    return PartShape(
        part=part, what=what, name=name, words=words, state=state, ref_id=held[part].ref_id if part in held else None,
        note=OWN if state == "own" else USED if state == "used" else None,
    )  # fmt: skip


def _parts(book: Book) -> list[tuple[str, What, Sentence, list[Sentence]]]:
    found: list[tuple[str, What, Sentence, list[Sentence]]] = [
        ("tiers", "tiers", Sentence("会员等级", "Tiers"), [_rung(book, one) for one in book.levels])
    ]
    for rule in book.rules:
        words = earning.sentence(rule.kind, rule.params, rule.conditions)
        found.append((f"rule:{rule.key}", "rule", rule.name, [words]))
    found.append(("check_in", "check_in", Sentence("每日签到", "Daily check-in"), _check_in(book.check_in)))
    for mission in book.missions:
        found.append((f"mission:{mission.key}", "mission", mission.name, [rewards.sentence(mission.plan.rewards)]))
    found.append(("referral", "referral", Sentence("推荐有礼", "Referrals"), _referral(book.referral)))
    return found


def _rung(book: Book, rung: tiers.Level) -> Sentence:
    unit = {
        "amount": ("元", "yuan"),
        "points": ("积分", "points"),
        "orders": ("单", "orders"),
        "visits": ("天到店", "visits"),
    }
    size = rung.threshold // 100 if book.terms.by == "amount" else rung.threshold
    zh, en = unit[book.terms.by]
    if rung.threshold == 0:
        return Sentence(f"{rung.name}：人人从这里开始", f"{rung.name_en}: where everybody begins")
    brings = tiers.benefit_words(rung)
    told_zh, told_en = "、".join(one.zh for one in brings), ", ".join(one.en for one in brings)
    return Sentence(
        f"{rung.name}：满 {size:,} {zh}{'，' + told_zh if told_zh else ''}",
        f"{rung.name_en}: from {size:,} {en}{', ' + told_en if told_en else ''}",
    )


def _check_in(plan: missions.Plan) -> list[Sentence]:
    daily = rewards.sentence(plan.rewards)
    told = [Sentence(f"每天送 {daily.zh}", f"{daily.en} a day")]
    for one in plan.milestones:
        more = rewards.sentence(one.rewards)
        told.append(Sentence(f"连续第 {one.day} 天再送 {more.zh}", f"{more.en} more on day {one.day} in a row"))
    return told


def _referral(plan: referrals.Plan) -> list[Sentence]:
    one, two = rewards.sentence(plan.referrer_rewards), rewards.sentence(plan.friend_rewards)
    days = plan.return_days
    return [
        Sentence(
            f"推荐人得 {one.zh}，好友得 {two.zh}，好友首单过了 {days} 天退货期后发放",
            f"{one.en} for the member, {two.en} for the friend, {days} days after the friend's first order",
        )
    ]


async def _own(tx: Tx) -> set[str]:
    """What the merchant has made of the kinds that stand once."""
    own = set()
    if len(await tiers.ladder(tx)) > 1:
        own.add("tiers")
    if await missions.is_open(tx):
        own.add("check_in")
    if await referrals.is_open(tx):
        own.add("referral")
    return own


async def _used(tx: Tx, held: dict[str, Installed]) -> set[str]:
    """The installed parts that members have come to hold something by."""
    rules = {one.ref_id: part for part, one in held.items() if part.startswith("rule:")}
    used = {rules[number] for number in await points.rules_booked(tx, sorted(rules))}
    done = await missions.begun(tx)
    used |= {part for part, one in held.items() if part.startswith("mission:") and one.ref_id in done}
    if "tiers" in held:
        rungs = await tiers.ladder(tx)
        counts = await tiers.members_by_level(tx)
        if any(n for level, n in counts.items() if level != rungs[0].level):
            used.add("tiers")
    if "check_in" in held and await missions.checked_in_since(tx, held["check_in"].at):
        used.add("check_in")
    if "referral" in held and await referrals.any_since(tx, held["referral"].at):
        used.add("referral")
    return used
