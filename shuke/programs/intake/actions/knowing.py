"""What live rules ask about the members of a batch: in the locked round trip, and only when a rule asks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from shuke.ground import ingestion
from shuke.kit import clock
from shuke.kit.db import Tx
from shuke.programs import earning
from shuke.programs.intake import policy
from shuke.programs.intake.actions.batch import Statement


def asking(
    context: policy.Context, items: Sequence[ingestion.Item], open_items: Sequence[int], member_of: Mapping[int, int]
) -> list[Statement]:
    """Statements to send after the one that locks the accounts; none when no live rule asks for more than the order."""
    asks = context.asks
    if not (asks.needs or asks.limited):
        return []
    chosen = [index for index in open_items if index in member_of and context.earns(items[index])]
    if not chosen:
        return []
    members = sorted({member_of[index] for index in chosen})
    found = earning.asking(asks.needs, members, min(items[index].occurred_at for index in chosen))
    keys = _counters(context, [(member_of[index], items[index]) for index in chosen]) if asks.limited else []
    return [*found, earning.locking(keys)]


def _counters(context: policy.Context, items: Sequence[tuple[int, ingestion.Item]]) -> list[Any]:
    """The counters that these items may touch."""
    zone, day_start = context.merchant.zone, context.merchant.day_start_minutes
    bases = []
    for member_id, item in items:
        day = clock.business_date(item.occurred_at, zone, day_start)
        if isinstance(item, ingestion.EventIn):
            bases.append((member_id, policy.event_basis(context, item, day)))
        else:
            bases.append((member_id, earning.Basis(occurred_at=item.occurred_at, zone=context.zone, day=day)))
    return earning.wanted_counters(context.rules, bases)


async def know(
    tx: Tx, context: policy.Context, state: policy.State, members: Sequence[int], answers: Sequence[Any]
) -> None:
    """Fold the answers to `asking` into the state."""
    rows = [await answer.fetchall() for answer in answers]
    state.counters = earning.counters_of(rows.pop())
    state.known = earning.known_of(context.asks.needs, members, rows)
    await earning.add_segments(tx, context.asks.needs, state.known)
