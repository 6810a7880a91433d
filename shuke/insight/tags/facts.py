"""What the mirror may copy of tags: for each tag and group, since when a member wears it, as dated changes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from shuke.ground import mirror

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from shuke.ground.mirror import News
    from shuke.kit.db import Tx

_CHANGES = """
select c.act_id, 'tag:' || t.slug as name, c.member_id, c.at, case when c.change = 'added' then c.since end as since
from tag_change c join tag t on t.merchant_id = c.merchant_id and t.tag_id = c.tag_id
where c.merchant_id = %(merchant_id)s and c.act_id = any(%(acts)s::bigint[]) and c.change <> 'renewed'
union all
select s.act_id, 'tag_group:' || g.slug, s.member_id, s.at, s.since
from tag_group_spell s join tag_group g on g.merchant_id = s.merchant_id and g.group_id = s.group_id
where s.merchant_id = %(merchant_id)s and s.act_id = any(%(acts)s::bigint[])
order by act_id, name, member_id
"""


async def _tags(tx: Tx, news: Sequence[News]) -> Mapping[str, list[Any]]:
    told = {one.payload["act_id"]: one.seq for one in news}
    made = mirror.AttributeRows()
    places: dict[tuple[int, str], int] = {}  # of one act, one member has each name once
    for row in await tx.rows(_CHANGES, acts=list(told)):
        place = places.setdefault((row.act_id, row.name), len(places))
        made.add(row.name, row.member_id, row.at, (told[row.act_id], place), row.since)
    return made.columns


DECLARED = (mirror.Source(("tags_changed",), "attributes", _tags),)
