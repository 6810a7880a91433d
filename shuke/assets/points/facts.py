"""What the mirror may copy of points: every change of a lot and every hold, so that balances hold for any instant."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from shuke.ground import mirror, tenancy

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

_GRANTED = """
select e.member_id, e.wallet, e.type, e.effective_at, l.active_from, l.expires_at, l.granted as points, e.batch_id, l.lot_id
from entry e join lot l on l.merchant_id = e.merchant_id and l.member_id = e.member_id and l.entry_id = e.entry_id
where e.merchant_id = %(merchant_id)s and e.batch_id = any(%(batches)s::bigint[])
"""
_USED = """
select e.member_id, e.wallet, e.type, e.effective_at, l.active_from, l.expires_at, -c.points as points, e.batch_id, l.lot_id
from entry e join consumption c on c.merchant_id = e.merchant_id and c.member_id = e.member_id and c.entry_id = e.entry_id
join lot l on l.merchant_id = c.merchant_id and l.member_id = c.member_id and l.lot_id = c.lot_id
where e.merchant_id = %(merchant_id)s and e.batch_id = any(%(batches)s::bigint[])
"""
_ENTRIES = """
select e.member_id, e.wallet, e.type, e.effective_at, e.points, e.batch_id, e.entry_id from entry e
where e.merchant_id = %(merchant_id)s and e.batch_id = any(%(batches)s::bigint[]) order by e.batch_id, e.entry_id
"""


async def _moves(tx: Tx, news: Sequence[News]) -> Mapping[str, list[Any]]:
    """What each entry of the announced transactions granted to lots or took from them."""
    seqs = {one.batch_id: one.seq for one in news}
    found = [*await tx.rows(_GRANTED, batches=list(seqs)), *await tx.rows(_USED, batches=list(seqs))]
    found.sort(key=lambda row: (seqs[row.batch_id], row.lot_id))
    return {
        "member": [row.member_id for row in found],
        "seq": [seqs[row.batch_id] for row in found],
        "idx": list(range(len(found))),
        "wallet": [row.wallet for row in found],
        "kind": [row.type for row in found],
        "effective_at": [row.effective_at for row in found],
        "active_from": [row.active_from for row in found],
        "expires_at": [row.expires_at or FAR for row in found],
        "points": [row.points for row in found],
    }


async def _moved(tx: Tx, news: Sequence[News]) -> Mapping[str, list[Any]]:
    """Every entry as an event."""
    seqs = {one.batch_id: one.seq for one in news}
    merchant = await tenancy.get_merchant(tx)
    made = mirror.EventRows(merchant.zone, merchant.day_start_minutes)
    for n, row in enumerate(await tx.rows(_ENTRIES, batches=list(seqs))):
        made.add(
            "points_moved", row.member_id, row.effective_at, (seqs[row.batch_id], n),
            {"points": row.points, "type": row.type, "wallet": row.wallet},
        )  # fmt: skip
        if row.type in ("redeem", "capture"):
            made.add("redeem", row.member_id, row.effective_at, (seqs[row.batch_id], n), {"points": -row.points})
    return made.columns


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
    mirror.Source(("points_posted",), "events", _moved),
)  # fmt: skip
