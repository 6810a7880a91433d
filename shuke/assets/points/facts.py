"""What the mirror may copy of points: every change of a lot and every hold, so that balances hold for any instant."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from shuke.ground import mirror, tenancy
from shuke.kit.db import Kind

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from shuke.ground.mirror import Moment, News
    from shuke.kit.db import Tx

FAR = datetime(2262, 1, 1, tzinfo=UTC)  # a lot that never runs out
MOVES = mirror.Table(
    "points_moves",
    (mirror.Column("wallet", "word"), mirror.Column("kind", "word"), mirror.Column("effective_at", "instant"),
     mirror.Column("active_from", "instant"), mirror.Column("expires_at", "instant"), mirror.Column("points", "whole")),
    orders=(("member",),), moves=False,
)  # fmt: skip

# Batch by batch: a planner that takes its choice reads the whole ledger instead (a tenth of a second at 20,000 entries).
_OF_BATCHES = """
from unnest(%(batches)s::bigint[], %(seqs)s::bigint[]) as n(batch_id, seq) cross join lateral (
    select b.* from entry b where b.merchant_id = %(merchant_id)s and b.batch_id = n.batch_id offset 0
) e
"""
_MOVED = f"""
select m.*, row_number() over (order by m.seq, m.lot_id, m.points) - 1 as idx from (
    select e.member_id as member, n.seq, l.lot_id, e.wallet, e.type as kind, e.effective_at, l.active_from,
        coalesce(l.expires_at, %(far)s) as expires_at, l.granted as points
    {_OF_BATCHES} join lot l on l.merchant_id = e.merchant_id and l.member_id = e.member_id and l.entry_id = e.entry_id
    union all
    select e.member_id, n.seq, l.lot_id, e.wallet, e.type, e.effective_at, l.active_from, coalesce(l.expires_at, %(far)s), -c.points
    {_OF_BATCHES}
    join consumption c on c.merchant_id = e.merchant_id and c.member_id = e.member_id and c.entry_id = e.entry_id
    join lot l on l.merchant_id = c.merchant_id and l.member_id = c.member_id and l.lot_id = c.lot_id
) m
"""
_MOVED_KINDS: dict[str, Kind] = {
    "member": "whole", "seq": "whole", "idx": "whole", "wallet": "text", "kind": "text", "effective_at": "instant",
    "active_from": "instant", "expires_at": "instant", "points": "whole",
}  # fmt: skip
# What a hold sets aside is not free until it is over: the announcement itself says from which lots, and since when.
_HELD = """
select m.*, row_number() over (order by m.seq, m.lot_id, m.points) - 1 as idx from (
    select l.member_id as member, o.seq, l.lot_id, l.wallet, 'hold' as kind, (p.value ->> 3)::timestamptz as effective_at,
        l.active_from, coalesce(l.expires_at, %(far)s) as expires_at, (p.value ->> 2)::bigint as points
    from unnest(%(seqs)s::bigint[]) as n(seq)
    join outbox o on o.merchant_id = %(merchant_id)s and o.seq = n.seq
    cross join lateral jsonb_array_elements(o.payload -> 'parts') as p
    join lot l on l.merchant_id = %(merchant_id)s and l.member_id = (p.value ->> 0)::bigint
        and l.lot_id = (p.value ->> 1)::bigint
) m
"""
_ENTRIES = f"""
select e.member_id as member, n.seq, row_number() over (order by n.seq, e.entry_id) - 1 as idx, e.effective_at as at,
    (e.effective_at at time zone %(zone)s - make_interval(mins => %(day_start)s::int))::date as day,
    extract(isodow from e.effective_at at time zone %(zone)s) as weekday,
    extract(hour from e.effective_at at time zone %(zone)s) as hour, e.points, e.type, e.wallet
{_OF_BATCHES}
"""
_ENTRY_KINDS: dict[str, Kind] = {
    "member": "whole", "seq": "whole", "idx": "whole", "at": "instant", "day": "day", "weekday": "whole", "hour": "whole",
    "points": "whole", "type": "text", "wallet": "text",
}  # fmt: skip
_SPENT = f"{_ENTRIES} where e.type in ('redeem', 'capture')"


def _asked(news: Sequence[News]) -> dict[str, Any]:
    return {"batches": [one.batch_id for one in news], "seqs": [one.seq for one in news]}


async def _moves(tx: Tx, news: Sequence[News]) -> Mapping[str, Any]:
    """What each entry of the announced transactions granted to lots or took from them."""
    return await tx.columns(_MOVED, _MOVED_KINDS, **_asked(news), far=FAR)


async def _held(tx: Tx, news: Sequence[News]) -> Mapping[str, Any]:
    """What holds set aside in lots, and what came free again."""
    return await tx.columns(_HELD, _MOVED_KINDS, seqs=[one.seq for one in news], far=FAR)


async def _moved(tx: Tx, news: Sequence[News]) -> list[Mapping[str, Any]]:
    """Every entry as an event, and what was spent once more as an event of its own."""
    merchant = await tenancy.get_merchant(tx)
    asked = {**_asked(news), "zone": merchant.zone, "day_start": merchant.day_start_minutes}
    made: list[Mapping[str, Any]] = []
    for kind, sql in (("points_moved", _ENTRIES), ("redeem", _SPENT)):
        columns: dict[str, Any] = dict(await tx.columns(sql, _ENTRY_KINDS, **asked))
        points, texts = columns.pop("points"), {name: columns.pop(name) for name in ("type", "wallet")}
        spent = kind == "redeem"
        own = {"texts": {} if spent else texts, "numbers": {"points": -points if spent else points}}
        made.append(columns | own | {"kind": kind, "store": "", "channel": ""})
    return made


def _summed(
    name: str, title: tuple[str, str], inside: Callable[[Moment, dict[str, Any]], str],
    counts: Callable[[Mapping[str, Any], Moment, dict[str, Any]], bool], arguments: Mapping[str, str] | None = None,
    wallet: str = "points",
) -> mirror.Attribute:  # fmt: skip
    """A sum of points over rows of one wallet that had taken effect."""

    def fold(rows: Sequence[Mapping[str, Any]], moment: Moment, given: dict[str, Any]) -> int:
        known = [row for row in rows if row["effective_at"] <= moment.as_of and row["wallet"] == wallet]
        return sum(row["points"] for row in known if counts(row, moment, given))

    return mirror.Attribute(
        name, "number", title, table="points_moves", none=0, arguments=arguments or {}, fold=fold,
        filter=lambda moment, given: f"wallet = {mirror.quote(wallet)} AND {inside(moment, given)}",
        value=lambda *_: "sumIf(points, «rows»)",
    )  # fmt: skip


def _affords(
    title: tuple[str, str], arguments: Mapping[str, str], price: Callable[[Moment, dict[str, Any]], int | None],
    other: mirror.Attribute | None = None,
) -> mirror.Attribute:  # fmt: skip
    """Whether what can be spent now pays so many points; what has no price nobody can pay."""

    def fold(rows: Sequence[Mapping[str, Any]], moment: Moment, given: dict[str, Any]) -> bool:
        known = [row for row in rows if row["effective_at"] <= moment.as_of and row["wallet"] == "points"]
        wanted = price(moment, given)
        return wanted is not None and sum(row["points"] for row in known if _is_usable(row, moment)) >= wanted

    def value(moment: Moment, given: dict[str, Any]) -> str:
        wanted = price(moment, given)
        return "(count() < 0)" if wanted is None else f"(sumIf(points, «rows») >= {int(wanted)})"

    return mirror.Attribute(
        "points.affords", "flag", title, table="points_moves", none=False, arguments=arguments, fold=fold, other=other,
        filter=lambda moment, given: f"wallet = 'points' AND {_usable(moment, given)}", value=value,
    )  # fmt: skip


def _usable(moment: Moment, _: dict[str, Any]) -> str:
    return f"active_from <= {moment.instant_sql} AND expires_at > {moment.instant_sql}"


def _expiring(moment: Moment, given: dict[str, Any]) -> str:
    end = mirror.instant_literal(moment.until(given["within"]))
    return f"{_usable(moment, given)} AND expires_at <= {end}"


def _is_usable(row: Mapping[str, Any], moment: Moment) -> bool:
    return row["active_from"] <= moment.as_of < row["expires_at"]


DECLARED = (
    MOVES,
    _summed("points.available", ("可用积分", "Points available"), _usable, lambda row, m, _: _is_usable(row, m)),
    _affords(
        ("积分够付 {points}", "Has enough to pay {points} points"), {"points": "number"}, lambda _, given: given["points"],
        other=_affords(
            ("积分够换「{reward}」", 'Has enough points for "{reward}"'), {"reward": "offer"},
            lambda moment, given: moment.prices.get(given["reward"]),
        ),
    ),
    _summed(
        "points.pending", ("待生效积分", "Points pending"), lambda m, _: f"active_from > {m.instant_sql}",
        lambda row, m, _: row["active_from"] > m.as_of,
    ),
    _summed(
        "points.expiring", ("即将过期积分", "Points running out"), _expiring,
        lambda row, m, given: _is_usable(row, m) and row["expires_at"] <= m.until(given["within"]),
        {"within": "duration"},
    ),
    _summed(
        "points.earned_total", ("累计获得积分", "Points earned in total"), lambda *_: "kind IN ('earn', 'bonus') AND points > 0",
        lambda row, *_: row["kind"] in ("earn", "bonus") and row["points"] > 0,
    ),
    mirror.behaviour(
        "points_moved", ("积分变动", "had points moved"),
        {"points": ("number", "积分", "Points"), "type": ("text", "类型", "Type"), "wallet": ("text", "账户", "Wallet")},
    ),
    mirror.behaviour("redeem", ("用积分", "spent points"), {"points": ("number", "积分", "Points")}),
    mirror.Source(("points_posted",), "points_moves", _moves),
    mirror.Source(("points_held",), "points_moves", _held),
    mirror.Source(("points_posted",), "events", _moved),
)  # fmt: skip
