"""What the auditor compares in SQL: every check lists the places where the ledger contradicts itself, hopefully none."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import msgspec

from shuke.kit.kinds import Sentence

if TYPE_CHECKING:
    from shuke.kit.db import Tx

NAMED = 50


class Difference(msgspec.Struct, frozen=True, kw_only=True):
    """One contradiction: which check, where (member and subject), what should be and what is."""

    check: str
    zh: str
    en: str
    member_id: int | None = None
    subject: str = ""
    expected: int | None = None
    found: int | None = None


class Check(NamedTuple):
    """One invariant; its statement gives member_id, subject, expected, found for every place that breaks it."""

    code: str
    says: Sentence
    sql: str


_ENTRY_SUMS = """
  select e.entry_id, e.member_id, e.wallet, e.type, e.points, e.debt_change,
    coalesce(g.granted, 0) as granted, coalesce(c.consumed, 0) as consumed
  from entry e
  left join (select l.entry_id, sum(l.granted) as granted from lot l
    where l.merchant_id = %(merchant_id)s group by 1) g on g.entry_id = e.entry_id
  left join (select c.entry_id, sum(c.points) as consumed from consumption c
    where c.merchant_id = %(merchant_id)s group by 1) c on c.entry_id = e.entry_id
  where e.merchant_id = %(merchant_id)s
"""

CHECKS = (
    Check("balance_is_fold", Sentence("账户余额应等于全部流水之和",
        "the cached balance is the sum of the entries"), """
select coalesce(a.member_id, e.member_id) as member_id, coalesce(a.wallet, e.wallet) as subject,
  coalesce(e.points, 0) as expected, coalesce(a.balance, 0) as found
from (select * from account where merchant_id = %(merchant_id)s) a
full join (select member_id, wallet, sum(points) as points from entry where merchant_id = %(merchant_id)s group by 1, 2) e
  on e.member_id = a.member_id and e.wallet = a.wallet
where coalesce(a.balance, 0) <> coalesce(e.points, 0)"""),
    Check("debt_is_fold", Sentence("欠分应等于流水里欠分变化之和",
        "the cached debt is the sum of the changes of debt"), """
select a.member_id, a.wallet as subject, coalesce(e.debt, 0) as expected, a.debt as found from account a
left join (select member_id, wallet, sum(debt_change) as debt from entry
  where merchant_id = %(merchant_id)s and debt_change <> 0 group by 1, 2) e
  on e.member_id = a.member_id and e.wallet = a.wallet
where a.merchant_id = %(merchant_id)s and a.debt <> coalesce(e.debt, 0)"""),
    Check("balance_is_parts", Sentence("余额应等于各批次剩余减去欠分",
        "the balance is what remains in the lots less the debt"), """
select a.member_id, a.wallet as subject, coalesce(l.remaining, 0) - a.debt as expected, a.balance as found from account a
left join (select member_id, wallet, sum(remaining) as remaining from lot
  where merchant_id = %(merchant_id)s and remaining > 0 group by 1, 2) l
  on l.member_id = a.member_id and l.wallet = a.wallet
where a.merchant_id = %(merchant_id)s and a.balance <> coalesce(l.remaining, 0) - a.debt"""),
    Check("lot_remaining", Sentence("批次剩余应等于发放减去消耗加上返还",
        "a lot's remainder is granted less consumed plus restored"), """
select l.member_id, 'lot ' || l.lot_id as subject, l.granted - coalesce(c.points, 0) as expected, l.remaining as found
from lot l left join (select member_id, lot_id, sum(points) as points from consumption
  where merchant_id = %(merchant_id)s group by 1, 2) c on c.member_id = l.member_id and c.lot_id = l.lot_id
where l.merchant_id = %(merchant_id)s
  and (l.remaining <> l.granted - coalesce(c.points, 0) or l.remaining < 0 or l.remaining > l.granted)"""),
    Check("entry_is_parts", Sentence("每条流水应等于它发放的批次减去消耗、减去欠分变化",
        "every entry is what it granted less what it consumed less its change of debt"), f"""
select s.member_id, 'entry ' || s.entry_id as subject, s.granted - s.consumed - s.debt_change as expected, s.points as found
from ({_ENTRY_SUMS}) s where s.points <> s.granted - s.consumed - s.debt_change"""),
    Check("taken_back_at_most_given", Sentence("收回的积分不应超过当初发放",
        "what is taken back is at most what was given"), """
select o.member_id, 'entry ' || o.entry_id as subject, o.points as expected, b.points as found
from (select of_entry_id, -sum(points) as points from entry
  where merchant_id = %(merchant_id)s and type = 'clawback' and of_entry_id is not null group by 1) b
join entry o on o.merchant_id = %(merchant_id)s and o.entry_id = b.of_entry_id where b.points > o.points"""),
    Check("given_back_at_most_spent", Sentence("返还的积分不应超过当初花费",
        "what is restored is at most what was spent"), """
select o.member_id, 'entry ' || o.entry_id as subject, -o.points as expected, b.points as found
from (select of_entry_id, sum(points) as points from entry
  where merchant_id = %(merchant_id)s and type = 'restore' and of_entry_id is not null group by 1) b
join entry o on o.merchant_id = %(merchant_id)s and o.entry_id = b.of_entry_id where b.points > -o.points"""),
    Check("keys_are_unique", Sentence("同一个键只应有一条流水",
        "no two entries share a key"), """
select min(member_id) as member_id, key as subject, 1 as expected, count(*) as found from entry
where merchant_id = %(merchant_id)s group by key having count(*) > 1"""),
    Check("spent_within_life", Sentence("积分只能在有效期内花费",
        "points are spent within their lot's life"), """
select c.member_id, 'entry ' || c.entry_id || ' lot ' || c.lot_id as subject, 0 as expected, c.points as found
from consumption c
join entry e on e.merchant_id = %(merchant_id)s and e.entry_id = c.entry_id
join lot l on l.merchant_id = %(merchant_id)s and l.member_id = c.member_id and l.lot_id = c.lot_id
where c.merchant_id = %(merchant_id)s and c.points > 0 and (
  (e.type in ('redeem', 'transfer') and (e.effective_at < l.active_from or e.effective_at >= l.expires_at))
  or (e.type = 'expire' and (l.expires_at is null or e.effective_at < l.expires_at)))"""),
    Check("nothing_hangs_loose", Sentence("消耗和批次都应有自己的流水",
        "every consumption and every lot has its entry and its account"), """
select c.member_id, 'consumption of entry ' || c.entry_id as subject, 1 as expected, 0 as found from consumption c
where c.merchant_id = %(merchant_id)s and not exists (select from entry e where e.merchant_id = %(merchant_id)s
  and e.entry_id = c.entry_id and e.member_id = c.member_id)
union all
select c.member_id, 'consumption of lot ' || c.lot_id, 1, 0 from consumption c
where c.merchant_id = %(merchant_id)s and not exists (select from lot l where l.merchant_id = %(merchant_id)s
  and l.member_id = c.member_id and l.lot_id = c.lot_id)
union all
select l.member_id, 'lot ' || l.lot_id, 1, 0 from lot l
where l.merchant_id = %(merchant_id)s and not exists (select from entry e where e.merchant_id = %(merchant_id)s
  and e.entry_id = l.entry_id and e.member_id = l.member_id and e.wallet = l.wallet)"""),
    Check("held_is_open_holds", Sentence("冻结的积分应等于未结束的冻结之和",
        "the cached held points are the sum of the open holds"), """
select a.member_id, a.wallet as subject, coalesce(h.points, 0) as expected, a.held as found from account a
left join (select member_id, wallet, sum(points) as points from hold
  where merchant_id = %(merchant_id)s and state = 'open' group by 1, 2) h on h.member_id = a.member_id and h.wallet = a.wallet
where a.merchant_id = %(merchant_id)s and a.held <> coalesce(h.points, 0)
union all
select h.member_id, 'hold ' || h.hold_id, h.points, (select coalesce(sum((p.value ->> 1)::bigint), 0)
  from jsonb_array_elements(h.lots) p) from hold h
where h.merchant_id = %(merchant_id)s and h.points <> (select coalesce(sum((p.value ->> 1)::bigint), 0)
  from jsonb_array_elements(h.lots) p)"""),
    Check("moves_net_to_zero", Sentence("转赠与合并一进一出应相抵",
        "transfers and merges net to zero"), """
select min(e.member_id) as member_id, e.type || ' in batch ' || e.batch_id as subject, 0 as expected, sum(e.points) as found
from entry e where e.merchant_id = %(merchant_id)s and e.type in ('transfer', 'merge')
group by e.type, e.batch_id having sum(e.points) <> 0"""),
    Check("log_is_dense", Sentence("公告日志的序号应连续无缺",
        "the log's numbers run without a gap up to its head"), """
select null::bigint as member_id, 'outbox' as subject, h.seq as expected, o.n as found
from merchant_head h, (select count(*) as n, coalesce(max(seq), 0) as last from outbox where merchant_id = %(merchant_id)s) o
where h.merchant_id = %(merchant_id)s and (h.seq <> o.n or h.seq <> o.last)"""),
)  # fmt: skip


async def differences(tx: Tx, check: Check) -> tuple[int, list[Difference]]:
    """How many places break this check, and the first of them by name."""
    rows = await tx.rows(
        f"select d.*, count(*) over () as total from ({check.sql}) d order by 1 nulls first, 2 limit {NAMED}"
    )
    named = [
        Difference(
            check=check.code, zh=check.says.zh, en=check.says.en, member_id=row.member_id, subject=row.subject,
            expected=_whole(row.expected), found=_whole(row.found),
        )
        for row in rows
    ]  # fmt: skip
    return (rows[0].total if rows else 0), named


def _whole(value: object) -> int | None:
    return None if value is None else int(value)  # type: ignore[call-overload]


_TOTALS = """
select e.wallet, count(*)::bigint as entries,
  coalesce(sum(e.points) filter (where e.type in ('earn', 'bonus', 'import')
    or (e.type = 'adjust' and e.points > 0)), 0)::bigint as earned,
  coalesce(-sum(e.points) filter (where e.type in ('redeem', 'capture', 'restore')
    or (e.type = 'adjust' and e.points < 0)), 0)::bigint as spent,
  coalesce(-sum(e.points) filter (where e.type = 'expire'), 0)::bigint as expired,
  coalesce(-sum(e.points) filter (where e.type = 'clawback'), 0)::bigint as clawed_back,
  coalesce(sum(e.points), 0)::bigint as outstanding
from entry e where e.merchant_id = %(merchant_id)s group by 1 order by 1
"""


async def totals(tx: Tx) -> dict[str, dict[str, int]]:
    """Per wallet: earned, spent (net of what came back), expired, clawed back, outstanding, members, entries."""
    members = {
        row.wallet: row.n
        for row in await tx.rows(
            "select wallet, count(*)::bigint as n from account where merchant_id = %(merchant_id)s group by 1"
        )
    }
    found = {row.wallet: row._asdict() for row in await tx.rows(_TOTALS)}
    empty = dict.fromkeys(("entries", "earned", "spent", "expired", "clawed_back", "outstanding"), 0)
    result = {}
    for wallet in sorted(members.keys() | found.keys() | {"points"}):
        sums = {name: found.get(wallet, empty)[name] for name in empty}
        result[wallet] = {**sums, "members": members.get(wallet, 0)}
    return result
